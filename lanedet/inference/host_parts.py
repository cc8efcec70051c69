"""What of a detector runs outside of its network: the view, and the last decoding.

It is the same whatever runs the network, and made of the description in a file's
metadata without the network's framework.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from numpy.typing import NDArray

from lanedet.formats.models import READINGS
from lanedet.ops import (
    ComponentLaneDecoder,
    DecodedLane,
    LaneDecoder,
    LetterboxView,
    LineDecoder,
    StretchView,
    View,
    ViewTransform,
)

Readings = Mapping[str, NDArray[Any]]
"""What left a network's graph, by name; the first axis of each is the batch."""

Decoder = LaneDecoder | ComponentLaneDecoder | LineDecoder

_VIEWS = {view.__name__: view for view in (LetterboxView, StretchView)}
_DECODERS = {each.__name__: each for each in (LaneDecoder, ComponentLaneDecoder)}
_LINE_NAMES = ("num_slots", "min_score", "min_distance")
_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError)


@dataclass(frozen=True)
class HostParts:
    """The parts of one detector."""

    view: View
    """How images become network inputs."""

    decoder: Decoder
    """What makes lanes of readings."""

    num_slots: int
    """Number of slots K in which lanes are named."""

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> Self:
        """Return the parts of a described detector.

        Args:
            description: As ``lanedet.models.describe_model`` returns it, of a stranger
                perhaps: only the classes that are listed here are made.

        Raises:
            ValueError: If it is none of a detector, or an argument in it is outside
                its range.
        """
        try:
            view = _made(_VIEWS, description["view"])
            head = description["head"]
            if head["type"] == "LineHead":
                named = {name: head[name] for name in _LINE_NAMES if name in head}
                lines = LineDecoder(**named)
                return cls(view, lines, lines.num_slots)
            decoder = _made(_DECODERS, head.get("decoder") or {"type": "LaneDecoder"})
            return cls(view, decoder, int(decoder.max_lanes or head["num_lanes"]))
        except _UNFIT as error:
            reason = f"{type(error).__name__}: {error}"
            raise ValueError(
                f"The description of the model does not fit: {reason:.200}"
            ) from error

    def check_kind(self, kind: str) -> None:
        """Raise ValueError unless the decoder makes lanes of readings of a kind.

        Args:
            kind: One of :data:`~lanedet.formats.models.READINGS`.
        """
        kinds = self.decoder.reads
        if kind not in kinds:
            raise ValueError(
                f"A {type(self.decoder).__name__} reads {' or '.join(kinds)}, got a "
                f"network that gives {kind}. Export it again."
            )

    def lanes(
        self, kind: str, readings: Readings, view: ViewTransform
    ) -> list[DecodedLane]:
        """Return the lanes of one image.

        Args:
            kind: Of the readings, one of :data:`~lanedet.formats.models.READINGS`.
            readings: Of the image alone, without the axis of the batch.
            view: How the network input was made of it.

        Raises:
            ValueError: If the readings are not those of this detector.
        """
        arrays = [readings[name] for name in READINGS[kind]]
        decode: Any = self.decoder
        if kind == "rows":
            decode = self.decoder.read_rows  # type: ignore[union-attr]
        lanes: list[DecodedLane] = decode(*arrays, view)
        return lanes


def _made(classes: Mapping[str, Any], part: Mapping[str, Any]) -> Any:
    """Return an object of one of the classes, as a description says."""
    arguments = {name: value for name, value in part.items() if name != "type"}
    return classes[part["type"]](**arguments)
