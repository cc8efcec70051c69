"""labelme's files: one JSON file per picture.

A lane is a shape of the type ``linestrip`` (in the menu: "Create LineStrip") or
``line`` (two points). The picture lies beside the file or, in base64, in it.

Format: https://github.com/wkentaro/labelme (labelme/_label_file.py)
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from lanedet.arrays import FloatArray
from lanedet.files import check_distinct_outputs, replace_file, visible_files
from lanedet.formats.annotations.drawing import (
    Drawing,
    clean_name,
    from_lane,
    inner_name,
    to_lane,
)
from lanedet.formats.annotations.json_files import read_json
from lanedet.formats.annotations.pictures import EncodedPicture
from lanedet.formats.label_faults import LabelError, LabelFaults, short
from lanedet.formats.picture_files import picture_stem
from lanedet.structures import LaneSample

_LANE_TYPES = ("linestrip", "line")
_JPEG_IN_BASE64 = "/9j/"  # FF D8 FF, with which every JPEG begins
_VERSION = "5.0.1"  # of the format that is written: the fields of labelme 5


def read_labelme(
    source: Path,
    pictures: Path | None,
    labels: Collection[str] | None,
    faults: LabelFaults,
) -> Iterator[Drawing]:
    """Read a file, or all files in a folder and below it, by name.

    A :class:`~lanedet.formats.annotations.DrawingReader`.
    """
    if not source.exists():
        raise FileNotFoundError(f"No labelme file or folder at '{source}'.")
    files = list(visible_files(source, "*.json")) if source.is_dir() else [source]
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

    Raises:
        ValueError: If two pictures would have one file, before any is written.
    """
    del folder
    pictures = [Path(sample.img_path) for sample in samples]
    check_distinct_outputs((path, path.with_suffix(".json")) for path in pictures)
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
        replace_file(picture.with_suffix(".json"), text)


def _read_file(
    file: Path, root: Path, pictures: Path | None, labels: Collection[str] | None
) -> Drawing:
    record = read_json(file)
    if not isinstance(record, dict) or not isinstance(record.get("shapes"), list):
        raise LabelError(f"{file}: this is no labelme file: it has no list 'shapes'.")
    lanes, others = _lanes(record["shapes"], file, labels)
    named = record.get("imagePath")
    if not named and record.get("imageData"):  # the picture goes with its file
        named = file.stem
    name = clean_name(named, str(file))
    # A renamed picture, as long as it still goes with its file.
    places = [file.parent / name, file.with_suffix("")]
    if pictures is not None:
        places = [pictures / inner_name(name), pictures / Path(name).name]
    return Drawing(
        where=str(file),
        name=(file.parent.relative_to(root) / Path(name).name).as_posix(),
        places=places,
        shape=_shape(record),
        lanes=lanes,
        others=others,
        inside=_inside(record.get("imageData"), file, Path(name).name),
    )


def _lanes(
    shapes: list[Any], file: Path, labels: Collection[str] | None
) -> tuple[list[FloatArray], Counter[str]]:
    lanes, others = [], Counter[str]()
    for number, shape in enumerate(shapes):
        where = f"{file}, shapes[{number}]"
        if not isinstance(shape, dict):
            raise LabelError(f"{where}: a shape must be a JSON object.")
        kind, label = shape.get("shape_type", "polygon"), shape.get("label")
        if kind not in _LANE_TYPES:
            others[kind if isinstance(kind, str) else short(kind)] += 1
        elif labels is not None and not (isinstance(label, str) and label in labels):
            others[f"{kind} {short(label)}"] += 1
        else:
            lanes.append(to_lane(*_axes(shape.get("points"), where), where))
    return lanes, others


def _inside(text: Any, file: Path, name: str) -> EncodedPicture | None:
    """Return the picture that a file holds, None if it holds none.

    labelme keeps JPEGs as they are and turns all others into PNG
    (``load_image_file`` in labelme/_label_file.py).
    """
    if not isinstance(text, str) or not text:
        return None
    suffixes = (".jpg", ".jpeg") if text.startswith(_JPEG_IN_BASE64) else (".png",)
    if Path(name).suffix.lower() not in suffixes:
        name = f"{picture_stem(name)}{suffixes[0]}"
    return EncodedPicture(file, name, text)


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
