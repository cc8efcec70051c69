"""VGG Image Annotator 2: one JSON file, an export or a whole project.

A lane is a region of the shape ``polyline``. The file does not state the pictures'
sizes.

Format: https://www.robots.ox.ac.uk/~vgg/software/via/ (annotations and projects of
version 2; version 1, with regions in an object, is read too)
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

ANNOTATION_FILE = "via_annotations.json"
"""What is written, for "Annotation, Import Annotations (from json)"."""


def read_via(
    source: Path,
    pictures: Path | None,
    labels: Collection[str] | None,
    faults: LabelFaults,
) -> Iterator[Drawing]:
    """Read a file, or the only JSON file in a folder.

    A region is one of ``labels`` if one of its attributes has that value. A
    :class:`~lanedet.datasets.annotations.DrawingReader`.
    """
    file = _find_file(source)
    for record in _records(file):
        with faults.allow():
            yield _drawing(file, record, pictures, labels)


def write_via(samples: Collection[LaneSample], folder: Path) -> None:
    """Write one file with the lanes of all pictures, for correction in VIA.

    Args:
        samples: With ``gt_lanes`` and ``img_path``. VIA knows pictures by the name
            of their file and its size, without folders.
        folder: Where the file goes.

    Raises:
        ValueError: If two pictures have one name.
    """
    records: dict[str, Any] = {}
    for sample in samples:
        picture = Path(sample.img_path)
        size = picture.stat().st_size
        key = f"{picture.name}{size}"
        if key in records:
            raise ValueError(
                f"VIA needs a name of its own for each picture, got {picture.name!r} "
                "twice."
            )
        records[key] = {
            "filename": picture.name,
            "size": size,
            "regions": [_region(from_lane(lane)) for lane in sample.gt_lanes],
            "file_attributes": {},
        }
    text = json.dumps(records, indent=1) + "\n"
    (folder / ANNOTATION_FILE).write_text(text, encoding="utf-8")


def _region(points: list[list[float]]) -> dict[str, Any]:
    return {
        "shape_attributes": {
            "name": "polyline",
            "all_points_x": [x for x, _ in points],
            "all_points_y": [y for _, y in points],
        },
        "region_attributes": {"label": "lane"},
    }


def _find_file(source: Path) -> Path:
    if not source.is_dir():
        if not source.is_file():
            raise FileNotFoundError(f"No VIA file at '{source}'.")
        return source
    files = sorted(source.glob("*.json"))
    if len(files) != 1:
        raise FileNotFoundError(
            f"'{source}' must hold one VIA file (*.json), got {len(files)}. Name the "
            "file itself."
        )
    return files[0]


def _records(file: Path) -> list[Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise LabelError(f"{file}:{line}: this is not valid JSON ({error}).") from error
    if isinstance(content, dict):
        content = content.get("_via_img_metadata", content)
    if not isinstance(content, dict) or not content:
        raise LabelError(f"{file}: this is no file of VIA 2, or it has no pictures.")
    return list(content.values())


def _drawing(
    file: Path, record: Any, pictures: Path | None, labels: Collection[str] | None
) -> Drawing:
    if not isinstance(record, dict) or "regions" not in record:
        raise LabelError(
            f"{file}: this is no file of VIA 2: an entry has no 'regions'."
        )
    name = clean_name(record.get("filename"), str(file))
    regions = record["regions"]
    if isinstance(regions, dict):  # version 1
        regions = list(regions.values())
    if not isinstance(regions, list):
        raise LabelError(f"{file}, {name}: the picture has no list 'regions'.")
    lanes, others = [], Counter[str]()
    for number, region in enumerate(regions):
        where = f"{file}, {name}, regions[{number}]"
        shape, kind = _shape_of(region, where)
        if kind != "polyline":
            others[kind] += 1
        elif labels is not None and not _has_label(region, labels):
            others["polyline of another label"] += 1
        else:
            xs, ys = shape.get("all_points_x"), shape.get("all_points_y")
            if not (isinstance(xs, list) and isinstance(ys, list)):
                raise LabelError(f"{where}: a polyline needs lists of x and y.")
            lanes.append(to_lane(xs, ys, where))
    folder = file.parent if pictures is None else pictures
    inside = inner_name(name)
    places = [folder / inside, folder / Path(name).name, folder / "images" / inside]
    return Drawing(f"{file}, {name}", inside, places, None, lanes, others)


def _shape_of(region: Any, where: str) -> tuple[dict[str, Any], str]:
    shape = region.get("shape_attributes") if isinstance(region, dict) else None
    if not isinstance(shape, dict):
        raise LabelError(f"{where}: a region needs 'shape_attributes'.")
    return shape, str(shape.get("name"))


def _has_label(region: dict[str, Any], labels: Collection[str]) -> bool:
    attributes = region.get("region_attributes")
    values = attributes.values() if isinstance(attributes, dict) else ()
    return any(isinstance(value, str) and value in labels for value in values)
