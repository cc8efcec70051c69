"""Layouts: what sets the benchmarks' trees apart, as far as generated scenes go."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lanedet.simulation.export.scene_files import SceneTask
from lanedet.structures import LaneSample

Splits = Mapping[str, Sequence[LaneSample]]
"""The samples of each split, by the split's name."""


@dataclass(frozen=True)
class Layout:
    """The layout of a benchmark's tree.

    Attributes:
        shape: (H, W) of images unless another is asked for.
        shares: Share of the scenes in each split, by its name, in the order in which
            scenes are dealt to them.
        image_folders: Folders, relative to the tree, that hold its images only.
        labels: Files and folders, at the top of the tree, that hold labels, in the
            order in which they appear. Who finds the last takes the tree for complete.
        task: Returns the place of a scene: (split, number, seed) -> task.
        write_labels: Writes the labels: (root, part, splits). What ``labels`` names
            goes into the folder ``part``, and from there to its place when all is
            written; what lies among the images goes to ``root`` itself.
    """

    shape: tuple[int, int]
    shares: Mapping[str, float]
    image_folders: tuple[str, ...]
    labels: tuple[str, ...]
    task: Callable[[str, int, int], SceneTask]
    write_labels: Callable[[Path, Path, Splits], None]

    def split_counts(self, num_scenes: int) -> dict[str, int]:
        """Return the number of scenes in each split, at least 1.

        What rounding leaves over goes to the first.
        """
        first, *others = self.shares
        counts = {name: max(1, int(num_scenes * self.shares[name])) for name in others}
        return {first: num_scenes - sum(counts.values()), **counts}
