"""Trees of scenes that several machines make, a part each.

A scene is made of its collection and its number alone, so it does not matter where. A
part is a range of numbers. Its images go to their places in the tree; its labels wait
in a hidden folder of the tree until all parts are there, and then become the files that
one machine would have written.

The machines may share the folder. Or each makes its parts in one of its own, and these
are copied together: no two parts have a file in common but those that are equal.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lanedet.files import claim_folder
from lanedet.formats import culane_label_path
from lanedet.runtime import progress_bar
from lanedet.simulation.export.scene_files import (
    PROVENANCE_FILE,
    check_may_start_processes,
    check_num_workers,
)
from lanedet.simulation.export.scene_tree import (
    CATEGORIES_FILE,
    LABELS_PART,
    PARTS_FOLDER,
    TreeScenes,
    files_of_scenes,
    make_images,
    only_writer,
    put_labels,
    write_categories,
    write_label_files,
    write_provenance,
)

_WHOLE = "whole"  # the name in a part's folder of its labels, when they are written
_WRITTEN = "labels.part"  # and before


class ScenePart(NamedTuple):
    """One of the parts of a tree."""

    number: int
    """From 1."""

    num_parts: int
    """Number of parts, at least 1."""

    def numbers(self, num_scenes: int) -> range:
        """Return the numbers of its scenes, of so many in all parts together."""
        begin, end = (
            each * num_scenes // self.num_parts
            for each in (self.number - 1, self.number)
        )
        return range(begin, end)


def write_scene_part(
    root: Path,
    part: ScenePart,
    num_scenes: int,
    seed: int,
    shape: tuple[int, int] | None = None,
    num_workers: int = 1,
    category: str | None = None,
    tree_format: str = "tusimple",
) -> list[int]:
    """Make a part of the scenes of a tree, and complete the tree if it was the last.

    The tree is then the one of
    :func:`~lanedet.simulation.export.scene_tree.write_scene_tree`, byte for byte. A
    part that is there is not made again, one that was interrupted is, from its
    beginning.

    Args:
        root: Folder of the tree; it is made.
        part: Which part of how many.
        num_scenes: Number of scenes of all parts together. This and what follows are
            as for ``write_scene_tree``, and equal for all parts.
        seed: Names the collection.
        shape: (H, W) of the images, or None for those of the format.
        num_workers: Number of processes, at least 1.
        category: The category or mixture of all scenes, or None.
        tree_format: The benchmark's name.

    Returns:
        The parts that are missing. Without any the tree is complete.

    Raises:
        ValueError: If an argument is out of its range, or ``root`` holds other scenes,
            or images or labels that were not generated.
        ClaimedError: An OSError, if another process is making this part.
        OSError: If a file cannot be written.
    """
    scenes = TreeScenes.checked(num_scenes, seed, shape, category, tree_format)
    if not 1 <= part.number <= part.num_parts <= num_scenes:
        raise ValueError(
            f"A part must be one of 1 to N of N parts, N at most num_scenes="
            f"{num_scenes}, got {part.number} of {part.num_parts}."
        )
    check_num_workers(num_workers)
    check_may_start_processes()
    is_cleared = not (root / PARTS_FOLDER).is_dir()
    if is_cleared and _is_begun(root, scenes) and _is_complete(root, scenes):
        return []
    with only_writer(root, wait=True):
        if not _is_begun(root, scenes):
            if files_of_scenes(root, tree_format):
                raise _other_scenes(root, "a data set that is complete")
            write_provenance(root, scenes)
    _check_num_parts(root, part.num_parts)
    folder = _folder(root, part)
    with claim_folder(folder):
        is_made = (folder / _WHOLE).is_dir() or _is_complete(root, scenes)
        if not is_made:
            splits = make_images(root, scenes, part.numbers(num_scenes), num_workers)
            write_label_files(root, folder / _WRITTEN, scenes.layout, splits)
            write_provenance(folder, scenes)
            (folder / _WRITTEN).rename(folder / _WHOLE)
    with only_writer(root, wait=True):
        return _complete(root, scenes, part.num_parts)


def _folder(root: Path, part: ScenePart) -> Path:
    return root / PARTS_FOLDER / f"{part.number}_of_{part.num_parts}"


def _is_begun(root: Path, scenes: TreeScenes) -> bool:
    """Tell whether a tree is of these scenes; False for one of none.

    Raises:
        ValueError: If it is one of other scenes.
    """
    file = root / PROVENANCE_FILE
    if not file.is_file():
        return False
    _check_provenance(file, scenes)
    return True


def _check_provenance(file: Path, scenes: TreeScenes) -> None:
    expected = scenes.provenance()
    try:
        found: Mapping[str, Any] = dict(json.loads(file.read_bytes()))
    except (ValueError, TypeError, RecursionError):
        found = {}
    different = [
        f"{key} {found.get(key)!r} instead of {expected[key]!r}"
        for key in expected
        if found.get(key) != expected[key]
    ]
    if different:
        raise _other_scenes(file.parent, ", ".join(different))


def _other_scenes(folder: Path, what: str) -> ValueError:
    return ValueError(
        f"'{folder}' must hold parts of the same scenes, drawn by the same version of "
        f"lanedet, or nothing: it has {what}. Choose another folder, or delete this "
        "one."
    )


def _check_num_parts(root: Path, num_parts: int) -> None:
    for folder in sorted((root / PARTS_FOLDER).glob("*_of_*")):
        found = folder.name.rpartition("_")[2]
        if found != str(num_parts):
            raise _other_scenes(root, f"parts of {found} instead of {num_parts}")


def _is_complete(root: Path, scenes: TreeScenes) -> bool:
    return (root / scenes.layout.labels[-1]).exists()


def _complete(root: Path, scenes: TreeScenes, num_parts: int) -> list[int]:
    """Write the labels of the tree if all parts are there; return those that are not.

    Raises:
        ValueError: If an image of a part, or a label beside it, is absent, or a part is
            of other scenes.
    """
    if _is_complete(root, scenes):  # another process was faster
        shutil.rmtree(root / PARTS_FOLDER, ignore_errors=True)
        return []
    parts = [ScenePart(number, num_parts) for number in range(1, num_parts + 1)]
    folders = [_folder(root, part) for part in parts]
    missing = [
        part.number
        for part, folder in zip(parts, folders, strict=True)
        if not (folder / _WHOLE).is_dir()
    ]
    if missing:
        return missing
    for part, folder in zip(parts, folders, strict=True):
        _check_provenance(folder / PROVENANCE_FILE, scenes)
        _check_images(root, scenes, part)
    written = root / LABELS_PART
    shutil.rmtree(written, ignore_errors=True)
    written.mkdir()
    labels = [folder / _WHOLE for folder in folders]
    for folder in progress_bar(labels, desc="labels", unit="part"):
        _append(folder, written)
    _join_categories(labels, written)
    put_labels(root, written, scenes.layout)
    shutil.rmtree(root / PARTS_FOLDER)
    return []


def _check_images(root: Path, scenes: TreeScenes, part: ScenePart) -> None:
    numbers = part.numbers(scenes.num_scenes)
    for number, split in zip(numbers, scenes.splits_of(numbers), strict=True):
        image = scenes.layout.task(split, number, scenes.collection.seed).image
        needed = [root / image]
        if scenes.tree_format == "culane":
            needed.append(culane_label_path(root, image))
        for path in needed:
            if not path.is_file():
                raise ValueError(
                    f"'{path}' must be there: part {part.number} has made it. Copy the "
                    "whole folders of all parts together, the hidden ones too, or "
                    f"delete '{_folder(root, part)}' and make the part again."
                )


def _append(folder: Path, written: Path) -> None:
    """Add the labels of a part to those before it."""
    for path in sorted(folder.rglob("*")):
        target = written / path.relative_to(folder)
        if path.is_dir():
            target.mkdir(exist_ok=True)
        elif path.name != CATEGORIES_FILE:
            with path.open("rb") as source, target.open("ab") as file:
                shutil.copyfileobj(source, file)


def _join_categories(folders: Sequence[Path], written: Path) -> None:
    scenes_of: dict[str, list[str]] = {}
    for folder in folders:
        if (folder / CATEGORIES_FILE).is_file():
            own = json.loads((folder / CATEGORIES_FILE).read_bytes())
            for category, scenes in own.items():
                scenes_of.setdefault(category, []).extend(scenes)
    if scenes_of:
        write_categories(written, scenes_of)
