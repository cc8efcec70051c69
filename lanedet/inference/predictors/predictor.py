"""What a runtime must do."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.formats.models import ExportFacts, ModelMetadata
from lanedet.inference.host_parts import HostParts, Readings

if TYPE_CHECKING:
    from torch import Tensor


class Insight(Protocol):
    """What looks into a network: at its stages and its layers."""

    def energies(
        self, images: ByteArray, stages: Sequence[str] | None
    ) -> "dict[str, Tensor]":
        """Return the energy of stages by name, (B, h, w) float32 on the CPU.

        Args:
            images: Network inputs (B, H, W, 3) uint8, RGB.
            stages: Names of the backbone's stages; those of its encoder if not given.

        Raises:
            ValueError: If there is no such stage.
        """

    def pixel_attention(
        self, images: ByteArray, pixel: tuple[float, float]
    ) -> "dict[str, Tensor]":
        """Return with which weights a pixel looks at others, (heads, h, w) by layer.

        Args:
            images: A network input, (1, H, W, 3) uint8, RGB.
            pixel: (x, y) in it.

        Raises:
            ValueError: As :func:`~lanedet.models.pixel_attention` says.
        """


class Predictor(Protocol):
    """A network in a runtime: pictures in, what lanes are made of out."""

    parts: HostParts
    """What runs outside of the network."""

    kind: str
    """Kind of the readings, one of :data:`~lanedet.formats.models.READINGS`."""

    device: str
    """What computes, as the runtime calls it: ``cpu`` for a CPU."""

    runtime: str
    """Name and version of the runtime."""

    @property
    def insight(self) -> Insight | None:
        """Looks into the network; None for an exported one, which has no stages."""

    def read(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        """Return the readings of a batch.

        Several threads may call it at once inside :meth:`concurrent`.

        Args:
            images: Network inputs (B, H, W, 3) uint8, RGB, B at least 1.
            place: (top, bottom, left, right) of the images in them, bottom and right
                exclusive, (4,).

        Returns:
            Arrays by the names that the kind has, B first.
        """

    def concurrent(self, num_calls: int) -> AbstractContextManager[Callable[[], None]]:
        """Let so many threads of the caller read at once, on a core each.

        Yields:
            What each of these threads must call first.
        """


def read_in_batches(
    read: Callable[[ByteArray], Readings], images: ByteArray, size: int
) -> Readings:
    """Return the readings of images (B, H, W, 3) of a network that takes ``size``.

    Black images fill the last batch.

    Raises:
        ValueError: If a reading is not one of each image.
    """
    parts: list[Readings] = []
    for begin in range(0, len(images), size):
        batch = images[begin : begin + size]
        missing = size - len(batch)
        if missing:
            batch = np.pad(batch, ((0, missing), (0, 0), (0, 0), (0, 0)))
        readings = read(batch)
        for name, array in readings.items():
            if array.shape[:1] != (size,):
                raise ValueError(
                    f"{name} must be of {size} images, got the shape {array.shape}: "
                    "the graph is not that of its metadata. Export it again."
                )
        parts.append(readings)
    return {
        name: np.concatenate([part[name] for part in parts])[: len(images)]
        for name in parts[0]
    }


def check_ports(
    path: Path, facts: ExportFacts, inputs: dict[str, Any], outputs: list[str]
) -> None:
    """Raise ValueError unless a graph has the inputs and outputs of its kind.

    Args:
        path: Of its file, for the error message.
        facts: What the file's metadata say.
        inputs: Shapes of the inputs by name; of ``images`` all but the batch must be
            known.
        outputs: Names of the outputs.
    """
    if not {"images"} <= inputs.keys() <= {"images", "place"} or sorted(
        outputs
    ) != sorted(facts.outputs):
        raise ValueError(
            f"{str(path)!r} must take images and place and give "
            f"{', '.join(facts.outputs)}, as its metadata say, got a graph that takes "
            f"{', '.join(inputs)} and gives {', '.join(outputs)}. Export it again."
        )


def check_input_shape(path: Path, parts: HostParts, shape: tuple[Any, ...]) -> None:
    """Raise ValueError unless a graph takes the images that its view makes.

    Args:
        path: Of its file, for the error message.
        parts: Parts that the file's metadata describe.
        shape: Of the graph's ``images``, (B, H, W, 3).
    """
    expected = (*parts.view.input_shape, 3)
    if tuple(shape[1:]) != expected:
        raise ValueError(
            f"{str(path)!r} must take images of (H, W, 3) = {expected}, as its "
            f"metadata say, got a graph for {tuple(shape[1:])}. Export it again."
        )


def check_batch(path: Path, facts: ExportFacts, size: Any) -> None:
    """Raise ValueError if a graph takes another number of images than its file says.

    Args:
        path: Of its file, for the error message.
        facts: What the file's metadata say.
        size: First length of the graph's ``images``: a number if it is fixed.
    """
    if isinstance(size, int) and size != facts.batch:
        raise ValueError(
            f"{str(path)!r} must take {facts.batch or 'any number of'} images at once, "
            f"as its metadata say, got a graph for {size}. Export it again."
        )


def check_slots(
    path: Path, metadata: ModelMetadata, outputs: Mapping[str, tuple[Any, ...]]
) -> None:
    """Raise ValueError if a graph gives readings of other slots than its file says.

    Args:
        path: Of its file, for the error message.
        metadata: What the file says.
        outputs: Shapes of the outputs by name, (B, ...); lengths that a graph leaves
            open are no numbers, or negative.
    """
    if metadata.facts.readings == "lines":  # of which any number may be lanes
        return
    expected = metadata.description["head"].get("num_lanes")
    for name, shape in outputs.items():
        number = shape[1] if len(shape) > 1 else None
        if isinstance(number, int) and number >= 0 and number != expected:
            raise ValueError(
                f"{str(path)!r} must give {name} of {f'{expected!r}':.40} slots, as "
                f"its metadata say, got a graph for {number}. Export it again."
            )


def open_metadata(path: Path, texts: dict[str, str]) -> tuple[ModelMetadata, HostParts]:
    """Return what a file's texts say, and the parts that they describe.

    Raises:
        ValueError: If they are not those of a file that ``lanedet export`` wrote.
    """
    metadata = ModelMetadata.read(texts, path)
    try:
        parts = HostParts.from_description(metadata.description)
        parts.check_kind(metadata.facts.readings)
    except ValueError as error:
        raise ValueError(f"{str(path)!r} cannot be used: {error}") from error
    return metadata, parts


def check_file(path: Path) -> None:
    """Raise FileNotFoundError, with what to do, if there is no such file."""
    if not path.is_file():
        raise FileNotFoundError(
            f"No model at {str(path)!r}. Check the path, or write one with "
            "lanedet export."
        )
