"""labelme's files: one JSON file per picture.

A lane is a shape of the type ``linestrip`` (in the menu: "Create LineStrip") or
``line`` (two points).

Format: https://github.com/wkentaro/labelme (labelme/_label_file.py)
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lanedet.datasets.annotations.drawing import (
    Drawing,
    clean_name,
    from_lane,
    inner_name,
    to_lane,
)
from lanedet.datasets.label_faults import LabelError, LabelFaults
from lanedet.structures import LaneSample

_LANE_TYPES = ("linestrip", "line")
_VERSION = "5.0.1"  # of the format that is written: the fields of labelme 5


def read_labelme(
    source: Path,
    pictures: Path | None,
    labels: Collection[str] | None,
    faults: LabelFaults,
) -> Iterator[Drawing]:
    """Read a file, or all files in a folder and below it, by name.

    A :class:`~lanedet.datasets.annotations.DrawingReader`.
    """
    if not source.exists():
        raise FileNotFoundError(f"No labelme file or folder at '{source}'.")
    files = sorted(source.rglob("*.json")) if source.is_dir() else [source]
    root = source if source.is_dir() else source.parent
    if not files:
        raise FileNotFoundError(f"No labelme files (*.json) in '{source}'.")
    for file in files:
        with faults.allow():
            yield _read_file(file, root, pictures, labels)


def write_labelme(samples: Collection[LaneSample], folder: Path) -> None:
    """Write a file beside each picture, for correction in labelme.

    Args:
        samples: With ``gt_lanes``, ``img_path`` and ``ori_shape``.
        folder: Not used: the files lie beside the pictures.
    """
    del folder
    for sample in samples:
        picture = Path(sample.img_path)
        record = {
            "version": _VERSION,
            "flags": {},
            "shapes": [
                {
                    "label": "lane",
                    "points": from_lane(lane),
                    "group_id": None,
                    "shape_type": "linestrip",
                    "flags": {},
                }
                for lane in sample.gt_lanes
            ],
            "imagePath": picture.name,
            "imageData": None,
            "imageHeight": sample.ori_shape[0],
            "imageWidth": sample.ori_shape[1],
        }
        text = json.dumps(record, indent=2) + "\n"
        picture.with_suffix(".json").write_text(text, encoding="utf-8")


def _read_file(
    file: Path, root: Path, pictures: Path | None, labels: Collection[str] | None
) -> Drawing:
    try:
        record = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise LabelError(f"{file}:{line}: this is not valid JSON ({error}).") from error
    if not isinstance(record, dict) or not isinstance(record.get("shapes"), list):
        raise LabelError(f"{file}: this is no labelme file: it has no list 'shapes'.")
    lanes, others = [], Counter[str]()
    for number, shape in enumerate(record["shapes"]):
        where = f"{file}, shapes[{number}]"
        if not isinstance(shape, dict):
            raise LabelError(f"{where}: a shape must be a JSON object.")
        kind, label = str(shape.get("shape_type", "polygon")), shape.get("label")
        if kind not in _LANE_TYPES:
            others[kind] += 1
        elif labels is not None and label not in labels:
            others[f"{kind} {label!r}"] += 1
        else:
            lanes.append(to_lane(*_axes(shape.get("points"), where), where))
    name = clean_name(record.get("imagePath"), str(file))
    # A renamed picture, as long as it still goes with its file.
    places = [file.parent / name, file.with_suffix("")]
    if pictures is not None:
        places = [pictures / inner_name(name), pictures / Path(name).name]
    inside = file.parent.relative_to(root) / Path(name).name
    return Drawing(str(file), inside.as_posix(), places, _shape(record), lanes, others)


def _axes(points: Any, where: str) -> tuple[list[Any], list[Any]]:
    is_pairs = isinstance(points, list) and all(
        isinstance(point, list) and len(point) == 2 for point in points
    )
    if not is_pairs:
        raise LabelError(f"{where}: 'points' must be a list of [x, y].")
    return [x for x, _ in points], [y for _, y in points]


def _shape(record: dict[str, Any]) -> tuple[int, int] | None:
    height, width = record.get("imageHeight"), record.get("imageWidth")
    if isinstance(height, int) and isinstance(width, int):
        return height, width
    return None
