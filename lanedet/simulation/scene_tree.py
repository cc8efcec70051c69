"""Data sets made of generated scenes, in the trees of the benchmarks.

Two files in a tree are not the benchmark's. ``scenes.json`` says how the scenes were
made, and tells a folder of ours from one with the real data set, which nothing may
overwrite. ``categories.json`` names the scenes of each category.
"""

import json
import shutil
from pathlib import Path

from lanedet.runtime import hold_interrupts
from lanedet.simulation.bdd100k_tree import BDD100K_TREE
from lanedet.simulation.culane_tree import CULANE_TREE
from lanedet.simulation.scene_files import (
    PROVENANCE_FILE,
    SceneCollection,
    check_num_workers,
    make_scene_files,
)
from lanedet.simulation.tree_format import Splits, TreeFormat
from lanedet.simulation.tusimple_tree import TUSIMPLE_TREE
from lanedet.structures import LaneSample

TREE_FORMATS = {
    "tusimple": TUSIMPLE_TREE,
    "culane": CULANE_TREE,
    "bdd100k": BDD100K_TREE,
}
"""By the names that tools use."""

CATEGORIES_FILE = "categories.json"
"""Lists the scenes of each category, by the category's name."""


def write_scene_tree(
    root: Path,
    num_scenes: int,
    seed: int,
    shape: tuple[int, int] | None = None,
    num_workers: int = 1,
    category: str | None = None,
    tree_format: str = "tusimple",
) -> dict[str, int]:
    """Make scenes and write them as a data set.

    The files do not depend on the number of workers. Labels are put in place last, and
    old ones are removed first: a tree with labels is complete.

    Args:
        root: Folder of the data set; it is made. Scenes in it are replaced.
        num_scenes: Number of scenes in all splits together, at least one for each.
        seed: Names the collection, from 0 to 2 ** 32 - 1.
        shape: (H, W) of the images, or None for those of the format.
        num_workers: Number of processes, at least 1.
        category: Of which category or mixture all scenes are, or None, see
            :func:`~lanedet.simulation.sampler.sample_scene`.
        tree_format: Whose tree, a key of :data:`TREE_FORMATS`.

    Returns:
        Number of scenes in each split.

    Raises:
        ValueError: If a number is out of its range, a name is unknown, or ``root``
            holds labels that were not generated.
        OSError: If a file cannot be written.
    """
    if tree_format not in TREE_FORMATS:
        known = ", ".join(TREE_FORMATS)
        raise ValueError(f"tree_format must be one of {known}, got {tree_format!r}.")
    layout = TREE_FORMATS[tree_format]
    collection = SceneCollection(seed, shape or layout.shape, category)
    if num_scenes < len(layout.shares):
        raise ValueError(
            f"num_scenes must be at least {len(layout.shares)}, one for each split, "
            f"got {num_scenes}."
        )
    check_num_workers(num_workers)
    _claim(root, tree_format, num_scenes, collection)
    counts = layout.split_counts(num_scenes)
    of_split = [name for name, count in counts.items() for _ in range(count)]
    tasks = [layout.task(name, number, seed) for number, name in enumerate(of_split)]
    splits: dict[str, list[LaneSample]] = {name: [] for name in counts}
    made = make_scene_files(root, collection, tasks, num_workers)
    for name, sample in zip(of_split, made, strict=True):
        splits[name].append(sample)
    _write_labels(root, layout, splits)
    return counts


def _claim(
    root: Path, tree_format: str, num_scenes: int, collection: SceneCollection
) -> None:
    """Make the folder ours and remove our old scenes from it."""
    layout = TREE_FORMATS[tree_format]
    found = [name for name in layout.labels if (root / name).exists()]
    provenance_file = root / PROVENANCE_FILE
    if provenance_file.is_file():
        _check_format(provenance_file, tree_format)
        _remove_scenes(root, layout)
    elif found:
        raise ValueError(
            f"'{root}' must not hold a data set that was not generated: it has "
            f"{found[0]} but no {PROVENANCE_FILE}. Choose another folder, or delete "
            f"{', '.join(found)} if nobody needs them."
        )
    root.mkdir(parents=True, exist_ok=True)
    provenance = {
        "format": tree_format,
        "num": num_scenes,
        **collection.provenance(),
    }
    text = json.dumps(provenance, indent=2) + "\n"
    provenance_file.write_text(text, encoding="utf-8")


def _check_format(provenance_file: Path, tree_format: str) -> None:
    """Raise ValueError if the scenes of a folder have another format."""
    try:
        found = json.loads(provenance_file.read_bytes())["format"]
    except (ValueError, KeyError, TypeError):
        found = "unknown"
    if found != tree_format:
        raise ValueError(
            f"'{provenance_file.parent}' must be empty or hold scenes in the format "
            f"{tree_format}, got {found}. Choose another folder, or delete this one."
        )


def _remove_scenes(root: Path, layout: TreeFormat) -> None:
    # The last first: who finds it takes the tree for complete.
    for name in (*reversed(layout.labels), CATEGORIES_FILE):
        if (root / name).is_dir():
            shutil.rmtree(root / name)
        else:
            (root / name).unlink(missing_ok=True)
    for folder in layout.image_folders:
        shutil.rmtree(root / folder, ignore_errors=True)


def _write_labels(root: Path, layout: TreeFormat, splits: Splits) -> None:
    """Write all labels, under their names only when whole."""
    part = root / ".labels.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    layout.write_labels(root, part, splits)
    names = list(layout.labels)
    scenes_of = _scenes_of_categories(splits)
    if scenes_of:
        text = json.dumps(scenes_of, indent=2) + "\n"
        (part / CATEGORIES_FILE).write_text(text, encoding="utf-8")
        names.insert(0, CATEGORIES_FILE)
    with hold_interrupts():
        for name in names:
            (part / name).replace(root / name)
        part.rmdir()


def _scenes_of_categories(splits: Splits) -> dict[str, list[str]]:
    scenes_of: dict[str, list[str]] = {}
    for samples in splits.values():
        for sample in samples:
            if "category" in sample:
                scenes_of.setdefault(sample.category, []).append(sample.raw_file)
    return scenes_of
