"""A frame with all that was found out about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lanedet.arrays import FloatArray
from lanedet.structures import DrivingState, LaneSample
from lanedet.video.source import VideoFrame


@dataclass(frozen=True, slots=True)
class AnnotatedFrame:
    """A frame on its way from the network to the files."""

    frame: VideoFrame
    """As it came from the source."""

    sample: LaneSample
    """Its lanes, tracked or not."""

    state: DrivingState
    """What they say about the driving."""

    run_time_ms: float
    """Time that the network took for it."""

    attention: Mapping[str, FloatArray] = field(default_factory=dict)
    """Attention maps (H, W) over the frame by stage, if they were asked for."""
