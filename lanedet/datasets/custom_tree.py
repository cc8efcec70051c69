"""Samples of your own as a tree that a config trains on."""

import hashlib
import math
import os
import shutil
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.files import check_name_length, whole_folder
from lanedet.formats.annotations.pictures import Picture
from lanedet.formats.culane import culane_label_path, write_culane_labels
from lanedet.formats.culane_lists import write_culane_list
from lanedet.formats.tusimple import write_tusimple_labels
from lanedet.ops import lane_angle, xs_at_rows
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample

TRAIN_LABELS, VAL_LABELS = "train_label.json", "val_label.json"
"""Label files of a tree in TuSimple's form, as configs/custom/ names them."""

IMAGE_FOLDER = "images"
"""Where the pictures of a tree go."""

_ROW_STEP = 10  # pixels, as in TuSimple

PlacePicture = Callable[[Picture, Path], None]
"""Bring a picture to a path."""


class Split(NamedTuple):
    """Samples to train on, and to validate on."""

    train: list[LaneSample]
    val: list[LaneSample]


WriteTree = Callable[[Path, Split], None]
"""Write the labels of a tree; ``raw_file`` says where the pictures lie in it."""


def split_samples(
    samples: Sequence[LaneSample], val_share: float, seed: int = 0
) -> Split:
    """Split samples by a hash of their names.

    The same names and seed give the same split on every machine, in every order.

    Args:
        samples: At least two, with ``raw_file``.
        val_share: Share to validate on, in (0, 1); both parts get at least one.
        seed: Another one gives another split.

    Raises:
        ValueError: If there are fewer than two, or the share is out of its range.
    """
    groups = {sample.raw_file: [sample] for sample in samples}
    return _split_groups(groups, val_share, seed)


def split_folders(
    samples: Sequence[LaneSample], val_share: float, seed: int = 0
) -> Split:
    """Split samples by a hash of their folders, which stay whole.

    Frames of one drive resemble one another: shared out, they make the validation
    look better than it is. As :func:`split_samples` otherwise, of folders.
    """
    groups: dict[str, list[LaneSample]] = {}
    for sample in samples:
        groups.setdefault(str(Path(sample.raw_file).parent), []).append(sample)
    return _split_groups(groups, val_share, seed)


def write_tree(
    root: Path, split: Split, write_labels: WriteTree, place: PlacePicture
) -> None:
    """Write pictures and labels, all or none: what fails can be done again.

    Label files and lists come last: a tree with them is complete.

    Args:
        root: A new or empty folder.
        split: Samples with ``gt_lanes``, ``img_path``, ``raw_file`` and
            ``ori_shape``.
        write_labels: :func:`write_tusimple_tree` or :func:`write_culane_tree`.
        place: :func:`copy_picture` or :func:`link_picture`.

    Raises:
        ValueError: If ``root`` is not empty, or the labels cannot hold the name of a
            picture. No picture is copied then.
        OSError: If a file cannot be written, or another process writes to ``root``.
    """
    samples = [*split.train, *split.val]
    moved = [_moved(sample, f"{IMAGE_FOLDER}/{sample.raw_file}") for sample in samples]
    for sample in moved:
        check_name_length(root / sample.raw_file)
    moved_split = Split(moved[: len(split.train)], moved[len(split.train) :])
    with whole_folder(root, lambda path: path.name != IMAGE_FOLDER) as folder:
        # What is wrong with the labels shows before the pictures are copied.
        write_labels(folder, moved_split)
        for sample, other in zip(
            progress_bar(samples, desc="pictures"), moved, strict=True
        ):
            path = folder / other.raw_file
            path.parent.mkdir(parents=True, exist_ok=True)
            place(sample.get("picture", Path(sample.img_path)), path)


def write_tusimple_tree(root: Path, split: Split) -> None:
    """Write label files in TuSimple's form, with rows 10 pixels apart.

    A lane keeps its points on the rows that lie inside the picture. One that has none
    is left out.

    Warns:
        UserWarning: If there are such lanes.
    """
    num_lanes = num_written = 0
    for name, samples in ((TRAIN_LABELS, split.train), (VAL_LABELS, split.val)):
        on_rows = []
        for sample in samples:
            height, width = sample.ori_shape
            rows = np.arange(0, height, _ROW_STEP, dtype=np.float64)
            other = sample.clone()
            other.set_metainfo({"rows": rows})
            lanes = (_points_on_rows(lane, rows, width) for lane in sample.gt_lanes)
            other.gt_lanes = [lane for lane in lanes if len(lane) > 0]
            num_lanes += len(sample.gt_lanes)
            num_written += len(other.gt_lanes)
            on_rows.append(other)
        write_tusimple_labels(root / name, on_rows)
    if num_written < num_lanes:
        warnings.warn(
            f"{num_lanes - num_written} lanes of {num_lanes} cross no row inside their "
            f"picture (rows are {_ROW_STEP} px apart) and are left out.",
            stacklevel=2,
        )


def write_culane_tree(root: Path, split: Split) -> None:
    """Write label files and lists in CULane's form.

    Lanes keep the points that were drawn, from the bottom up. The lists with flags of
    other CULane trees (``*_gt.txt``) have none here: there are no class maps.

    Raises:
        ValueError: If two pictures would have one label file.
    """
    owners: dict[Path, str] = {}
    for sample in (*split.train, *split.val):
        path = culane_label_path(root, sample.raw_file)
        owner = owners.setdefault(path, sample.raw_file)
        if owner != sample.raw_file:
            raise ValueError(
                f"CULane's label files are named after the pictures without suffix, so "
                f"'{owner}' and '{sample.raw_file}' cannot be in one folder. Rename "
                "one."
            )
        sample.gt_lanes = [
            lane if lane[0, 1] >= lane[-1, 1] else lane[::-1]
            for lane in sample.gt_lanes
        ]
    write_culane_labels(root, [*split.train, *split.val])
    for names, samples in (
        (("train", "train_gt"), split.train),
        (("val", "val_gt", "test"), split.val),
    ):
        for name in names:
            write_culane_list(
                root / "list" / f"{name}.txt", (sample.raw_file for sample in samples)
            )


def copy_picture(source: Picture, target: Path) -> None:
    """Copy a picture."""
    if isinstance(source, Path):
        shutil.copyfile(source, target)
    else:
        target.write_bytes(source.read_bytes())


def link_picture(source: Picture, target: Path) -> None:
    """Give a picture a second name, which takes no space.

    Raises:
        ValueError: If both are not on one file system, or the picture is no file.
    """
    if not isinstance(source, Path):
        raise ValueError(
            f"'{source}' cannot be linked: it is no file of its own. Leave --link out "
            "to copy the pictures."
        )
    try:
        os.link(source.resolve(), target)
    except OSError as error:
        raise ValueError(
            f"'{source}' cannot be linked to '{target}' ({error.strerror}). Leave "
            "--link out to copy the pictures."
        ) from error


def needed_slots(lanes: Sequence[FloatArray]) -> int:
    """Return the smallest even number of slots that holds all lanes of a picture.

    Half of the slots are for lanes that lean to the right, so three lanes on one side
    need six, even if there are none on the other.

    Example:
        >>> left = np.array([[0.0, 100.0], [50.0, 0.0]])
        >>> needed_slots([left, left + 10, left - 10])
        6
    """
    num_left = sum(lane_angle(lane) <= 90 for lane in lanes)
    return 2 * max(num_left, len(lanes) - num_left)


def _points_on_rows(lane: FloatArray, rows: FloatArray, width: int) -> FloatArray:
    xs = xs_at_rows(lane, rows)
    inside = (np.rint(xs) >= 0) & (np.rint(xs) < width)  # False where NaN
    return np.stack([xs, rows], axis=1)[inside]


def _moved(sample: LaneSample, raw_file: str) -> LaneSample:
    moved = sample.clone()
    moved.set_metainfo({"raw_file": raw_file})
    return moved


def _split_groups(
    groups: dict[str, list[LaneSample]], val_share: float, seed: int
) -> Split:
    if not 0 < val_share < 1:
        raise ValueError(f"The share to validate on must lie in (0, 1): {val_share}.")
    if len(groups) < 2:
        raise ValueError(
            "At least two pictures (or folders, where these stay whole) are needed, "
            f"one to train and one to validate on, got {len(groups)}."
        )
    order = sorted(groups, key=lambda name: _hash(name, seed))
    num_val = math.floor(val_share * len(order) + 0.5)
    chosen = set(order[: min(max(num_val, 1), len(order) - 1)])
    names = sorted(groups)
    return Split(
        train=[s for name in names if name not in chosen for s in groups[name]],
        val=[s for name in names if name in chosen for s in groups[name]],
    )


def _hash(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{name}".encode("utf-8", "surrogateescape")).digest()
