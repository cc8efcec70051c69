"""Whether a CULane tree is complete."""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from lanedet.datasets.checks.images import check_images
from lanedet.datasets.checks.report import Count, DatasetReport
from lanedet.formats.culane import (
    CULANE_SHAPE,
    culane_label_path,
    culane_lane_files,
    find_culane_files,
    read_culane_lanes,
)
from lanedet.formats.culane_lists import read_culane_list
from lanedet.formats.known_counts import (
    CULANE_CATEGORIES,
    CULANE_IMAGES,
    CULANE_TEST_LANES,
)
from lanedet.formats.label_faults import LabelError, LabelFaults
from lanedet.formats.label_scale import LabelScale
from lanedet.formats.picture_files import FileFinder
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample

# Of each split the first of these lists that is there is read: those with flags first.
_LISTS = {
    "train": ("train_gt.txt", "train.txt"),
    "val": ("val_gt.txt", "val.txt"),
    "test": ("test.txt",),
}
# Flags and labels disagree in some images of the right annotations too (SCNN issue 21).
_MAX_DISAGREEING = 0.1


def check_culane(
    root: Path, decode_all: bool = False, label_shape: tuple[int, int] | None = None
) -> DatasetReport:
    """Check a CULane tree, or one of one's own pictures in its form.

    Args:
        root: Folder of ``list/`` and of the drivers' folders.
        decode_all: Decode all images, not just some.
        label_shape: (H, W) of the images for which the labels were made, where those
            that are there are resized copies.

    Raises:
        FileNotFoundError: If there is no such folder.
        ValueError: If ``label_shape`` is no size of an image.
    """
    if not (root / "list").is_dir():
        raise FileNotFoundError(
            f"No folder '{root / 'list'}'. Name the folder that holds list/ and the "
            "driver_* folders."
        )
    is_original = any(root.glob("driver_*"))
    report = DatasetReport(
        f"CULane tree in {root}",
        count_remedy="Unpack list.tar.gz and annotations_new.tar.gz again; scores on "
        "an incomplete test set cannot be compared.",
    )
    if not is_original:
        report.notes.append("pictures of one's own: no counts to compare with")
    lanes_of: dict[str, int] = {}
    files = _Files(label_shape)
    for split in _LISTS:
        lanes_of |= _check_split(root, split, report, is_original, files)
    if is_original:
        _check_categories(root, lanes_of, report)
    _check_orphans(root, files.labels, report)
    check_images(
        list(files.images),
        report,
        shape=CULANE_SHAPE,
        is_original=is_original,
        decode_all=decode_all,
        label_of=files.label_of,
        label_shape=label_shape,
    )
    if files.misfits:
        report.add_problem(
            f"{len(files.misfits)} labels cannot be scaled to their images",
            "See --label-shape.",
            files.misfits,
        )
    return report


class _Files:
    """What the lists name and is there, in their order."""

    def __init__(self, label_shape: tuple[int, int] | None) -> None:
        self.scale = None if label_shape is None else LabelScale(label_shape)
        self.misfits: list[str] = []
        self.finder = FileFinder()
        self.images: dict[Path, Path | None] = {}  # with their labels
        self.labels: dict[Path, None] = {}

    def label_of(self, image: Path) -> LaneSample | None:
        """Return the label of an image, None if it has none that can be read."""
        path = self.images[image]
        sample = LaneSample(metainfo={"img_path": str(image)})
        try:
            sample.gt_lanes = [] if path is None else read_culane_lanes(path)
        except LabelError:
            return None
        if self.scale is not None:
            try:
                self.scale.apply(sample, str(path), has_line_per_lane=True)
            except LabelError as error:
                self.misfits.append(str(error))
                return None
        return sample


def _check_split(
    root: Path, split: str, report: DatasetReport, is_original: bool, files: _Files
) -> dict[str, int]:
    """Check a split's list and files; return each image's number of lanes."""
    places = [root / "list" / name for name in _LISTS[split]]
    list_file = next((place for place in places if place.is_file()), None)
    if list_file is None:
        if is_original or split != "test":
            report.add_problem(f"no list/{places[0].name}", "Unpack list.tar.gz again.")
        return {}
    entries = read_culane_list(list_file)
    known = CULANE_IMAGES[split] if is_original else None
    report.counts.append(Count(f"{split}, images listed", len(entries), known))
    lanes_of: dict[str, int] = {}
    faults = LabelFaults("skip")
    no_image, no_label, disagreeing = [], [], []
    for entry in progress_bar(entries, desc=f"labels of {split}", unit="image"):
        image, label = find_culane_files(root, entry.name, files.finder)
        if image is None:
            no_image.append(root / entry.name)
        else:
            files.images[image] = label
        lanes_of[entry.name] = 0
        if label is None:
            no_label.append(culane_label_path(root, entry.name))
            continue
        files.labels[label] = None
        with faults.allow():
            lanes = read_culane_lanes(label)
            # The known counts are the official evaluator's: every line is a lane.
            lanes_of[entry.name] = len(label.read_bytes().splitlines())
            if entry.existence is not None and sum(entry.existence) != len(lanes):
                disagreeing.append(label)
    known = CULANE_TEST_LANES if is_original and split == "test" else None
    report.counts.append(Count(f"{split}, lanes", sum(lanes_of.values()), known))
    _add_problems(report, split, no_image, no_label, faults.messages)
    if len(disagreeing) > _MAX_DISAGREEING * len(entries):
        report.add_problem(
            f"{len(disagreeing)} labels of {split} hold another number of lanes than "
            f"list/{list_file.name} says",
            "Annotations from before 16 April 2018 are wrong: take "
            "annotations_new.tar.gz.",
            disagreeing,
        )
    return lanes_of


def _add_problems(
    report: DatasetReport,
    split: str,
    no_image: Sequence[Path],
    no_label: Sequence[Path],
    faults: Sequence[str],
) -> None:
    if no_image:
        report.add_problem(
            f"{len(no_image)} listed images of {split} missing",
            "Unpack the driver archives again. driver_161_90frame was published "
            "without some clips of parked cars: take those out of the list.",
            no_image,
        )
    if no_label:
        report.add_problem(
            f"{len(no_label)} listed images of {split} without a label file",
            "Unpack annotations_new.tar.gz again. An image without lanes has an empty "
            "file, not none; the official evaluator would count it as having no lanes.",
            no_label,
        )
    if faults:
        report.add_problem(
            f"{len(faults)} broken labels of {split}",
            "Unpack annotations_new.tar.gz again.",
            faults,
        )


def _check_categories(
    root: Path, lanes_of: Mapping[str, int], report: DatasetReport
) -> None:
    for category, (num_images, num_lanes) in CULANE_CATEGORIES.items():
        list_file = root / "list" / "test_split" / f"{category}.txt"
        if not list_file.is_file():
            report.add_problem(
                f"no list/test_split/{category}.txt", "Unpack list.tar.gz again."
            )
            continue
        names = [entry.name for entry in read_culane_list(list_file)]
        found = sum(lanes_of.get(name, 0) for name in names)
        report.counts.append(Count(f"{category}, images", len(names), num_images))
        report.counts.append(Count(f"{category}, lanes", found, num_lanes))


def _check_orphans(root: Path, known: Container[Path], report: DatasetReport) -> None:
    """Note label files that no list names."""
    orphans = [path for path in culane_lane_files(root) if path not in known]
    if orphans:
        report.notes.append(
            f"{len(orphans)} label files that no list names, such as {min(orphans)}"
        )
