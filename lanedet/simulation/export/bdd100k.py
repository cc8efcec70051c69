"""A BDD100K data set made of generated scenes.

Images lie in ``images/100k/<folder>/<name>.jpg``, their labels, one JSON file each, in
``labels/100k/<folder>/<name>.json``, for the official folders ``train``, ``val`` and
``test``. The benchmark labels no test images; these are labelled too.
"""

from pathlib import Path

from lanedet.formats import BDD100K_SHAPE, write_bdd100k_labels
from lanedet.simulation.export.layout import Layout, Splits
from lanedet.simulation.export.scene_files import SceneTask


def _task(folder: str, number: int, seed: int) -> SceneTask:
    name = f"{seed:08x}-{number:08x}"
    return SceneTask(number, f"images/100k/{folder}/{name}.jpg", name)


def _write_labels(root: Path, part: Path, splits: Splits) -> None:
    del root
    for folder, samples in splits.items():
        write_bdd100k_labels(part / "labels/100k" / folder, samples)


BDD100K_TREE = Layout(
    shape=BDD100K_SHAPE,
    shares={"train": 0.7, "val": 0.2, "test": 0.1},
    image_folders=tuple(f"images/100k/{folder}" for folder in ("train", "val", "test")),
    labels=("labels",),
    task=_task,
    write_labels=_write_labels,
)
