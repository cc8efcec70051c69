"""What one frame's lanes say about the driving.

:class:`~lanedet.video.DrivingMonitor` finds it out; logs and overlays report it.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["left", "right"]
Curvature = Literal["left", "right", "straight"]


@dataclass(frozen=True)
class DepartureEvent:
    """The driver leaves the middle of the lane, to drift or to change lanes."""

    kind: Side
    """The side to which."""

    time_s: float
    """When it began. It is reported a little later, once it has lasted."""

    frame: int
    """The frame in which it began."""

    offset_share: float
    """Offset in that frame, as in :class:`DrivingState`."""


@dataclass(frozen=True)
class DrivingState:
    """What the lanes of one frame say. None is what they do not."""

    ego_left: int | None
    """Which lane of the sample is the left line of the driver's own lane."""

    ego_right: int | None
    """Which one is the right line."""

    offset_share: float | None
    """How far the camera (the vehicle's middle, where calibrated) is to the right of
    the lane's middle, as a share of the lane's width: at 0.5 it is over the right line,
    at -0.5 over the left."""

    offset_m: float | None
    """The same in metres. None without a calibration."""

    lane_width_m: float | None
    """Width of the own lane in metres. None without a calibration."""

    curvature: Curvature | None
    """Where the road bends to: on its plane where calibrated, else in the image."""

    radius_m: float | None
    """Radius of the bend. None without a calibration, and where the road is straight:
    above about 2,000 m."""

    departure: Side | None
    """The side of a departure that goes on."""

    events: tuple[DepartureEvent, ...]
    """Departures that are reported with this frame."""
