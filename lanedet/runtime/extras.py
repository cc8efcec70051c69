"""Packages that not every installation has."""

from collections.abc import Iterator
from contextlib import contextmanager

RUNTIMES = ("torch", "onnxruntime", "openvino", "tensorrt")
"""Names of what runs networks: those of the packages that they are imported from."""


@contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Say what to install where an import in the block finds nothing.

    Args:
        what: What needs it, the beginning of the message.
        extra: The extra of this package that brings it.

    Raises:
        ValueError: In place of a ModuleNotFoundError.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{what} needs {error.name}, which is not installed: "
            f"pip install 'lanedet[{extra}]'."
        ) from error
