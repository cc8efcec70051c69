"""What to do about a label that cannot be read."""

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

OnError = Literal["raise", "skip"]
_NUM_SHOWN = 5
_LONGEST_VALUE = 60  # characters

_repr = reprlib.Repr()
_repr.maxlevel = 3
_repr.maxstring = _repr.maxlong = _repr.maxother = _LONGEST_VALUE


def short(value: Any) -> str:
    """Return how a value of a label reads in a message, at most 60 characters.

    Of one that is nested, however deep, the outer levels alone are looked at.
    """
    text = _repr.repr(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:57]}..."


class LabelError(ValueError):
    """A label file breaks its format; the message names file and line."""


class LabelFaults:
    """Stop at the first broken label, or leave broken ones out, count and report.

    A broken label never becomes an empty one: the frame is left out as a whole.

    Args:
        on_error: ``"raise"`` to stop, ``"skip"`` to go on.

    Attributes:
        messages: What was wrong with each label that was left out.

    Raises:
        ValueError: If ``on_error`` is neither.

    Example:
        >>> faults = LabelFaults("skip")
        >>> for line in ("1", "x"):
        ...     with faults.allow():
        ...         if not line.isdigit():
        ...             raise LabelError(f"labels.txt:2: {line!r} is no number.")
        >>> faults.messages
        ["labels.txt:2: 'x' is no number."]
    """

    def __init__(self, on_error: OnError = "raise") -> None:
        if on_error not in ("raise", "skip"):
            raise ValueError(f"on_error must be 'raise' or 'skip', got {on_error!r}.")
        self.on_error = on_error
        self.messages: list[str] = []

    @contextmanager
    def allow(self) -> Iterator[None]:
        """Within it, note a :class:`LabelError` if ``on_error`` is ``"skip"``."""
        try:
            yield
        except LabelError as error:
            if self.on_error == "raise":
                raise
            self.messages.append(str(error))

    def summary(self) -> str:
        """Return how many labels were left out and the first of them, "" of none."""
        if not self.messages:
            return ""
        shown = "\n".join(f"  {message}" for message in self.messages[:_NUM_SHOWN])
        return (
            f"Left out {len(self.messages)} broken labels (on_error='skip'):\n{shown}"
        )
