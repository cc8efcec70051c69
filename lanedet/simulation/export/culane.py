"""A CULane data set made of generated scenes.

Lists and lane files are those of the benchmark, so its reader reads the result:

* ``list/train_gt.txt``, ``val_gt.txt`` and ``test.txt`` name the images,
* ``list/test_split/test0_normal.txt`` and so on name the test images of a category, and
  go on after the benchmark's nine with those that only we have,
* beside an image ``scenes_test/000000.jpg`` lies ``000000.lines.txt``.

No folder is called ``driver_*``: those hold the real data set.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from lanedet.formats import (
    CULANE_SHAPE,
    culane_rows,
    sample_culane_lane,
    write_culane_labels,
    write_culane_list,
)
from lanedet.simulation.export.layout import Layout, Splits
from lanedet.simulation.export.scene_files import SceneTask
from lanedet.simulation.sampling.categories import CATEGORIES, CULANE_FRAMES
from lanedet.structures import LaneSample

LISTS = {
    "train": "list/train_gt.txt",
    "val": "list/val_gt.txt",
    "test": "list/test.txt",
}
"""The list of each split."""

_NAMES = {
    "crowded": "crowd",
    "dazzle": "hlight",
    "no_line": "noline",
    "crossroad": "cross",
}


def category_lists() -> dict[str, str]:
    """Return each category's list of test images, by the category's name."""
    others = [name for name in CATEGORIES if name not in CULANE_FRAMES]
    return {
        name: f"list/test_split/test{number}_{_NAMES.get(name, name)}.txt"
        for number, name in enumerate((*CULANE_FRAMES, *others))
    }


def culane_task(split: str, number: int, seed: int) -> SceneTask:
    """Return where a scene goes."""
    del seed
    image = f"scenes_{split}/{number:06d}.jpg"
    return SceneTask(number, image, image)


def write_lane_files(root: Path, samples: Iterable[LaneSample]) -> None:
    """Write lanes as the benchmark labels them: points on rows, from the bottom up."""
    labelled = []
    for sample in samples:
        on_rows = LaneSample(metainfo={"raw_file": sample.raw_file})
        rows = culane_rows(sample.ori_shape[0])
        on_rows.gt_lanes = [sample_culane_lane(lane, rows) for lane in sample.gt_lanes]
        labelled.append(on_rows)
    write_culane_labels(root, labelled)


def write_category_lists(root: Path, categories: Mapping[str, str]) -> None:
    """Write the list of each category that test images are of.

    Args:
        root: Folder of ``list/``.
        categories: Our name of the category of each image, by the image's name.
    """
    for category, list_file in category_lists().items():
        names = [name for name in categories if categories[name] == category]
        if names:
            write_culane_list(root / list_file, names)


def _write_labels(root: Path, part: Path, splits: Splits) -> None:
    for split, samples in splits.items():
        write_lane_files(root, samples)
        write_culane_list(part / LISTS[split], _names(samples))
    write_category_lists(
        part,
        {
            sample.raw_file: sample.category
            for sample in splits["test"]
            if "category" in sample
        },
    )


def _names(samples: Sequence[LaneSample]) -> list[str]:
    return [sample.raw_file for sample in samples]


CULANE_TREE = Layout(
    shape=CULANE_SHAPE,
    shares={"train": 0.8, "val": 0.1, "test": 0.1},
    image_folders=tuple(f"scenes_{split}" for split in LISTS),
    labels=("list",),
    task=culane_task,
    write_labels=_write_labels,
)
