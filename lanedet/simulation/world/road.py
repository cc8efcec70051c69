"""The road: its shape in plan and height, its markings and its pavement."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.outline import Outlines
from lanedet.simulation.world.pattern import Pattern


@dataclass(frozen=True)
class Wave:
    """One sine of a :class:`Profile`, all in metres but the phase."""

    amplitude_m: float
    length_m: float
    phase_rad: float

    def slope(self, station_m: float) -> float:
        """Return the slope at a station, in metres per metre."""
        factor = 2 * math.pi / self.length_m
        cosine = math.cos(factor * station_m + self.phase_rad)
        return self.amplitude_m * factor * cosine


@dataclass(frozen=True)
class Profile:
    """A smooth curve over the station: a sum of waves.

    It serves as the road's course in plan (metres to the right) and as its height
    (metres up). Unlike a clothoid it goes on for ever, so a drive never runs out.
    """

    waves: tuple[Wave, ...] = ()

    def slope(self, station_m: float) -> float:
        """Return the curve's slope at a station, in metres per metre."""
        return sum(wave.slope(station_m) for wave in self.waves)

    def seen_from(self, station_m: float, ahead_m: FloatArray | float) -> FloatArray:
        """Return how far the curve leaves its tangent, in metres.

        Args:
            station_m: Where the tangent is taken.
            ahead_m: Distances ahead of there, any shape.
        """
        total = np.zeros(np.shape(ahead_m))
        for wave in self.waves:
            factor = 2 * math.pi / wave.length_m
            angle = factor * station_m + wave.phase_rad
            start = wave.amplitude_m * math.sin(angle)
            curve = wave.amplitude_m * np.sin(factor * ahead_m + angle)
            total += curve - (start + wave.slope(station_m) * ahead_m)
        return total


@dataclass(frozen=True)
class Stripe:
    """One painted stripe.

    Attributes:
        lateral_m: Its middle.
        width_m: Its width.
        pattern: How paint alternates along it.
        phase_m: Shift of the pattern along the road.
        color: RGB in [0, 255].
        opacity: How well the paint covers, 0 to 1.
        wear: Share of the paint that has flaked off, 0 to 1.
        gap: Stations between which nothing is painted, as at a zebra crossing.
    """

    lateral_m: float
    width_m: float
    pattern: Pattern
    phase_m: float
    color: Color
    opacity: float
    wear: float
    gap: tuple[float, float] | None = None


@dataclass(frozen=True)
class Taper:
    """A line's move sideways, as where a lane begins or ends.

    Attributes:
        start_m: Station where the move begins.
        length_m: Length of the move.
        before_m: How far to the right of its place the line lies before.
        after_m: How far it lies to the right afterwards.
    """

    start_m: float
    length_m: float
    before_m: float
    after_m: float

    def at(self, station_m: FloatArray | float) -> FloatArray:
        """Return how far the line lies to the right at stations of any shape."""
        part = np.clip((station_m - self.start_m) / self.length_m, 0, 1)
        smooth = part * part * (3 - 2 * part)
        return np.asarray(self.before_m + (self.after_m - self.before_m) * smooth)


@dataclass(frozen=True)
class LaneLine:
    """One marking that bounds a lane: one stripe, or two of a double marking.

    Attributes:
        lateral_m: The middle, which is where the label runs.
        stripes: What is painted; nothing, where a lane is known by other signs.
        start_m: Station where the line begins.
        end_m: Station where it ends.
        taper: Where it moves sideways, or None.
    """

    lateral_m: float
    stripes: tuple[Stripe, ...]
    start_m: float = -math.inf
    end_m: float = math.inf
    taper: Taper | None = None

    def lateral_at(self, station_m: FloatArray | float) -> FloatArray | float:
        """Return where its middle lies at stations of any shape."""
        if self.taper is None:
            return self.lateral_m
        return self.lateral_m + self.taper.at(station_m)


@dataclass(frozen=True)
class Decal:
    """A flat figure on the road: arrow, zebra crossing, patch, crack, tyre mark.

    Attributes:
        outlines: Polygons of (station, lateral) in metres. Long ones need a corner
            every few metres, for the road bends.
        color: RGB in [0, 255].
        opacity: How well it covers what lies below, 0 to 1.
        wear: Share of it that has flaked off, 0 to 1.
    """

    outlines: Outlines
    color: Color
    opacity: float
    wear: float = 0.0


@dataclass(frozen=True)
class Crossroad:
    """A place where another road crosses: no lane line is painted there.

    Attributes:
        start_m: Station where it begins.
        length_m: Its extent along the road, with the pedestrians' crossings.
        near_m: Metres of it before the other carriageway.
        far_m: Metres of it behind the other carriageway.
        radius_m: Radius of the corners between both carriageways.
        gain: Brightness of the other carriageway against this one's shoulder.
    """

    start_m: float
    length_m: float
    near_m: float = 0.0
    far_m: float = 0.0
    radius_m: float = 0.0
    gain: float = 1.0

    @property
    def carriageway_m(self) -> tuple[float, float]:
        """Stations between which the other road's carriageway lies."""
        return self.start_m + self.near_m, self.start_m + self.length_m - self.far_m

    def holds(
        self, station_m: NDArray[np.floating] | float, margin_m: float = 0.0
    ) -> NDArray[np.bool_]:
        """Return which stations lie in it or at most a margin away."""
        from_start = station_m - self.start_m
        return np.asarray(
            (from_start > -margin_m) & (from_start < self.length_m + margin_m)
        )


@dataclass(frozen=True)
class Ramp:
    """An exit that leaves the road, or an entry that joins it.

    Attributes:
        taper: How far its outer edge lies beside the road's, to the right: negative
            on the left.
        width_m: Width of its pavement.
        side: -1 to the left of the road, 1 to the right.
    """

    taper: Taper
    width_m: float
    side: int = 1


@dataclass(frozen=True)
class Seam:
    """A narrow strip of another brightness along the road: joint, crack filler."""

    lateral_m: float
    width_m: float
    gain: float


@dataclass(frozen=True)
class Pavement:
    """The paved strip.

    Attributes:
        left_m: Left edge.
        right_m: Right edge.
        color: RGB in [0, 255] of the lanes.
        shoulder_gain: Brightness outside the outermost markings against the lanes.
        track_gain: Brightness of tyre tracks against the lanes.
        oil_gain: Brightness of the middle of each lane against the lanes.
        lane_gains: Brightness of each lane, left to right.
        grain: Contrast of the texture, in shares of the brightness.
        patchiness: Contrast of the large blotches.
        joint_spacing_m: Distance between transverse joints; 0 for none.
        seams: Longitudinal joints and repaired cracks.
        streaks: Contrast of the fine lines along the road that brushing the concrete
            and many tyres leave.
    """

    left_m: float
    right_m: float
    color: Color
    shoulder_gain: float
    track_gain: float
    oil_gain: float
    lane_gains: tuple[float, ...]
    grain: float
    patchiness: float
    joint_spacing_m: float
    seams: tuple[Seam, ...]
    streaks: float = 0.0


@dataclass(frozen=True)
class Road:
    """A road.

    Attributes:
        course: Its reference line in plan.
        hills: Its height.
        lines: Markings from left to right.
        pavement: What they are painted on.
        stains: Figures under the markings: patches, cracks, tyre marks.
        ghosts: Stripes that bound no lane: removed markings, gutters.
        figures: Painted figures: arrows, letters, zebra crossings.
        crossroad: Where another road crosses, or None.
        ramp: Where an exit leaves or an entry joins, or None.
        ramp_lines: Painted lines that no label follows: those of the ramp.
    """

    course: Profile
    hills: Profile
    lines: tuple[LaneLine, ...]
    pavement: Pavement
    stains: tuple[Decal, ...] = ()
    ghosts: tuple[Stripe, ...] = ()
    figures: tuple[Decal, ...] = ()
    crossroad: Crossroad | None = None
    ramp: Ramp | None = None
    ramp_lines: tuple[LaneLine, ...] = ()

    def edge_shift(self, side: int, station_m: FloatArray | float) -> FloatArray:
        """Return how far to the right what stands beside the road makes room.

        Args:
            side: -1 for what stands to the left, 1 to the right.
            station_m: Where along the road, any shape.

        Returns:
            Metres, negative to the left, of the stations' shape.
        """
        if self.ramp is None or self.ramp.side != side:
            return np.zeros(np.shape(station_m))
        return self.ramp.taper.at(station_m)
