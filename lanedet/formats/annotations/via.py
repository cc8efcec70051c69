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

from lanedet.files import is_hidden, replace_file
from lanedet.formats.annotations.drawing import (
    Drawing,
    clean_name,
    from_lane,
    inner_name,
    to_lane,
)
from lanedet.formats.annotations.json_files import read_json
from lanedet.formats.label_faults import LabelError, LabelFaults, short
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

    A region is one of ``labels`` if one of its attributes has that value: as text, as
    the option that is chosen, or among those that are ticked. What a project calls an
    option is its value too. A :class:`~lanedet.formats.annotations.DrawingReader`.
    """
    file = _find_file(source)
    records, attributes = _records(file)
    if labels is not None:
        labels = {*labels, *_options(attributes, labels)}
    for record in records:
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
    replace_file(folder / ANNOTATION_FILE, text)


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
    files = sorted(
        file
        for file in source.glob("*.json")
        if file.is_file() and not is_hidden(file.name)
    )
    if len(files) != 1:
        raise FileNotFoundError(
            f"'{source}' must hold one VIA file (*.json), got {len(files)}. Name the "
            "file itself."
        )
    return files[0]


def _records(file: Path) -> tuple[list[Any], Any]:
    """Return the entries of the pictures, and the attributes that a project defines."""
    content, attributes = read_json(file), None
    if isinstance(content, dict):
        attributes = content.get("_via_attributes")
        content = content.get("_via_img_metadata", content)
    if not isinstance(content, dict) or not content:
        raise LabelError(f"{file}: this is no file of VIA 2, or it has no pictures.")
    return list(content.values()), attributes


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
    kind = shape.get("name")
    return shape, kind if isinstance(kind, str) else short(kind)


def _has_label(region: dict[str, Any], labels: Collection[str]) -> bool:
    return any(value in labels for value in _chosen(region.get("region_attributes")))


def _chosen(attributes: Any) -> Iterator[str]:
    """Yield the values of a region's attributes.

    Text fields, radio buttons, images and drop-down lists have text, checkboxes an
    object of the options with whether each is ticked.
    """
    if not isinstance(attributes, dict):
        return
    for name, value in attributes.items():
        if value is True:
            yield name
        elif isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            yield from (option for option, ticked in value.items() if ticked is True)


def _options(attributes: Any, labels: Collection[str]) -> Iterator[str]:
    """Yield the options of regions' attributes that a project describes as a label."""
    regions = attributes.get("region") if isinstance(attributes, dict) else None
    for attribute in regions.values() if isinstance(regions, dict) else ():
        options = attribute.get("options") if isinstance(attribute, dict) else None
        for option, description in options.items() if isinstance(options, dict) else ():
            if isinstance(description, str) and description in labels:
                yield option
