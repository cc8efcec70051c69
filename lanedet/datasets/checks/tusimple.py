"""Whether a TuSimple tree is complete."""

from collections import Counter
from pathlib import Path

from lanedet.datasets.checks.images import check_images, missing_files
from lanedet.datasets.checks.report import Count, DatasetReport
from lanedet.formats.known_counts import (
    TUSIMPLE_FRAMES,
    TUSIMPLE_LANES,
)
from lanedet.formats.label_faults import LabelError, LabelFaults
from lanedet.formats.tusimple import (
    TUSIMPLE_SHAPE,
    find_tusimple_labels,
    read_tusimple_labels,
)
from lanedet.simulation.export.scene_files import PROVENANCE_FILE
from lanedet.structures import LaneSample

_OWN_FILES = ("train_label.json", "val_label.json")  # of lanedet convert
_FRAME = "20.jpg"  # the one of each clip that is labelled
_SHARED_DATES = ("0531", "0601")


def check_tusimple(
    root: Path, decode_all: bool = False, label_shape: tuple[int, int] | None = None
) -> DatasetReport:
    """Check a TuSimple tree, or one of scenes or of one's own pictures in its form.

    Args:
        root: Folder of the label files.
        decode_all: Decode all images, not just some.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If ``label_shape`` is no size of an image.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"No folder '{root}' with a TuSimple tree.")
    report = DatasetReport(
        f"TuSimple tree in {root}",
        count_remedy="Fetch the label files again: data/README.md says where.",
    )
    is_original = not _is_of_scenes(root)
    files = tuple(TUSIMPLE_FRAMES)
    if all((root / name).is_file() for name in _OWN_FILES):
        files, is_original = _OWN_FILES, False
    if not is_original:
        report.notes.append(
            "scenes or pictures of one's own: no counts to compare with"
        )
    samples = [
        sample
        for name in files
        for sample in _check_file(root, name, report, is_original, label_shape)
    ]
    _check_names(samples, report)
    present = _check_presence(samples, report, is_original)
    if is_original:
        _check_orphans(root, samples, report)
    label_of = {Path(sample.img_path): sample for sample in samples}
    check_images(
        present,
        report,
        shape=TUSIMPLE_SHAPE,
        is_original=is_original,
        decode_all=decode_all,
        label_of=label_of.get,
        label_shape=label_shape,
    )
    return report


def _is_of_scenes(root: Path) -> bool:
    return (root / PROVENANCE_FILE).is_file()


def _check_file(
    root: Path,
    name: str,
    report: DatasetReport,
    is_original: bool,
    label_shape: tuple[int, int] | None,
) -> list[LaneSample]:
    faults = LabelFaults("skip")
    try:
        file = find_tusimple_labels(root, name)
        samples = read_tusimple_labels(file, root, faults, label_shape)
    except FileNotFoundError:
        report.add_problem(
            f"no {name}",
            "The label files belong to the top of the tree, or to train_set/ and "
            "test_set/ as in Kaggle's copy.",
        )
        return []
    except LabelError as error:  # there is nothing in it
        report.add_problem(f"{name} cannot be read", "Fetch it again.", [str(error)])
        return []
    if faults.messages:
        report.add_problem(
            f"{len(faults.messages)} broken lines in {name}",
            "Fetch it again." if label_shape is None else "See --label-shape.",
            faults.messages,
        )
    num_lanes = sum(len(lane) > 0 for s in samples for lane in s.gt_lanes)
    frames = TUSIMPLE_FRAMES[name] if is_original else None
    lanes = TUSIMPLE_LANES[name] if is_original else None
    report.counts.append(Count(f"{name}, frames", len(samples), frames))
    report.counts.append(Count(f"{name}, lanes", num_lanes, lanes))
    if num_lanes == 0 and not _is_of_scenes(root):  # crossroads have none
        report.add_problem(
            f"{name} has no lanes",
            "It may be a copy of the template test_tasks_0627.json: take the labels.",
        )
    return samples


def _check_names(samples: list[LaneSample], report: DatasetReport) -> None:
    names = Counter(sample.raw_file.lstrip("/") for sample in samples)
    twice = [name for name, count in names.items() if count > 1]
    if twice:
        report.add_problem(
            f"{len(twice)} images are labelled more than once",
            "No image may be in two splits, nor twice in one: delete the extra lines.",
            twice,
        )


def _check_presence(
    samples: list[LaneSample], report: DatasetReport, is_original: bool
) -> list[Path]:
    """Note missing images, and return those that are there."""
    paths = [Path(sample.img_path) for sample in samples]
    missing = missing_files(paths, "images")
    if missing:
        remedy = "Unpack the archives again."
        dates = {part for path in missing for part in path.parts}
        if is_original and dates & set(_SHARED_DATES):
            remedy = (
                "Both archives hold clips/0531 and clips/0601, with different clips: "
                "unpack the missing one into the same folder without replacing it."
            )
        report.add_problem(f"{len(missing)} labelled images missing", remedy, missing)
    absent = set(missing)
    return [path for path in paths if path not in absent]


def _check_orphans(
    root: Path, samples: list[LaneSample], report: DatasetReport
) -> None:
    labelled = {Path(sample.img_path) for sample in samples}
    orphans = [
        path
        for folder in ("", "train_set", "test_set")
        for path in sorted((root / folder).glob(f"clips/*/*/{_FRAME}"))
        if path not in labelled
    ]
    if orphans:
        report.notes.append(
            f"{len(orphans)} frames {_FRAME} without a label, such as {orphans[0]}"
        )
