"""Probability maps to polylines.

The rule of the SAD paper (section 4, after SCNN) is: smooth each lane's map, take the
most probable column of every few rows, keep those that are probable enough. Its mean
over a square moves the last rows of a slanted lane along its slope, as it sees rows on
one side only, and lanes flare at both ends. So the map is read as it is, unless the
paper's rule is asked for, and a row that holds only a part of the lane is completed
(:mod:`lanedet.ops.strokes`).

Three more things are added to both. The column is the middle of the run on which it
lies: a sure network's map is flat across the lane, and its largest value anywhere on
it. And a lane is one piece: where a map answers in several places, as it does while a
car changes lanes and slots change their meaning, only the longest piece is kept. A lane
that has left the picture on its way down does not come back into it: what a map has
below is a faint echo of the next lane, there in one frame and gone in the other. And,
if asked for, the piece is made as stiff as painted lines are.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.ops.bounds import MAX_INPUT_SIDE, check_count, check_window
from lanedet.ops.straighten import straighten
from lanedet.ops.strokes import RowRuns, highest_runs, stroke_centres
from lanedet.ops.view import ViewTransform

_END_POINTS = 3  # before the last one, over which a lane's last direction is taken
_RIGHT_ANGLE_DEG = 90.0
_TURN_WINDOW = 0.06  # share of the image height over which a direction is taken


class DecodedLane(NamedTuple):
    """A lane found in a probability map."""

    points: FloatArray
    """(N, 2), bottom to top, in pixels of the original image."""

    score: float
    """Mean probability along the lane, in [0, 1]."""

    slot: int
    """Slot in [0, K), see :mod:`lanedet.ops.lane_slots`."""


class LaneDecoder:
    """Read lanes off the probability maps of a segmentation head.

    Args:
        threshold: Smallest probability of a point, in (0, 1).
        existence_threshold: Smallest existence of a slot, in [0, 1].
        smoothing: Side of the square mean filter of the paper's rule, in input pixels,
            odd, at most 1023; the paper has 9. Lanes narrower than it fade, and flare
            at their ends. None reads the map as it is and completes the rows at a
            lane's ends.
        row_step: Distance of the sampled rows, in input pixels.
        max_gap: Largest gap inside one lane, as a share of the image height.
        max_slope: Largest sideways step of one lane, in columns per row. Flatter
            lanes than 1 in 10 are not seen from behind a windscreen.
        max_turn_deg: Largest change of direction of one lane, between the 6 % of the
            image height before a point and the 6 % after it, in degrees. Real lanes
            bend sharply at crests, so that only a reversal tells of another lane.
        min_height: Smallest vertical extent of a lane, as a share of the image height.
        stiffness: How far wobbles along a lane are evened out, see
            :func:`~lanedet.ops.straighten.straighten`. 0 leaves the points where the
            map has them, as the paper does.

    Raises:
        ValueError: If an argument is outside its range.
    """

    reads: ClassVar[tuple[str, ...]] = ("rows", "maps")
    """Kinds of a network's readings that it makes lanes of, the shortest first."""

    max_lanes: int | None = None
    """Most lanes of one image; None says that each of the maps may have one."""

    def __init__(  # noqa: PLR0913 - the knobs of the rule, by keyword only
        self,
        *,
        threshold: float = 0.3,
        existence_threshold: float = 0.5,
        smoothing: int | None = None,
        row_step: int = 4,
        max_gap: float = 0.25,
        max_slope: float = 10.0,
        max_turn_deg: float = 115.0,
        min_height: float = 0.05,
        stiffness: float = 0.0,
    ) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie in (0, 1), got {threshold}.")
        if not 0 <= existence_threshold <= 1:
            raise ValueError(
                f"existence_threshold must lie in [0, 1], got {existence_threshold}."
            )
        if smoothing is not None:
            check_window("smoothing", smoothing)
        check_count("row_step", row_step, MAX_INPUT_SIDE)
        if not (0 <= max_gap <= 1 and 0 <= min_height <= 1):
            raise ValueError(
                "max_gap and min_height must lie in [0, 1], "
                f"got {max_gap} and {min_height}."
            )
        if not (max_slope > 0 and max_turn_deg > 0):
            raise ValueError(
                "max_slope and max_turn_deg must be positive, "
                f"got {max_slope} and {max_turn_deg}."
            )
        if not 0 <= stiffness <= 1:
            raise ValueError(f"stiffness must lie in [0, 1], got {stiffness}.")
        self.threshold = threshold
        self.existence_threshold = existence_threshold
        self.smoothing = smoothing
        self.row_step = row_step
        self.max_gap = max_gap
        self.max_slope = max_slope
        self.max_turn_deg = max_turn_deg
        self.min_height = min_height
        self.stiffness = stiffness

    def __call__(
        self,
        lane_probs: NDArray[np.float32],
        existence: NDArray[np.float32],
        view: ViewTransform,
    ) -> list[DecodedLane]:
        """Return the lanes of one image, leftmost slot first.

        Args:
            lane_probs: Probability of each lane at each input pixel, (K, H, W),
                float32 in [0, 1], background left out.
            existence: Probability that each slot holds a lane, (K,), in [0, 1].
            view: How the input was made; its ``input_shape`` is (H, W).

        Raises:
            ValueError: If the maps do not have the shape of the view's input, or there
                is not one existence per map.
        """
        if lane_probs.shape[1:] != view.input_shape:
            raise ValueError(
                f"lane_probs must cover the network input {view.input_shape}, "
                f"got shape {lane_probs.shape}."
            )
        if existence.shape != lane_probs.shape[:1]:
            raise ValueError(
                f"existence must have one value per map ({len(lane_probs)}), "
                f"got shape {existence.shape}."
            )
        top, bottom, left, right = view.place
        lanes = []
        for slot in self._existing(existence):
            lane_map = lane_probs[slot, top:bottom, left:right]
            is_probable = _Reached(lane_map, self.threshold)
            found = self._trace(self._read(lane_map), is_probable, lane_map.shape)
            if found is not None:
                lanes.append(self._placed(*found, int(slot), view))
        return lanes

    def read_rows(
        self,
        rows: NDArray[np.float32],
        lane_bits: NDArray[np.uint8],
        existence: NDArray[np.float32],
        view: ViewTransform,
    ) -> list[DecodedLane]:
        """Return the lanes of one image of what was read off its maps elsewhere.

        An exported network reads its own maps
        (:class:`~lanedet.models.heads.row_reader.RowReader`), so that they need not
        leave it.

        Args:
            rows: Of every ``row_step``-th row, from the lowest of the view's place
                upwards: column of the left edge of the run around the largest value,
                column of the right edge, and that value; (K, R, 3) float32. Columns are
                those of the network input. What is above the place is not read.
            lane_bits: Which pixels of the maps reach the threshold, (K, H, ceil(W / 8))
                uint8, as ``np.packbits`` packs them.
            existence: Probability that each slot holds a lane, (K,), in [0, 1].
            view: How the input was made; its ``input_shape`` is (H, W).

        Raises:
            ValueError: If the arrays have other shapes than these.
        """
        num_lanes, (height, width) = len(existence), view.input_shape
        num_rows = -(-height // self.row_step)
        shapes = (num_lanes, num_rows, 3), (num_lanes, height, -(-width // 8))
        if (rows.shape, lane_bits.shape) != shapes:
            raise ValueError(
                f"rows and lane_bits of {num_lanes} slots and a network input of "
                f"{view.input_shape} must have shapes {shapes[0]} and {shapes[1]}, got "
                f"{rows.shape} and {lane_bits.shape}."
            )
        top, bottom, left, right = view.place
        shape = bottom - top, right - left
        numbers = np.arange(shape[0] - 1, -1, -self.row_step)
        slots = self._existing(existence)
        existing = np.moveaxis(rows[slots, : len(numbers)], -1, 0)
        first, last = existing[:2].astype(np.float64) - left
        peaks = existing[2]
        is_high = peaks >= self.threshold
        lanes = []
        for number, slot in enumerate(slots):
            each = RowRuns(numbers, first[number], last[number], peaks[number])
            runs = each.select(_which(is_high[number]))
            found = self._trace(runs, _Bits(lane_bits[slot], top, left), shape)
            if found is not None:
                lanes.append(self._placed(*found, int(slot), view))
        return lanes

    def _existing(self, existence: NDArray[np.float32]) -> NDArray[np.int64]:
        return np.flatnonzero(existence >= self.existence_threshold)

    def _placed(
        self,
        points: FloatArray,
        probs: NDArray[np.float32],
        slot: int,
        view: ViewTransform,
    ) -> DecodedLane:
        """Return a lane in the original image, of its points in the view's place."""
        top, bottom, left, _ = view.place
        placed = straighten(points, self.stiffness, bottom - top)
        placed = placed + np.array([left, top])
        return DecodedLane(view.to_original(placed), float(probs.mean()), slot)

    def _read(self, lane_map: NDArray[np.float32]) -> RowRuns:
        """Return the runs of a map (h, w), from its lowest row upwards."""
        if self.smoothing is not None:
            # Replicated borders: a lane does not fade where the image ends.
            window = (self.smoothing, self.smoothing)
            lane_map = cv2.blur(lane_map, window, borderType=cv2.BORDER_REPLICATE)
        rows = np.arange(len(lane_map) - 1, -1, -self.row_step)
        runs = highest_runs(lane_map[rows], self.threshold)
        return runs._replace(rows=rows[runs.rows])

    def _trace(
        self, runs: RowRuns, is_probable: "_IsProbable", shape: tuple[int, int]
    ) -> tuple[FloatArray, NDArray[np.float32]] | None:
        """Return the points (N, 2) of a map's lane and their probabilities (N,).

        Args:
            runs: Runs of the map, from its lowest row upwards.
            is_probable: Says which of its pixels reach the threshold.
            shape: (h, w) of the map.
        """
        _, width = shape
        points = np.empty((len(runs.rows), 2))
        points[:, 0], points[:, 1] = runs.middle, runs.rows
        piece = self._longest_piece(points, runs, shape)
        if piece is None:
            return None
        # Dashes end where rows between two of their runs are missing.
        numbers = (runs.rows[0] - runs.rows) // self.row_step
        runs, points = runs._replace(rows=numbers).select(piece), points[piece]
        if self.smoothing is not None:
            return points, runs.peak
        points[:, 0], is_lane = stroke_centres(runs, width, self.row_step)
        if np.count_nonzero(is_lane) < 2:
            return None
        points = points[is_lane]
        begin = self._end_beyond(points[_END_POINTS::-1], is_probable, shape)
        end = self._end_beyond(points[-_END_POINTS - 1 :], is_probable, shape)
        if begin or end:
            points = np.array([*begin, *points.tolist(), *end])
        return points, runs.peak[is_lane]

    def _end_beyond(
        self, points: FloatArray, is_probable: "_IsProbable", shape: tuple[int, int]
    ) -> list[tuple[float, float]]:
        """Return where a lane ends between the last sampled row and the next.

        Args:
            points: (N, 2), N > 1, the last points of the lane, its end last.
            is_probable: Says which pixels of its map reach the threshold.
            shape: (h, w) of the map.

        Returns:
            One point, or none where it ends on the last row.
        """
        first_x, first_y = points[0].tolist()
        last_x, last_y = points[-1].tolist()
        slope = (last_x - first_x) / (last_y - first_y)
        step = 1 if last_y > first_y else -1
        height, width = shape
        ends: list[tuple[float, float]] = []
        for away in range(step, step * self.row_step, step):
            row, x = int(last_y) + away, last_x + away * slope
            if not (0 <= row < height and 0 <= round(x) < width):
                break
            if not is_probable(row, round(x)):
                break
            ends = [(x, row)]
        return ends

    def _longest_piece(
        self, points: FloatArray, runs: RowRuns, shape: tuple[int, int]
    ) -> slice | None:
        """Return which points are one lane, None if too few.

        Args:
            points: (N, 2), bottom to top, the middles of ``runs``.
            runs: Of the map.
            shape: (h, w) of the map.
        """
        if len(points) < 2:
            return None
        image_height, width = shape
        across, up = np.abs(points[1:] - points[:-1]).T
        is_break = across > self.max_slope * up
        if up.max() > self.row_step:  # else no row between two of them is missing
            has_left = _has_left(points, runs.is_cut(width), width)
            max_up = max(self.row_step, self.max_gap * image_height)
            is_break |= (up > max_up) | (has_left & (up > self.row_step))
        window = max(1, round(_TURN_WINDOW * image_height / self.row_step))
        turns = _turns_deg(points, window, self.max_turn_deg)
        if turns is not None:
            is_break |= turns[1:] > self.max_turn_deg
        start, stop = 0, len(points)
        if is_break.any():
            edges = [0, *(np.flatnonzero(is_break) + 1).tolist(), len(points)]
            start, stop = max(pairwise(edges), key=lambda edge: edge[1] - edge[0])
        extent = float(points[start, 1] - points[stop - 1, 1])
        if stop - start < 2 or extent < self.min_height * image_height:
            return None
        return slice(start, stop)


class _IsProbable(Protocol):
    """Whether a pixel of a map reaches the threshold."""

    def __call__(self, row: int, column: int) -> bool: ...


@dataclass(frozen=True)
class _Reached:
    """:class:`_IsProbable` of a map (h, w)."""

    lane_map: NDArray[np.float32]
    threshold: float

    def __call__(self, row: int, column: int) -> bool:
        return bool(self.lane_map[row, column] >= self.threshold)


@dataclass(frozen=True)
class _Bits:
    """:class:`_IsProbable` of bits (H, ceil(W / 8)) that hold a map and its padding.

    Few of them are asked for: to unpack them all takes longer than all else.
    """

    bits: NDArray[np.uint8]
    top: int
    left: int

    def __call__(self, row: int, column: int) -> bool:
        byte, bit = divmod(self.left + column, 8)
        return bool(int(self.bits[self.top + row, byte]) << bit & 0x80)


def _which(is_chosen: NDArray[np.bool_]) -> slice | NDArray[np.int64]:
    """Return what is chosen of (N,), as a slice where it lies together."""
    chosen = np.flatnonzero(is_chosen)
    if len(chosen) and chosen[-1] - chosen[0] == len(chosen) - 1:
        return slice(int(chosen[0]), int(chosen[-1]) + 1)
    return chosen


def _has_left(
    points: FloatArray, is_cut: NDArray[np.bool_], width: int
) -> NDArray[np.bool_]:
    """Return whether a lane is out of the map at each point that has one above.

    It is if the border cuts it at the point above, and its course from there leads out.

    Args:
        points: (N, 2), bottom to top.
        is_cut: (N,), whether the border cuts the run of a point.
        width: Of the map, in columns.

    Returns:
        (N - 1,), or (0,) for no point.
    """
    above = np.arange(1, len(points))
    farther = np.minimum(above + _END_POINTS, len(points) - 1)
    along = points[above] - points[farther]
    slopes = along[:, 0] / np.maximum(along[:, 1], 1.0)
    x = points[above, 0] + slopes * (points[:-1, 1] - points[1:, 1])
    is_out: NDArray[np.bool_] = is_cut[1:] & ((x <= -0.5) | (x >= width - 0.5))
    return is_out


def _turns_deg(points: FloatArray, window: int, smallest: float) -> FloatArray | None:
    """Return the change of direction at each point (N, 2), in [0, 180], shape (N,).

    Directions are those of the chords to the point ``window`` places before and to the
    one ``window`` places after. A point without either counts as 0: on shorter chords,
    the noise of a row or two looks like a turn. None says that no change is larger
    than ``smallest``.
    """
    if len(points) <= 2 * window:
        return None
    chords = points[window:] - points[:-window]
    before, after = chords[:-window], chords[window:]
    dot = (before * after).sum(axis=1)
    if smallest >= _RIGHT_ANGLE_DEG and dot.min() >= 0:
        return None
    turns = np.zeros(len(points))
    cross = before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0]
    turns[window:-window] = np.degrees(np.abs(np.arctan2(cross, dot)))
    return turns
