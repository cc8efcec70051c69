"""Scored lines to polylines: what a line head predicts, one lane each."""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.ops.bounds import MAX_LANES, check_count
from lanedet.ops.decode import DecodedLane
from lanedet.ops.line_nms import suppress_lines
from lanedet.ops.line_targets import decode_line
from lanedet.ops.view import ViewTransform


class LineDecoder:
    """Keep the best line of each lane.

    Args:
        num_slots: Most lanes of an image.
        min_score: Smallest score of a lane, in (0, 1).
        min_distance: Mean distance below which two lines show the same lane, as a
            share of the input's width, see :func:`~lanedet.ops.suppress_lines`.

    Raises:
        ValueError: If an argument is outside its range.
    """

    reads: ClassVar[tuple[str, ...]] = ("lines",)
    """As of :class:`~lanedet.ops.LaneDecoder`."""

    def __init__(
        self, *, num_slots: int, min_score: float = 0.4, min_distance: float = 0.0625
    ) -> None:
        check_count("num_slots", num_slots, MAX_LANES)
        if not 0 < min_score < 1 or not min_distance > 0:
            raise ValueError(
                "min_score must lie in (0, 1) and min_distance be positive, got "
                f"{min_score} and {min_distance}."
            )
        self.num_slots = num_slots
        self.min_score = min_score
        self.min_distance = min_distance

    def __call__(
        self,
        scores: NDArray[np.floating],
        lines: NDArray[np.floating],
        view: ViewTransform,
    ) -> list[DecodedLane]:
        """Return the lanes of one image, best first.

        Args:
            scores: Of each line, (A,), in [0, 1].
            lines: (A, R + 2), as in :mod:`lanedet.ops.line_targets`. Those that are not
                finite are left out.
            view: How the input was made.

        Returns:
            Lanes whose slots count them: names are given by where lanes lie.

        Raises:
            ValueError: If there is not one score to each line.
        """
        all_scores: FloatArray = scores.astype(np.float64)
        all_lines: FloatArray = lines.astype(np.float64)
        usable = (all_scores >= self.min_score) & np.isfinite(lines).all(axis=-1)
        left = np.flatnonzero(usable)
        distance = self.min_distance * view.input_shape[1]
        points: dict[int, FloatArray] = {}
        while True:
            kept = left[suppress_lines(all_scores[left], all_lines[left], distance)]
            for index in kept.tolist():
                if index not in points:
                    points[index] = decode_line(
                        all_lines[index], view.input_shape, view.place
                    )
            # Of a line outside of the image, or of less than a row, nothing is seen: it
            # must not suppress a lane beside it.
            unseen = [index for index in kept.tolist() if len(points[index]) == 0]
            if not unseen:
                break
            left = np.setdiff1d(left, unseen)
        return [
            DecodedLane(view.to_original(points[index]), float(all_scores[index]), slot)
            for slot, index in enumerate(kept[: self.num_slots].tolist())
        ]
