"""Data sets made of generated scenes, in the trees of the benchmarks.

Two files in a tree are not the benchmark's. ``scenes.json`` says how the scenes were
made, and tells a folder of ours from one with the real data set, which nothing may
overwrite. ``categories.json`` names the scenes of each category.
"""

import json
import os
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from lanedet.files import is_hidden, replace_file
from lanedet.formats import culane_label_path
from lanedet.runtime import hold_interrupts
from lanedet.simulation.arguments import check_whole
from lanedet.simulation.export.bdd100k import BDD100K_TREE
from lanedet.simulation.export.culane import CULANE_TREE, LISTS, category_lists
from lanedet.simulation.export.layout import Layout, Splits
from lanedet.simulation.export.scene_files import (
    PROVENANCE_FILE,
    SceneCollection,
    check_may_start_processes,
    check_num_workers,
    check_seed_is_free,
    make_scene_files,
)
from lanedet.simulation.export.tusimple import TUSIMPLE_TREE
from lanedet.structures import LaneSample

TREE_FORMATS = {
    "tusimple": TUSIMPLE_TREE,
    "culane": CULANE_TREE,
    "bdd100k": BDD100K_TREE,
}
"""The layouts of trees, by the names of the formats that tools use."""

CATEGORIES_FILE = "categories.json"
"""The file that lists the scenes of each category, by the category's name."""

MAX_SCENES = 10_000_000
"""Most scenes in one tree."""

PARTS_FOLDER = ".parts"
"""The folder in a tree that holds the labels of its parts until all are made."""

LABELS_PART = ".labels.part"
"""The folder in a tree in which its labels are written."""

_LABEL_FILES: dict[str, Callable[[Sequence[str]], Iterable[str]]] = {
    "tusimple": lambda _: TUSIMPLE_TREE.labels,
    "culane": lambda images: (
        *LISTS.values(),
        *category_lists().values(),
        *(culane_label_path(Path(), image).as_posix() for image in images),
    ),
    "bdd100k": lambda images: (
        Path("labels", *Path(image).parts[1:]).with_suffix(".json").as_posix()
        for image in images
    ),
}
"""The labels that a format has for images: paths in the tree, like the images'."""


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

    Scenes of an earlier run are replaced. Only files that it can have written are
    deleted; where others lie among them, or there was no such run, nothing is.

    Args:
        root: Folder of the data set; it is made.
        num_scenes: Number of scenes in all splits together, at least one for each, at
            most 10 million.
        seed: Names the collection, from 0 to 2 ** 32 - 1, but for RoadScenes' own
            (:data:`~lanedet.simulation.export.scene_files.BENCHMARK_SEEDS`).
        shape: (H, W) of the images, or None for those of the format.
        num_workers: Number of processes, at least 1.
        category: The category or mixture of all scenes, or None, see
            :func:`~lanedet.simulation.sampling.sampler.sample_scene`.
        tree_format: The benchmark's name, a key of :data:`TREE_FORMATS`.

    Returns:
        Number of scenes in each split.

    Raises:
        ValueError: If a number is out of its range, a name is unknown, or ``root``
            holds images or labels that were not generated.
        OSError: If a file cannot be written, or another process is making scenes in
            ``root``.
        RuntimeError: In a process that was started to make scenes and runs the lines of
            a script again that made it do so.
    """
    scenes = TreeScenes.checked(num_scenes, seed, shape, category, tree_format)
    check_num_workers(num_workers)
    check_may_start_processes()
    files_of_scenes(root, tree_format)  # the folder of others gets no lock either
    with only_writer(root, wait=False):
        if (root / PARTS_FOLDER).is_dir():
            raise ValueError(
                f"'{root}' holds parts of a data set that is made in several. Make the "
                "others, choose another folder, or delete this one."
            )
        _claim(root, scenes)
        splits = make_images(root, scenes, range(num_scenes), num_workers)
        part = root / LABELS_PART
        write_label_files(root, part, scenes.layout, splits)
        put_labels(root, part, scenes.layout)
    return {name: len(samples) for name, samples in splits.items()}


@dataclass(frozen=True)
class TreeScenes:
    """The scenes of a tree: which, how many, and in which format.

    Attributes:
        tree_format: The benchmark's name.
        num_scenes: Number of scenes in all splits together.
        collection: Of which these are the first.
    """

    tree_format: str
    num_scenes: int
    collection: SceneCollection

    @classmethod
    def checked(
        cls,
        num_scenes: int,
        seed: int,
        shape: tuple[int, int] | None,
        category: str | None,
        tree_format: str,
    ) -> Self:
        """Return the scenes that :func:`write_scene_tree` is asked for.

        Raises:
            ValueError: If there are none such.
        """
        if tree_format not in TREE_FORMATS:
            known = ", ".join(TREE_FORMATS)
            raise ValueError(
                f"tree_format must be one of {known}, got {tree_format!r}."
            )
        layout = TREE_FORMATS[tree_format]
        collection = SceneCollection(seed, shape or layout.shape, category)
        check_seed_is_free(seed)
        lowest = len(layout.shares)
        name = "num_scenes, one or more for each split,"
        check_whole(name, num_scenes, lowest, MAX_SCENES)
        return cls(tree_format, num_scenes, collection)

    @property
    def layout(self) -> Layout:
        """The layout of the format."""
        return TREE_FORMATS[self.tree_format]

    def provenance(self) -> dict[str, Any]:
        """Return what the tree's provenance file says."""
        return {
            "format": self.tree_format,
            "num": self.num_scenes,
            **self.collection.provenance(),
        }

    def splits_of(self, numbers: range) -> list[str]:
        """Return the split of each scene; they are dealt to the splits in order."""
        counts = self.layout.split_counts(self.num_scenes)
        ends = list(accumulate(counts.values()))
        names = list(counts)
        return [names[bisect_right(ends, number)] for number in numbers]


@contextmanager
def only_writer(root: Path, *, wait: bool) -> Iterator[None]:
    """Hold the folder's lock, the one that RoadScenes takes too.

    Args:
        root: The folder; it is made.
        wait: Whether to wait for whoever holds it.

    Raises:
        OSError: If another process holds it, and is not to be waited for.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".lock")
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except Timeout as error:
        raise OSError(
            f"Another process is making scenes in '{root}'. Wait until it is done, or "
            "choose another folder."
        ) from error
    try:
        yield
    finally:
        lock.release()


def make_images(
    root: Path, scenes: TreeScenes, numbers: range, num_workers: int
) -> dict[str, list[LaneSample]]:
    """Write the images of some scenes, and return their samples by split."""
    of_split = scenes.splits_of(numbers)
    tasks = [
        scenes.layout.task(name, number, scenes.collection.seed)
        for number, name in zip(numbers, of_split, strict=True)
    ]
    splits: dict[str, list[LaneSample]] = {name: [] for name in scenes.layout.shares}
    made = make_scene_files(root, scenes.collection, tasks, num_workers)
    for name, sample in zip(of_split, made, strict=True):
        splits[name].append(sample)
    return splits


def _claim(root: Path, scenes: TreeScenes) -> None:
    """Make the folder ours and remove our old scenes from it."""
    tree_format = scenes.tree_format
    _remove_scenes(root, tree_format, files_of_scenes(root, tree_format))
    write_provenance(root, scenes)


def write_provenance(folder: Path, scenes: TreeScenes) -> None:
    """Say in a folder how its scenes are made."""
    text = json.dumps(scenes.provenance(), indent=2) + "\n"
    replace_file(folder / PROVENANCE_FILE, text)


def files_of_scenes(root: Path, tree_format: str) -> list[str]:
    """Return what lies where scenes go, after checking that all of it is ours.

    Raises:
        ValueError: If some of it is not.
    """
    layout = TREE_FORMATS[tree_format]
    found = [name for top in _places(layout) for name in _files_in(root, top)]
    provenance_file = root / PROVENANCE_FILE
    if not provenance_file.is_file():
        # Of any format: a folder with two data sets would be neither's.
        tops = {top for each in TREE_FORMATS.values() for top in _places(each)}
        found = [name for top in sorted(tops) for name in _files_in(root, top)]
        if found:
            raise ValueError(
                f"'{root}' must not hold a data set that was not generated: it has "
                f"{_some(found)} but no {PROVENANCE_FILE}. Choose another folder, or "
                "move these files out of it."
            )
        return []
    num_scenes, seed = _read_provenance(provenance_file, tree_format)
    ours = _written_files(tree_format, num_scenes, seed)
    others = [name for name in found if name not in ours]
    if others:
        raise ValueError(
            f"'{root}' must hold no other files where new scenes replace old ones: "
            f"it has {_some(others)}, which is not of the scenes that its "
            f"{PROVENANCE_FILE} names. Choose another folder, or move these files out "
            "of it."
        )
    return found


def _places(layout: Layout) -> tuple[str, ...]:
    """Return where scenes go, in the order in which they are removed."""
    # The last labels first: who finds them takes the tree for complete.
    return (*reversed(layout.labels), CATEGORIES_FILE, *layout.image_folders)


def _files_in(root: Path, top: str) -> Iterator[str]:
    """Yield the paths of all files at or below a place, but for hidden ones.

    Links are files.
    """
    if not (root / top).is_dir() or (root / top).is_symlink():
        if os.path.lexists(root / top):
            yield top
        return
    for folder, folders, files in os.walk(root / top):
        folders[:] = sorted(name for name in folders if not is_hidden(name))
        for name in (*folders, *sorted(n for n in files if not is_hidden(n))):
            path = Path(folder, name)
            if name in files or path.is_symlink():
                yield path.relative_to(root).as_posix()


def _some(names: Sequence[str]) -> str:
    num_more = len(names) - 3
    shown = ", ".join(names[:3])
    return f"{shown} and {num_more:,} more" if num_more > 0 else shown


def _written_files(tree_format: str, num_scenes: int, seed: int) -> set[str]:
    """Return the paths of all files that scenes can have."""
    layout = TREE_FORMATS[tree_format]
    images = [
        # Of any split: another version may deal scenes to them otherwise.
        layout.task(split, number, seed).image
        for split in layout.shares
        for number in range(num_scenes)
    ]
    return {CATEGORIES_FILE, *images, *_LABEL_FILES[tree_format](images)}


def _read_provenance(provenance_file: Path, tree_format: str) -> tuple[int, int]:
    """Return the number and the seed of a folder's scenes, if of this format."""
    said = "unknown"
    try:
        provenance = json.loads(provenance_file.read_bytes())
        num_scenes, seed = int(provenance["num"]), int(provenance["seed"])
        said = provenance["format"] if num_scenes <= MAX_SCENES else "too many scenes"
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        num_scenes, seed = 0, 0
    if said != tree_format:
        raise ValueError(
            f"'{provenance_file.parent}' must be empty or hold scenes in the format "
            f"{tree_format}, got {said}. Choose another folder."
        )
    return num_scenes, seed


def _remove_scenes(root: Path, tree_format: str, names: Sequence[str]) -> None:
    """Delete these files, and the folders that are empty then."""
    for name in names:
        (root / name).unlink(missing_ok=True)
    for top in _places(TREE_FORMATS[tree_format]):
        for folder, _, _ in os.walk(root / top, topdown=False):
            with suppress(OSError):  # another's file came into it just now
                Path(folder).rmdir()


def write_label_files(root: Path, part: Path, layout: Layout, splits: Splits) -> None:
    """Write the labels into a folder of their own, for :func:`put_labels`.

    Args:
        root: Folder of the tree, for what lies beside the images.
        part: The folder; it is made anew.
        layout: Of the tree.
        splits: The samples.
    """
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    layout.write_labels(root, part, splits)
    scenes_of = _scenes_of_categories(splits)
    if scenes_of:
        write_categories(part, scenes_of)


def write_categories(folder: Path, scenes_of: Mapping[str, Sequence[str]]) -> None:
    """Write the list of the scenes of each category."""
    text = json.dumps(scenes_of, indent=2) + "\n"
    replace_file(folder / CATEGORIES_FILE, text)


def put_labels(root: Path, part: Path, layout: Layout) -> None:
    """Put labels in their places: the tree is complete with the last of them."""
    names = [CATEGORIES_FILE, *layout.labels]
    with hold_interrupts():
        for name in names:
            if (part / name).exists():
                (part / name).replace(root / name)
        part.rmdir()


def _scenes_of_categories(splits: Splits) -> dict[str, list[str]]:
    scenes_of: dict[str, list[str]] = {}
    for samples in splits.values():
        for sample in samples:
            if "category" in sample:
                scenes_of.setdefault(sample.category, []).append(sample.raw_file)
    return scenes_of
