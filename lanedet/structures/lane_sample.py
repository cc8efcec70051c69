"""The carrier of one image's lanes, from the disk to the picture."""

from collections.abc import Sequence

import numpy as np
from mmengine.structures import BaseDataElement
from torch import Tensor

from lanedet.arrays import FloatArray


class LaneSample(BaseDataElement):
    """One image with the lanes that are known or predicted for it.

    Datasets make it, the detector fills in predictions, metrics score it and the
    visualizer draws it. A lane is one marking as a polyline: shape (N, 2), (x, y) in
    pixels of the original image, where integer coordinates are pixel centres.

    Meta information, set with ``LaneSample(metainfo=dict(...))``:

    * ``img_path``: where the image came from.
    * ``ori_shape``: (H, W) of the original image.
    * ``view``: the :class:`~lanedet.ops.ViewTransform` that made the network input.
    * ``raw_file``: the benchmark's name of the image, where it has one.
    * ``rows``: the benchmark's image rows, where lanes are scored on rows.
    """

    @property
    def gt_lanes(self) -> list[FloatArray]:
        """Annotated lanes."""
        lanes: list[FloatArray] = self._gt_lanes
        return lanes

    @gt_lanes.setter
    def gt_lanes(self, lanes: Sequence[FloatArray]) -> None:
        self.set_field(_checked_lanes(lanes, "gt_lanes"), "_gt_lanes", dtype=list)

    @property
    def pred_lanes(self) -> list[FloatArray]:
        """Predicted lanes."""
        lanes: list[FloatArray] = self._pred_lanes
        return lanes

    @pred_lanes.setter
    def pred_lanes(self, lanes: Sequence[FloatArray]) -> None:
        self.set_field(_checked_lanes(lanes, "pred_lanes"), "_pred_lanes", dtype=list)

    @property
    def pred_scores(self) -> list[float]:
        """Confidence of each predicted lane, in [0, 1]."""
        scores: list[float] = self._pred_scores
        return scores

    @pred_scores.setter
    def pred_scores(self, scores: Sequence[float]) -> None:
        self.set_field([float(s) for s in scores], "_pred_scores", dtype=list)

    @property
    def pred_slots(self) -> list[int]:
        """Slot of each predicted lane, 0 for the leftmost (see ``ops.lane_slots``)."""
        slots: list[int] = self._pred_slots
        return slots

    @pred_slots.setter
    def pred_slots(self, slots: Sequence[int]) -> None:
        self.set_field([int(s) for s in slots], "_pred_slots", dtype=list)

    @property
    def pred_names(self) -> list[str]:
        """What to call each predicted lane, such as ``ego left``."""
        names: list[str] = self._pred_names
        return names

    @pred_names.setter
    def pred_names(self, names: Sequence[str]) -> None:
        self.set_field(list(names), "_pred_names", dtype=list)

    @property
    def pred_ids(self) -> list[int]:
        """Number of each predicted lane, the same in every frame that shows it."""
        ids: list[int] = self._pred_ids
        return ids

    @pred_ids.setter
    def pred_ids(self, ids: Sequence[int]) -> None:
        self.set_field([int(i) for i in ids], "_pred_ids", dtype=list)

    @property
    def gt_class_map(self) -> Tensor:
        """Class of each pixel of the network input, (H, W) uint8.

        0 is background and ``k + 1`` the lane in slot ``k``.
        """
        class_map: Tensor = self._gt_class_map
        return class_map

    @gt_class_map.setter
    def gt_class_map(self, class_map: Tensor) -> None:
        _check_map(class_map, "gt_class_map")
        self.set_field(class_map, "_gt_class_map", dtype=Tensor)

    @property
    def pred_class_map(self) -> Tensor:
        """Most probable class of each pixel of the network input, (H, W) uint8.

        Classes are those of :attr:`gt_class_map`. ``view`` leads to the original image.
        """
        class_map: Tensor = self._pred_class_map
        return class_map

    @pred_class_map.setter
    def pred_class_map(self, class_map: Tensor) -> None:
        _check_map(class_map, "pred_class_map")
        self.set_field(class_map, "_pred_class_map", dtype=Tensor)

    @property
    def gt_existence(self) -> Tensor:
        """Whether each slot holds a lane, (K,) float32, 0 or 1."""
        existence: Tensor = self._gt_existence
        return existence

    @gt_existence.setter
    def gt_existence(self, existence: Tensor) -> None:
        self.set_field(existence, "_gt_existence", dtype=Tensor)

    @property
    def gt_lines(self) -> Tensor:
        """Annotated lanes as lines in the network input, (G, R + 2) float32.

        :func:`lanedet.ops.encode_lines` says what the numbers are.
        """
        lines: Tensor = self._gt_lines
        return lines

    @gt_lines.setter
    def gt_lines(self, lines: Tensor) -> None:
        if lines.ndim != 2:
            raise ValueError(
                f"gt_lines must have shape (G, R + 2), got {tuple(lines.shape)}."
            )
        self.set_field(lines, "_gt_lines", dtype=Tensor)


def _check_map(class_map: Tensor, name: str) -> None:
    if class_map.ndim != 2:
        raise ValueError(
            f"{name} must have shape (H, W), got {tuple(class_map.shape)}."
        )


def _checked_lanes(lanes: Sequence[FloatArray], name: str) -> list[FloatArray]:
    checked = [np.asarray(lane, dtype=np.float64) for lane in lanes]
    for number, lane in enumerate(checked):
        if lane.ndim != 2 or lane.shape[1] != 2:
            raise ValueError(
                f"{name}[{number}] must be a polyline of shape (N, 2), "
                f"got shape {lane.shape}."
            )
    return checked
