"""BDD100K's JSON labels, in the three forms in which they were released.

* One file per image (``labels/100k/train/<image>.json``): an object with ``frames``,
  whose ``objects`` have categories such as ``lane/single white`` and ``poly2d`` lists
  of ``[x, y, "L"]``.
* One list for all images (``labels/bdd100k_labels_images_train.json``, 2018): labels of
  category ``lane`` with ``laneType`` or ``laneTypes``, and ``poly2d`` objects of
  ``vertices`` and ``types``.
* The lane package of 2021 (``labels/lane/polygons/lane_train.json``): the same with
  categories such as ``single white``. The list may lie under the key ``frames``.

Lists are read entry by entry, in the memory of one: the file of 2018 has 1.3 GB.

Format: https://doc.bdd100k.com/format.html
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.formats.bdd100k_bytes import (
    LANE_CATEGORIES,
    LANE_DIRECTIONS,
    LANE_STYLES,
)
from lanedet.formats.bdd100k_curves import LaneMark, check_length, flatten_curve
from lanedet.formats.json_stream import JsonEntry, stream_json_entries
from lanedet.formats.label_faults import LabelError, LabelFaults, short
from lanedet.formats.picture_files import can_be_file_name, picture_stem

# Beyond any image, but near enough for arithmetic in single precision.
_MAX_COORDINATE = 1e5
# Far more than any image has: what is made of the labels stays small.
_MAX_CURVES = 500
_MAX_VERTICES = 1000  # of a curve


class LabelledImage(NamedTuple):
    """The lane labels of one image."""

    name: str
    """Name of the image, without folder and suffix."""

    marks: list[LaneMark]
    """Marks in the file's order."""

    where: str
    """File and line at which the label begins."""


def read_bdd100k_json(file: Path, faults: LabelFaults) -> Iterator[LabelledImage]:
    """Yield the images of a JSON file of any of the three forms, in its order.

    Labels other than lanes are passed over. A lane that lacks an attribute counts as
    parallel, solid and of the category ``single other``. The releases since 2020 leave
    the key ``labels`` out where an image has none (bdd100k issue 152).

    Args:
        file: The file.
        faults: Takes broken entries.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If an entry is broken and ``faults`` does not take it.
    """
    if not file.is_file():
        raise FileNotFoundError(f"No BDD100K label file at '{file}'.")
    entries = stream_json_entries(file)
    while True:
        with faults.allow():
            entry = next(entries, None)
            if entry is None:
                return
            yield parse_image(entry, file)
            continue
        if entries.gi_frame is None:  # what follows a cut cannot be read
            return


def parse_image(entry: JsonEntry, file: Path) -> LabelledImage:
    """Return the labels of one entry.

    Args:
        entry: An entry of a list, or the content of a file of one image.
        file: Where it stands, for errors; a file of one image may name it.

    Raises:
        LabelError: If the entry breaks the format.
    """
    name = None
    try:
        name = _name(entry.value)
        return LabelledImage(name, _marks(entry.value), f"{file}:{entry.line}")
    except _FormatError as error:
        image = f", image {name!r}" if name else ""
        raise LabelError(f"{file}:{entry.line}{image}: {error}") from error


class _FormatError(ValueError):
    """What is wrong, without where."""


def _name(record: Any) -> str:
    if not isinstance(record, dict):
        raise _FormatError(f"an image must be a JSON object, got {short(record)}.")
    name = record.get("name")
    if not isinstance(name, str):
        raise _FormatError(f"'name' must be the name of an image, got {short(name)}.")
    stem = picture_stem(name)
    if not stem.strip(". ") or not can_be_file_name(stem):
        raise _FormatError(f"'name' must be the name of an image, got {short(name)}.")
    return stem


def _marks(record: Mapping[str, Any]) -> list[LaneMark]:
    marks = []
    for index, label in enumerate(_labels(record)):
        if not isinstance(label, dict):
            raise _FormatError(f"label {index} must be an object, got {short(label)}.")
        category = _category(label)
        if category is None:
            continue
        try:
            marks += [
                LaneMark(
                    points=points,
                    category=category,
                    style=_attribute(label, ("laneStyle", "style"), LANE_STYLES),
                    direction=_attribute(
                        label, ("laneDirection", "direction"), LANE_DIRECTIONS
                    ),
                    number=_number(label.get("id"), index),
                )
                for points in _curves(label.get("poly2d"))
            ]
        except _FormatError as error:
            raise _FormatError(f"label {index}: {error}") from error
        if len(marks) > _MAX_CURVES:
            raise _FormatError(f"an image must have at most {_MAX_CURVES} curves.")
    return marks


def _labels(record: Mapping[str, Any]) -> list[Any]:
    """Return the labels of an image in either of their places."""
    if "frames" in record:
        frames = record["frames"]
        if not (isinstance(frames, list) and len(frames) == 1):
            raise _FormatError(f"'frames' must hold one frame, got {short(frames)}.")
        if not isinstance(frames[0], dict) or "objects" not in frames[0]:
            raise _FormatError(f"a frame must have 'objects', got {short(frames[0])}.")
        labels = frames[0]["objects"]
    else:
        labels = record.get("labels")
    if labels is None:  # how the format's tools write an image without any
        return []
    if not isinstance(labels, list):
        raise _FormatError(f"the labels must be a list, got {short(labels)}.")
    return labels


def _category(label: Mapping[str, Any]) -> str | None:
    """Return the category of a lane; None if the label is none."""
    category = label.get("category")
    if not isinstance(category, str):
        raise _FormatError(f"'category' must be a name, got {short(category)}.")
    if category == "lane":
        return _attribute(label, ("laneTypes", "laneType"), LANE_CATEGORIES)
    kind = category.removeprefix("lane/")
    if kind in LANE_CATEGORIES:
        return kind
    if category.startswith("lane/"):
        raise _FormatError(
            f"the lane must be one of {LANE_CATEGORIES}, got {short(category)}."
        )
    return None


def _attribute(
    label: Mapping[str, Any], keys: tuple[str, ...], known: tuple[str, ...]
) -> str:
    attributes = label.get("attributes") or {}
    if not isinstance(attributes, dict):
        raise _FormatError(f"'attributes' must be an object, got {short(attributes)}.")
    value = next((attributes[key] for key in keys if attributes.get(key)), None)
    if value is None:
        return "single other" if known is LANE_CATEGORIES else known[0]
    if value not in known:
        raise _FormatError(f"{keys[0]!r} must be one of {known}, got {short(value)}.")
    return str(value)


def _number(label_id: Any, index: int) -> int:
    """Return the number of a label, its place where it has none."""
    text = str(label_id)
    return int(text) if len(text) <= 18 and text.isdecimal() else index


def _curves(poly2d: Any) -> list[FloatArray]:
    """Return the polylines of a label, (N, 2) each, in either form of poly2d."""
    if not isinstance(poly2d, list) or not poly2d:
        raise _FormatError(f"'poly2d' must be a list of curves, got {short(poly2d)}.")
    if isinstance(poly2d[0], dict):
        return [_curve_of_object(curve) for curve in poly2d]
    for vertex in poly2d:
        if not (isinstance(vertex, list) and len(vertex) == 3):
            raise _FormatError(f"a vertex must be [x, y, type], got {short(vertex)}.")
    return [_curve([vertex[:2] for vertex in poly2d], [v[2] for v in poly2d])]


def _curve_of_object(curve: Any) -> FloatArray:
    if not isinstance(curve, dict):
        raise _FormatError(f"a curve must be an object, got {short(curve)}.")
    vertices, types = curve.get("vertices"), curve.get("types")
    if not isinstance(vertices, list) or not isinstance(types, str):
        raise _FormatError(f"a curve needs 'vertices' and 'types', got {short(curve)}.")
    return _curve(vertices, list(types))


def _curve(vertices: list[Any], types: list[Any]) -> FloatArray:
    if len(vertices) > _MAX_VERTICES:
        raise _FormatError(
            f"a curve must have at most {_MAX_VERTICES} vertices, got {len(vertices)}."
        )
    if len(types) != len(vertices) or len(vertices) < 2:
        raise _FormatError(
            f"a curve needs two vertices or more and one type for each, got "
            f"{len(vertices)} vertices and {len(types)} types."
        )
    if not all(kind in ("L", "C") for kind in types):
        raise _FormatError(f"types must be 'L' or 'C', got {short(types)}.")
    for vertex in vertices:
        # bool is an int to Python, but not a coordinate.
        if not (
            isinstance(vertex, list)
            and len(vertex) == 2
            and all(type(value) in (int, float) for value in vertex)
        ):
            raise _FormatError(f"a vertex must be two numbers, got {short(vertex)}.")
        # NaN fails this comparison too.
        if not all(abs(value) <= _MAX_COORDINATE for value in vertex):
            raise _FormatError(
                "coordinates must be finite and at most "
                f"{_MAX_COORDINATE:.0f}, got {short(vertex)}."
            )
    points = flatten_curve(np.array(vertices, dtype=np.float64), "".join(types))
    try:
        check_length(points)
    except ValueError as error:
        raise _FormatError(str(error)) from error
    return points
