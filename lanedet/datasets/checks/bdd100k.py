"""Whether a BDD100K tree is complete."""

from collections.abc import Mapping
from pathlib import Path

from lanedet.datasets.checks.images import check_images, looked_at
from lanedet.datasets.checks.report import Count, DatasetReport
from lanedet.files import is_hidden
from lanedet.formats.bdd100k import (
    BDD100K_SHAPE,
    Split,
    find_bdd100k_images,
    find_bdd100k_labels,
    read_bdd100k_labels,
)
from lanedet.formats.known_counts import BDD100K_IMAGES
from lanedet.formats.label_faults import LabelFaults
from lanedet.formats.picture_files import spelling_key
from lanedet.images import IMAGE_SUFFIXES
from lanedet.runtime import progress_bar
from lanedet.simulation.export.scene_files import PROVENANCE_FILE
from lanedet.structures import LaneSample

# Our splits "train" and "test" are read from the official folders "train" and "val".
_SPLIT_OF_FOLDER: dict[str, Split] = {"train": "train", "val": "test"}
# A release of labels that lacks more than this share of its images is cut off.
_MIN_LABELLED = 0.99


def check_bdd100k(
    root: Path, decode_all: bool = False, label_shape: tuple[int, int] | None = None
) -> DatasetReport:
    """Check a BDD100K tree, or one of scenes in its form.

    Looked at are the official folders ``train`` and ``val``.

    Args:
        root: Folder of ``images`` and ``labels``, or of ``bdd100k`` with these.
        decode_all: Decode all images, not just some.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If ``label_shape`` is no size of an image.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"No folder '{root}' with a BDD100K tree.")
    report = DatasetReport(
        f"BDD100K tree in {root}",
        count_remedy="Unpack the images again (data/README.md says where to get them).",
    )
    is_original = not (root / PROVENANCE_FILE).is_file()
    if not is_original:
        report.notes.append("scenes: no counts to compare with")
    images = {folder: _find_images(root, folder) for folder in _SPLIT_OF_FOLDER}
    all_images = [path for found in images.values() for path in found.values()]
    labels: dict[Path, LaneSample | None] = dict.fromkeys(
        looked_at(all_images, decode_all)
    )
    for folder, found in images.items():
        _check(root, folder, report, is_original, found, labels, label_shape)
    check_images(
        all_images,
        report,
        shape=BDD100K_SHAPE,
        is_original=is_original,
        decode_all=decode_all,
        label_of=labels.get,
        label_shape=label_shape,
    )
    return report


def _find_images(root: Path, folder: str) -> dict[str, Path]:
    """Return the images of a folder by their names without suffix."""
    return {
        path.stem: path
        for path in sorted(
            find_bdd100k_images(root, _SPLIT_OF_FOLDER[folder]).glob("*")
        )
        if path.suffix.lower() in IMAGE_SUFFIXES and not is_hidden(path.name)
    }


def _check(
    root: Path,
    folder: str,
    report: DatasetReport,
    is_original: bool,
    images: Mapping[str, Path],
    looked_at_labels: dict[Path, LaneSample | None],
    label_shape: tuple[int, int] | None,
) -> None:
    """Check the labels of a folder, and keep those of the images that are decoded."""
    split = _SPLIT_OF_FOLDER[folder]
    known = BDD100K_IMAGES[folder] if is_original else None
    report.counts.append(Count(f"{folder}, images", len(images), known))
    try:
        labels = find_bdd100k_labels(root, split)
    except FileNotFoundError as error:
        report.add_problem(f"no labels of {folder}", str(error))
        return
    report.notes.append(f"{folder} is read from {labels}")
    faults = LabelFaults("skip")
    names, num_lanes = set(), 0
    samples = read_bdd100k_labels(
        labels, find_bdd100k_images(root, split), faults, label_shape=label_shape
    )
    for sample in progress_bar(samples, desc=f"labels of {folder}", unit="image"):
        names.add(sample.raw_file)
        num_lanes += len(sample.gt_lanes)
        if (image := Path(sample.img_path)) in looked_at_labels:
            looked_at_labels[image] = sample
    report.counts.append(Count(f"{folder}, labels", len(names), None))
    if num_lanes:  # masks do not tell
        report.counts.append(Count(f"{folder}, lanes", num_lanes, None))
    if faults.messages:
        report.add_problem(
            f"{len(faults.messages)} broken labels of {folder}",
            "Fetch them again, or read the set with on_error='skip'.",
            faults.messages,
        )
    _compare(folder, set(images), names, report)


def _compare(
    folder: str, images: set[str], labels: set[str], report: DatasetReport
) -> None:
    """Note labels without an image, and too many images without a label."""
    labelled = {spelling_key(name) for name in labels}
    present = {spelling_key(name) for name in images}
    orphans = sorted(name for name in labels if spelling_key(name) not in present)
    if orphans:
        report.add_problem(
            f"{len(orphans)} labels of {folder} without an image",
            "Unpack the images again.",
            orphans,
        )
    bare = sorted(name for name in images if spelling_key(name) not in labelled)
    if len(bare) > (1 - _MIN_LABELLED) * len(images):
        report.add_problem(
            f"{len(bare)} images of {folder} without a label",
            "Releases lack a few labels (137 of 70,000), not so many: fetch the labels "
            "again. Images without one are not used.",
            bare,
        )
    elif bare:
        report.notes.append(f"{len(bare)} images of {folder} have no label: not used")
