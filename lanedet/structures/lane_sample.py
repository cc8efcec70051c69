"""The carrier of one image's lanes, from the disk to the picture."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from lanedet.arrays import ByteArray, Float32Array, FloatArray


class LaneSample:
    """One image with the lanes that are known or predicted for it.

    Datasets make it, the detector fills in predictions, metrics score it and the
    visualizer draws it. A lane is one marking as a polyline: shape (N, 2), (x, y) in
    pixels of the original image, where integer coordinates are pixel centres.

    A new sample holds nothing but its meta information. What it does not hold is not
    ``in`` it, and an AttributeError to ask for. Arrays are NumPy's, not torch's: who
    reads labels or draws scenes needs no framework.

    Args:
        metainfo: What is known of the image, by name:

            * ``img_path``: where the image came from.
            * ``ori_shape``: (H, W) of the original image.
            * ``view``: the :class:`~lanedet.ops.ViewTransform` that made the network
              input.
            * ``raw_file``: the benchmark's name of the image, where it has one.
            * ``rows``: the benchmark's image rows, where lanes are scored on rows.
            * ``category``: what kind of scene it is, where a benchmark says so.
            * ``gt_mask_path``: where the label is a mask, its file.

    Example:
        >>> sample = LaneSample(metainfo={"ori_shape": (720, 1280)})
        >>> sample.gt_lanes = [np.array([[640.0, 719.0], [640.0, 400.0]])]
        >>> sample.ori_shape, len(sample.gt_lanes), "pred_lanes" in sample
        ((720, 1280), 1, False)
    """

    __slots__ = ("__weakref__", "_fields", "_metainfo")

    def __init__(self, metainfo: Mapping[str, Any] | None = None) -> None:
        self._metainfo: dict[str, Any] = dict(metainfo or {})
        self._fields: dict[str, Any] = {}

    def set_metainfo(self, metainfo: Mapping[str, Any]) -> None:
        """Add to the meta information, or replace what has the same names."""
        self._metainfo.update(metainfo)

    def keys(self) -> list[str]:
        """Return the names of all that the sample holds."""
        return [*self._metainfo, *self._fields]

    def get(self, name: str, default: Any = None) -> Any:
        """Return what the sample holds under a name, or the default."""
        return getattr(self, name) if name in self else default

    def clone(self) -> Self:
        """Return a sample whose fields can be set without changing this one.

        The arrays in it are the same.
        """
        copy = type(self)(self._metainfo)
        copy._fields = dict(self._fields)
        return copy

    def __contains__(self, name: object) -> bool:
        return name in self._metainfo or name in self._fields

    def __getattr__(self, name: str) -> Any:
        # Python asks for names of its own before a copy has its slots.
        if not name.startswith("_"):
            if name in self._metainfo:
                return self._metainfo[name]
            raise AttributeError(
                f"This sample must have {name} to be asked for it, got "
                f"{', '.join(self.keys()) or 'an empty one'}."
            )
        raise AttributeError(name)

    def __delattr__(self, name: str) -> None:
        for held in (self._metainfo, self._fields):
            if name in held:
                del held[name]
                return
        raise AttributeError(name)

    def __repr__(self) -> str:
        return f"LaneSample({', '.join(self.keys())})"

    def _field(self, name: str) -> Any:
        if name not in self._fields:
            raise AttributeError(name)  # __getattr__ says it in words
        return self._fields[name]

    @property
    def gt_lanes(self) -> list[FloatArray]:
        """Annotated lanes."""
        lanes: list[FloatArray] = self._field("gt_lanes")
        return lanes

    @gt_lanes.setter
    def gt_lanes(self, lanes: Sequence[FloatArray]) -> None:
        self._fields["gt_lanes"] = _checked_lanes(lanes, "gt_lanes")

    @property
    def pred_lanes(self) -> list[FloatArray]:
        """Predicted lanes."""
        lanes: list[FloatArray] = self._field("pred_lanes")
        return lanes

    @pred_lanes.setter
    def pred_lanes(self, lanes: Sequence[FloatArray]) -> None:
        self._fields["pred_lanes"] = _checked_lanes(lanes, "pred_lanes")

    @property
    def pred_scores(self) -> list[float]:
        """Confidence of each predicted lane, in [0, 1]."""
        scores: list[float] = self._field("pred_scores")
        return scores

    @pred_scores.setter
    def pred_scores(self, scores: Sequence[float]) -> None:
        self._fields["pred_scores"] = [float(score) for score in scores]

    @property
    def pred_slots(self) -> list[int]:
        """Slot of each predicted lane, 0 for the leftmost (see ``ops.lane_slots``)."""
        slots: list[int] = self._field("pred_slots")
        return slots

    @pred_slots.setter
    def pred_slots(self, slots: Sequence[int]) -> None:
        self._fields["pred_slots"] = [int(slot) for slot in slots]

    @property
    def pred_names(self) -> list[str]:
        """What to call each predicted lane, such as ``ego left``."""
        names: list[str] = self._field("pred_names")
        return names

    @pred_names.setter
    def pred_names(self, names: Sequence[str]) -> None:
        self._fields["pred_names"] = list(names)

    @property
    def pred_ids(self) -> list[int]:
        """Number of each predicted lane, the same in every frame that shows it."""
        ids: list[int] = self._field("pred_ids")
        return ids

    @pred_ids.setter
    def pred_ids(self, ids: Sequence[int]) -> None:
        self._fields["pred_ids"] = [int(number) for number in ids]

    @property
    def gt_class_map(self) -> ByteArray:
        """Class of each pixel of the network input, (H, W) uint8.

        0 is background and ``k + 1`` the lane in slot ``k``.
        """
        class_map: ByteArray = self._field("gt_class_map")
        return class_map

    @gt_class_map.setter
    def gt_class_map(self, class_map: ByteArray) -> None:
        self._fields["gt_class_map"] = _checked_map(class_map, "gt_class_map")

    @property
    def pred_class_map(self) -> ByteArray:
        """Most probable class of each pixel of the network input, (H, W) uint8.

        Classes are those of :attr:`gt_class_map`. ``view`` leads to the original image.
        """
        class_map: ByteArray = self._field("pred_class_map")
        return class_map

    @pred_class_map.setter
    def pred_class_map(self, class_map: ByteArray) -> None:
        self._fields["pred_class_map"] = _checked_map(class_map, "pred_class_map")

    @property
    def gt_existence(self) -> Float32Array:
        """Whether each slot holds a lane, (K,) float32, 0 or 1."""
        existence: Float32Array = self._field("gt_existence")
        return existence

    @gt_existence.setter
    def gt_existence(self, existence: Float32Array) -> None:
        self._fields["gt_existence"] = np.asarray(existence, dtype=np.float32)

    @property
    def gt_lines(self) -> Float32Array:
        """Annotated lanes as lines in the network input, (G, R + 2) float32.

        :func:`lanedet.ops.encode_lines` says what the numbers are.
        """
        lines: Float32Array = self._field("gt_lines")
        return lines

    @gt_lines.setter
    def gt_lines(self, lines: Float32Array) -> None:
        checked = np.asarray(lines, dtype=np.float32)
        if checked.ndim != 2:
            raise ValueError(
                f"gt_lines must have shape (G, R + 2), got {checked.shape}."
            )
        self._fields["gt_lines"] = checked


def _checked_map(class_map: ByteArray, name: str) -> ByteArray:
    checked = np.asarray(class_map)
    if checked.ndim != 2 or checked.dtype != np.uint8:
        raise ValueError(
            f"{name} must have shape (H, W) and be uint8, got {checked.shape} "
            f"{checked.dtype}."
        )
    return checked


def _checked_lanes(lanes: Sequence[FloatArray], name: str) -> list[FloatArray]:
    checked = [np.asarray(lane, dtype=np.float64) for lane in lanes]
    for number, lane in enumerate(checked):
        if lane.ndim != 2 or lane.shape[1] != 2:
            raise ValueError(
                f"{name}[{number}] must be a polyline of shape (N, 2), "
                f"got shape {lane.shape}."
            )
    return checked
