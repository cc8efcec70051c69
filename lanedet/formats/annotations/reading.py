"""All labels of an annotation tool's files, checked against their pictures."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lanedet.formats.annotations.drawing import Drawing, DrawingReader, to_samples
from lanedet.formats.label_faults import LabelFaults, OnError
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample


@dataclass
class AnnotationSet:
    """What was read, and what was left out.

    Attributes:
        samples: Pictures with at least one lane: ``gt_lanes``, ``img_path``,
            ``raw_file`` and ``ori_shape``.
        empty: Pictures without any: roads without lanes, or not drawn on yet.
        others: Number of shapes that are no lanes, by their kind.
        faults: Messages about the broken labels that were skipped.
    """

    samples: list[LaneSample] = field(default_factory=list)
    empty: list[LaneSample] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    @property
    def num_lanes(self) -> int:
        """Number of lanes in all pictures."""
        return sum(len(sample.gt_lanes) for sample in self.samples)

    def summary_lines(self) -> list[str]:
        """Return what was read and left out, in a few lines."""
        lines = [f"{len(self.samples)} pictures with {self.num_lanes} lanes"]
        if self.empty:
            lines.append(f"{len(self.empty)} pictures without lanes")
        if self.others:
            kinds = ", ".join(f"{n} {kind}" for kind, n in self.others.most_common())
            lines.append(f"{self.others.total()} shapes that are no lanes: {kinds}")
        if self.faults:
            lines.append(f"{len(self.faults)} broken labels skipped, the first:")
            lines.append(f"  {self.faults[0]}")
        return lines


def read_annotations(
    source: Path,
    read: DrawingReader,
    *,
    pictures: Path | None = None,
    labels: Collection[str] | str | None = None,
    on_error: OnError = "raise",
) -> AnnotationSet:
    """Read what was drawn in an annotation tool.

    Args:
        source: The tool's file, or a folder of them.
        read: ``read_labelme``, ``read_cvat`` or ``read_via``.
        pictures: Folder of the pictures, None if they lie beside the files.
        labels: Names of the shapes that are lanes, or the one name. None for all
            polylines.
        on_error: Whether to stop at a broken label or to leave its picture out.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        LabelError: If a label is broken, a picture is missing or has another size
            than its label says, and ``on_error`` is ``"raise"``.
        ValueError: If there is not a single lane.
    """
    faults = LabelFaults(on_error)
    if isinstance(labels, str):  # a collection too, of its letters
        labels = [labels]
    result = AnnotationSet()
    drawings = read(source, pictures, labels, faults)
    for sample in to_samples(_counted(drawings, result.others), faults):
        (result.samples if sample.gt_lanes else result.empty).append(sample)
    result.faults = faults.messages
    if not result.samples:
        raise ValueError(
            f"'{source}' holds no lane. A lane must be drawn as a polyline, and have "
            f"one of the labels asked for. Found: {'; '.join(result.summary_lines())}."
        )
    return result


def _counted(drawings: Iterable[Drawing], others: Counter[str]) -> Iterator[Drawing]:
    for drawing in progress_bar(drawings, desc="labels", unit="picture"):
        others.update(drawing.others)
        yield drawing
