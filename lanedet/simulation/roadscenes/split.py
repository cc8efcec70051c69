"""Splits of RoadScenes: generated scenes that make themselves on first use."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from tqdm import tqdm

from lanedet.files import replace_file
from lanedet.formats import culane_label_path, read_culane_list, write_culane_list
from lanedet.simulation.export.culane import (
    CULANE_TREE,
    LISTS,
    write_category_lists,
    write_lane_files,
)
from lanedet.simulation.export.scene_files import (
    PROVENANCE_FILE,
    SceneCollection,
    SceneTask,
    check_may_start_processes,
    make_scene_files,
    num_scene_workers,
)
from lanedet.simulation.roadscenes.freezing import check_drawn_alike
from lanedet.simulation.sampling.categories import deal_category


def make_split(
    root: Path, split: str, collection: SceneCollection, num_scenes: int
) -> None:
    """Make the first scenes of a collection, unless they are there.

    Scenes that are added to others must be drawn as they are.

    Args:
        root: Folder of the CULane tree; it is made.
        split: ``train``, ``val`` or ``test``.
        collection: The scenes.
        num_scenes: How many there must be.

    Raises:
        ValueError: If the folder of the split holds other scenes, or scenes of another
            drawing that are to be continued, or the tree is another data set's.
        RuntimeError: In a process that was started to make scenes and runs the lines of
            a script again that made it do so.
        OSError: If a file cannot be written.
    """
    if _num_listed(root, split, collection) >= num_scenes:
        return
    check_may_start_processes()
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".lock")
    try:
        lock.acquire(timeout=1)
    except Timeout:
        tqdm.write(f"Waiting for the process that makes scenes in {root}.")
        lock.acquire()
    try:
        if _num_listed(root, split, collection) < num_scenes:
            _make_missing(root, split, collection, num_scenes)
    finally:
        lock.release()


def _num_listed(root: Path, split: str, collection: SceneCollection) -> int:
    """Return how many scenes of a split are complete, after checking whose they are."""
    list_file, folder = root / LISTS[split], _folder(root, split)
    if (root / PROVENANCE_FILE).is_file():
        raise ValueError(
            f"'{root}' must hold scenes of RoadScenes or nothing: it has a "
            f"{PROVENANCE_FILE}, so lanedet scenes makes another data set there. "
            "Choose another folder."
        )
    if (folder / PROVENANCE_FILE).is_file():
        _check_provenance(folder / PROVENANCE_FILE, collection)
    elif list_file.is_file() or _holds_files(folder):
        found = list_file if list_file.is_file() else folder
        raise ValueError(
            f"'{root}' must hold scenes of RoadScenes or nothing: it has "
            f"{found.relative_to(root)}, but no {folder.name}/{PROVENANCE_FILE}. "
            "Choose another folder."
        )
    return len(read_culane_list(list_file)) if list_file.is_file() else 0


def _check_provenance(provenance_file: Path, collection: SceneCollection) -> None:
    expected = collection.provenance()
    try:
        found = dict(json.loads(provenance_file.read_bytes()))
    except (ValueError, TypeError):
        found = {}
    if "drawing" not in found and "seed" in found:
        raise ValueError(
            f"'{provenance_file.parent}' does not say which drawing made its scenes: a "
            "version of lanedet worked on it that did not check that they are all of "
            "one. Delete the folder of the data set, and they are made anew."
        )
    # Whether another drawing draws the same, only its scenes can tell.
    different = [
        f"{key} {found.get(key)!r} instead of {expected[key]!r}"
        for key in ("seed", "size", "category")
        if found.get(key) != expected[key]
    ]
    if different:
        raise ValueError(
            f"'{provenance_file.parent}' holds other scenes: {', '.join(different)}. "
            "Choose another folder, or delete this one."
        )


def _make_missing(
    root: Path, split: str, collection: SceneCollection, num_scenes: int
) -> None:
    """Make what an earlier run has not, and list all."""
    folder, part = _folder(root, split), root / ".part"
    tasks = [
        CULANE_TREE.task(split, number, collection.seed) for number in range(num_scenes)
    ]
    made = [task for task in tasks if _is_made(root, task)]
    check_drawn_alike(root, collection, made)
    folder.mkdir(exist_ok=True)
    text = json.dumps(collection.provenance(), indent=2) + "\n"
    replace_file(folder / PROVENANCE_FILE, text)
    missing = sorted({*tasks} - {*made})
    for task in missing:  # a label without its image would stand for half of one
        culane_label_path(root, task.image).unlink(missing_ok=True)
    num_workers = num_scene_workers(len(missing))
    tqdm.write(f"Making {len(missing):,} scenes in {folder}, once.")
    for sample in make_scene_files(
        root, collection, missing, num_workers, f"{split} scenes"
    ):
        write_lane_files(part, [sample])
        # Only whole ones: an empty label file says that there is no lane.
        _move(part, root, culane_label_path(Path(), sample.raw_file))
    if split == "test":
        _list_categories(root, [task.image for task in tasks], collection)
    write_culane_list(part / LISTS[split], [task.image for task in tasks])
    _move(part, root, Path(LISTS[split]))
    shutil.rmtree(part)


def _is_made(root: Path, task: SceneTask) -> bool:
    return all(
        path.is_file()
        for path in (root / task.image, culane_label_path(root, task.image))
    )


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _list_categories(
    root: Path, images: Sequence[str], collection: SceneCollection
) -> None:
    if collection.category is not None:
        write_category_lists(
            root,
            {
                image: deal_category(collection.seed, number, collection.category)
                for number, image in enumerate(images)
            },
        )


def _move(part: Path, root: Path, name: Path) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (part / name).replace(root / name)


def _folder(root: Path, split: str) -> Path:
    return root / f"scenes_{split}"
