"""BDD100K's tree on disk: where labels lie, what each split is, and writers.

Labels come in four forms, of which any may be present: JSON of curves, per image or in
one list (:mod:`lanedet.formats.bdd100k_json`), masks of lane bytes
(:mod:`lanedet.formats.bdd100k_bytes`) and binary masks that others derived. Curves
become ``gt_lanes``. A mask stays a file, named in ``gt_mask_path``: which pixels are
lanes is all that it says.

Format: https://doc.bdd100k.com/format.html. Derived masks:
https://github.com/cardwing/Codes-for-Lane-Detection (ENet-BDD100K-Torch) and
https://github.com/hustvl/YOLOP.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from lanedet.files import check_name_length, is_hidden, replace_file
from lanedet.formats.bdd100k_bytes import (
    LANE_BACKGROUND,
    LANE_CATEGORIES,
    encode_lane_byte,
)
from lanedet.formats.bdd100k_curves import centre_lines
from lanedet.formats.bdd100k_json import LabelledImage, read_bdd100k_json
from lanedet.formats.label_faults import LabelFaults
from lanedet.formats.label_scale import LabelScale
from lanedet.formats.picture_files import FileFinder
from lanedet.images import IMAGE_SUFFIXES, write_image
from lanedet.ops import draw_lane_mask
from lanedet.structures import LaneSample

Split = Literal["train", "val", "test"]

BDD100K_SHAPE = (720, 1280)
"""(H, W) of every image of the data set."""

# SAD tests on the official validation images: the official test images are unlabelled.
_FOLDER_OF_SPLIT = {"train": "train", "val": "train", "test": "val"}

# Where the releases put labels and images, {} being "train" or "val". The first that
# exists counts; curves come before masks, for they can be moved and drawn anew.
_LABELS = (
    "labels/lane/polygons/lane_{}.json",
    "labels/bdd100k_labels_images_{}.json",
    "labels/100k/{}",
    "{}_label/final_{}",
    "ll_seg_annotations/{}",
    "bdd_lane_gt/{}",
    "labels/lane/masks/{}",
)
_IMAGES = ("images/100k/{}", "images/{}", "{}_img/{}")
_ROOTS = ("", "bdd100k")  # the archives unpack into a folder of this name


def find_bdd100k_labels(data_root: Path, split: Split) -> Path:
    """Return the label file or folder that a split is read from.

    Raises:
        FileNotFoundError: If there is none; the message says where one may lie.
        ValueError: If there is no such split.
    """
    places = _places(data_root, _LABELS, split)
    found = next((place for place in places if place.exists()), None)
    if found is None:
        tried = ", ".join(str(place.relative_to(data_root)) for place in places[:7])
        raise FileNotFoundError(
            f"No BDD100K labels of the split {split!r} under '{data_root}'. Looked "
            f"for {tried}. Follow data/README.md, or name the label file or folder."
        )
    return found


def find_bdd100k_images(data_root: Path, split: Split) -> Path:
    """Return the folder of a split's images, or where it should be."""
    places = _places(data_root, _IMAGES, split)
    return next((place for place in places if place.is_dir()), places[0])


def read_bdd100k_labels(
    labels: Path,
    image_folder: Path,
    faults: LabelFaults,
    drop_vertical: bool = True,
    drop_crosswalks: bool = True,
    label_shape: tuple[int, int] | None = None,
) -> Iterator[LaneSample]:
    """Yield the labelled images of a label file or folder.

    Args:
        labels: A JSON list (``.json``), a folder of JSON files, one per image, or a
            folder of masks (``.png``).
        image_folder: Folder of the images. Of these, the names are looked at: one may
            be spelt otherwise, or have another suffix than ``.jpg``.
        faults: Takes broken labels. Masks are opened later, not here.
        drop_vertical: Leave out curves across the road, such as stop lines.
        drop_crosswalks: Leave out the edges of crosswalks.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies. Labels are scaled to them, and the
            benchmark scores in pixels of that size. None: they were not resized.

    Yields:
        Samples in the file's order, or sorted by name. Meta information: ``raw_file``
        (the image's name), ``img_path`` and, with a mask, ``gt_mask_path``; and with
        ``label_shape`` that and ``ori_shape``.
        ``gt_lanes`` are centre lines; with a mask it is empty.

    Raises:
        FileNotFoundError: If there are no such labels.
        LabelError: If a label is broken and ``faults`` does not take it; with
            ``label_shape`` also if a label does not fit it, an image is missing, or
            images differ in size.
    """
    scale = None if label_shape is None else LabelScale(label_shape)
    masks = _files_in(labels, "*.png") if labels.is_dir() else []
    finder = FileFinder()
    for mask in masks:
        sample = _sample(mask.stem, image_folder, finder)
        sample.set_metainfo({"gt_mask_path": str(mask)})
        with faults.allow():
            if scale is not None:
                scale.apply(sample, str(mask))
            yield sample
    if masks:
        return
    for image in _labelled_images(labels, faults):
        kept = [
            mark
            for mark in image.marks
            if not (drop_vertical and mark.direction == "vertical")
            and not (drop_crosswalks and mark.category == "crosswalk")
        ]
        sample = _sample(image.name, image_folder, finder)
        sample.gt_lanes = centre_lines(kept)
        with faults.allow():
            if scale is not None:
                scale.apply(sample, image.where)
            yield sample


def write_bdd100k_labels(
    folder: Path, samples: Iterable[LaneSample], category: str = "single white"
) -> None:
    """Write labels of the form of one JSON file per image.

    Each lane becomes one curve of corners. Its label's numbers are two apart, so that
    a reader takes no two lanes for the edges of one.

    Args:
        folder: Folder to write to; it is made. Files are named after the images.
        samples: With ``gt_lanes`` and the meta information ``raw_file``. A lane of
            fewer than two points is left out.
        category: Category of all lanes, for polylines have none.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If the category is unknown, a sample lacks a field or two have one
            name. Nothing is written then.
    """
    if category not in LANE_CATEGORIES:
        raise ValueError(
            f"category must be one of {LANE_CATEGORIES}, got {category!r}."
        )
    samples = list(samples)
    for number, sample in enumerate(samples):
        for field in ("gt_lanes", "raw_file"):
            if field not in sample:
                raise ValueError(f"samples[{number}] must have {field} to be written.")
    outputs = _outputs(folder, samples, ".json")
    folder.mkdir(parents=True, exist_ok=True)
    for sample, path in zip(samples, outputs, strict=True):
        objects = [
            {
                "category": f"lane/{category}",
                "id": 2 * index,
                "attributes": {"direction": "parallel", "style": "solid"},
                "poly2d": [[float(x), float(y), "L"] for x, y in lane],
            }
            for index, lane in enumerate(sample.gt_lanes)
            if len(lane) >= 2
        ]
        record = {
            "name": sample.raw_file,
            "frames": [{"timestamp": 10000, "objects": objects}],
        }
        replace_file(path, json.dumps(record))


def write_bdd100k_masks(
    folder: Path, samples: Iterable[LaneSample], width_px: float = 2.0
) -> None:
    """Draw lanes into binary masks, 0 and 255, as labels of the pixel protocols.

    Args:
        folder: Folder to write to; it is made. Files are named ``<image>.png``.
        samples: With ``gt_lanes`` and the meta information ``raw_file``, and
            ``ori_shape`` where it is not :data:`BDD100K_SHAPE`.
        width_px: Width of a lane: SAD uses 2 for tests and 8 for training.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If two samples have one name. Nothing is written then.
    """
    samples = list(samples)
    for sample, path in zip(samples, _outputs(folder, samples, ".png"), strict=True):
        shape = sample.get("ori_shape", BDD100K_SHAPE)
        mask = draw_lane_mask(sample.gt_lanes, shape, width_px)
        write_image(path, mask.astype(np.uint8) * 255)


def write_bdd100k_lane_bytes(
    folder: Path,
    samples: Iterable[LaneSample],
    category: str = "single white",
    style: str = "solid",
    width_px: float = 1.4,
) -> None:
    """Draw lanes into masks of lane bytes, the submissions of the benchmark.

    A polyline tells neither category nor style, so all lanes get the given ones. The
    benchmark labels both edges of a mark: what is drawn here should be edges too.

    Args:
        folder: Folder to write to; it is made. Files are named ``<image>.png``.
        samples: As for :func:`write_bdd100k_masks`.
        category: Category of all lanes.
        style: ``solid`` or ``dashed``.
        width_px: Width of a line. The benchmark's own lines measure 1.4.

    Raises:
        OSError: If a file cannot be written.
        ValueError: If category or style are unknown or two samples have one name.
    """
    byte = encode_lane_byte(category, style, "parallel")
    samples = list(samples)
    for sample, path in zip(samples, _outputs(folder, samples, ".png"), strict=True):
        shape = sample.get("ori_shape", BDD100K_SHAPE)
        mask = draw_lane_mask(sample.gt_lanes, shape, width_px)
        lane_bytes = np.where(mask, byte, LANE_BACKGROUND).astype(np.uint8)
        write_image(path, lane_bytes)


def _outputs(folder: Path, samples: Sequence[LaneSample], suffix: str) -> list[Path]:
    """Return where each image's label goes, after checking that all can be written."""
    paths = [folder / f"{sample.raw_file}{suffix}" for sample in samples]
    names: set[Path] = set()
    for path in paths:
        check_name_length(path)
        if path in names:
            raise ValueError(
                f"Each image must have a name of its own, but '{path}' is the label of "
                "two. Rename one, or write them to two folders."
            )
        names.add(path)
    return paths


def _places(data_root: Path, patterns: Sequence[str], split: Split) -> list[Path]:
    if split not in _FOLDER_OF_SPLIT:
        raise ValueError(
            f"split must be one of {sorted(_FOLDER_OF_SPLIT)}, got {split!r}."
        )
    folder = _FOLDER_OF_SPLIT[split]
    return [
        data_root / root / pattern.replace("{}", folder)
        for root in _ROOTS
        for pattern in patterns
    ]


def _labelled_images(labels: Path, faults: LabelFaults) -> Iterator[LabelledImage]:
    if not labels.is_dir():
        yield from read_bdd100k_json(labels, faults)
        return
    files = _files_in(labels, "*.json")
    if not files:
        raise FileNotFoundError(
            f"No labels in '{labels}': it must hold JSON files or masks (*.png), one "
            "per image."
        )
    for file in files:
        yield from read_bdd100k_json(file, faults)


def _files_in(folder: Path, pattern: str) -> list[Path]:
    """Return the files in a folder, not below it, that are not hidden, sorted."""
    return sorted(
        path
        for path in folder.glob(pattern)
        if path.is_file() and not is_hidden(path.name)
    )


def _sample(name: str, image_folder: Path, finder: FileFinder) -> LaneSample:
    image = image_folder / f"{name}.jpg"
    found = finder.find(image) or finder.find(image_folder / name, IMAGE_SUFFIXES)
    metainfo = {"raw_file": name, "img_path": str(found or image)}
    sample = LaneSample(metainfo=metainfo)
    sample.gt_lanes = []
    return sample
