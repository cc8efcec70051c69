"""Data on disk: readers, writers, data sets, transforms and the sampler."""

from lanedet.datasets.label_faults import LabelError, LabelFaults, OnError
from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.datasets.samplers import EndlessSampler
from lanedet.datasets.transforms import (
    ApplyView,
    Augment,
    LoadImage,
    PackInputs,
    RasterizeLaneMask,
    RasterizeLanes,
)
from lanedet.datasets.tusimple import (
    TuSimpleLine,
    format_tusimple_line,
    read_tusimple_labels,
    read_tusimple_lines,
    write_tusimple_labels,
)
from lanedet.datasets.tusimple_dataset import TuSimpleDataset

__all__ = [
    "ApplyView",
    "Augment",
    "EndlessSampler",
    "LabelError",
    "LabelFaults",
    "LaneDataset",
    "LoadImage",
    "OnError",
    "PackInputs",
    "RasterizeLaneMask",
    "RasterizeLanes",
    "TuSimpleDataset",
    "TuSimpleLine",
    "format_tusimple_line",
    "read_tusimple_labels",
    "read_tusimple_lines",
    "write_tusimple_labels",
]
