"""Probability maps to polylines.

The rule is the one of the SAD paper (section 4, after SCNN): smooth each lane's map,
take the most probable column of every few rows, keep those that are probable enough.
Two things are added: the column is refined below a pixel by the centroid of its
neighbourhood, and of a lane in several far-apart pieces only the longest is kept.
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lanedet.ops.view import ViewTransform
from lanedet.structures import FloatArray


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
        threshold: Smallest smoothed probability of a point, in (0, 1).
        existence_threshold: Smallest existence of a slot, in [0, 1].
        smoothing: Side of the square mean filter, in input pixels, odd.
        row_step: Distance of the sampled rows, in input pixels.
        refine_radius: Half-width of the neighbourhood whose centroid is the point,
            in input pixels. 0 keeps the most probable column itself.
        max_gap: Largest gap inside one lane, as a share of the image height.
        min_height: Smallest vertical extent of a lane, as a share of the image height.

    Raises:
        ValueError: If an argument is outside its range.
    """

    def __init__(
        self,
        *,
        threshold: float = 0.3,
        existence_threshold: float = 0.5,
        smoothing: int = 9,
        row_step: int = 4,
        refine_radius: int = 4,
        max_gap: float = 0.25,
        min_height: float = 0.05,
    ) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"threshold must lie in (0, 1), got {threshold}.")
        if not 0 <= existence_threshold <= 1:
            raise ValueError(
                f"existence_threshold must lie in [0, 1], got {existence_threshold}."
            )
        if smoothing < 1 or smoothing % 2 == 0:
            raise ValueError(f"smoothing must be odd and positive, got {smoothing}.")
        if row_step < 1 or refine_radius < 0:
            raise ValueError(
                "row_step must be at least 1 and refine_radius at least 0, "
                f"got {row_step} and {refine_radius}."
            )
        self.threshold = threshold
        self.existence_threshold = existence_threshold
        self.smoothing = smoothing
        self.row_step = row_step
        self.refine_radius = refine_radius
        self.max_gap = max_gap
        self.min_height = min_height

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
            ValueError: If the maps do not have the shape of the view's input.
        """
        if lane_probs.shape[1:] != view.input_shape:
            raise ValueError(
                f"lane_probs must cover the network input {view.input_shape}, "
                f"got shape {lane_probs.shape}."
            )
        top, bottom = view.place[:2]
        rows = np.arange(bottom - 1, top - 1, -self.row_step)
        lanes = []
        for slot in np.flatnonzero(existence >= self.existence_threshold):
            columns, probs = self._columns(lane_probs[slot], rows)
            kept = self._longest_piece(probs >= self.threshold, bottom - top)
            if kept is None:
                continue
            input_points = np.stack([columns[kept], rows[kept].astype(float)], axis=1)
            points = view.to_original(input_points)
            lanes.append(DecodedLane(points, float(probs[kept].mean()), int(slot)))
        return lanes

    def _columns(
        self, lane_map: NDArray[np.float32], rows: NDArray[np.int64]
    ) -> tuple[FloatArray, NDArray[np.float32]]:
        """Return each row's most probable column (R,) and its probability (R,)."""
        window = (self.smoothing, self.smoothing)
        smooth = cv2.blur(lane_map, window, borderType=cv2.BORDER_CONSTANT)[rows]
        peaks = smooth.argmax(axis=1)
        probs = np.take_along_axis(smooth, peaks[:, None], axis=1)[:, 0]
        steps = np.arange(-self.refine_radius, self.refine_radius + 1)
        around = peaks[:, None] + steps  # (R, 2 * radius + 1)
        inside = (around >= 0) & (around < smooth.shape[1])
        near = np.take_along_axis(smooth, np.where(inside, around, 0), axis=1) * inside
        mass = near.sum(axis=1)
        shift = (near * steps).sum(axis=1) / np.where(mass > 0, mass, 1)
        return peaks + shift.astype(np.float64), probs

    def _longest_piece(
        self, hit: NDArray[np.bool_], image_height: int
    ) -> NDArray[np.int64] | None:
        """Return the indices of the longest run of hits, or None if it is too short."""
        indices = np.flatnonzero(hit)
        if len(indices) < 2:
            return None
        max_steps = max(1.0, self.max_gap * image_height / self.row_step)
        breaks = np.flatnonzero(np.diff(indices) > max_steps) + 1
        longest = max(np.split(indices, breaks), key=len)
        extent = (longest[-1] - longest[0]) * self.row_step
        if len(longest) < 2 or extent < self.min_height * image_height:
            return None
        return np.asarray(longest, dtype=np.int64)
