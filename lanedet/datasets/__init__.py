"""Data on disk: readers, writers, data sets, transforms and the sampler."""

from lanedet.datasets.bdd100k import (
    BDD100K_SHAPE,
    find_bdd100k_images,
    find_bdd100k_labels,
    read_bdd100k_labels,
    write_bdd100k_labels,
    write_bdd100k_lane_bytes,
    write_bdd100k_masks,
)
from lanedet.datasets.bdd100k_dataset import BDD100KDataset
from lanedet.datasets.bdd100k_splits import (
    read_bdd100k_list,
    select_bdd100k_split,
    select_listed_images,
)
from lanedet.datasets.culane import (
    CULANE_SHAPE,
    CULaneEntry,
    culane_label_path,
    format_culane_lanes,
    read_culane_categories,
    read_culane_labels,
    read_culane_lanes,
    read_culane_list,
    sample_culane_lane,
    write_culane_labels,
    write_culane_list,
)
from lanedet.datasets.culane_dataset import CULaneDataset
from lanedet.datasets.label_faults import LabelError, LabelFaults, OnError
from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.datasets.lane_masks import LoadLaneMask
from lanedet.datasets.random_motion import RandomMotion
from lanedet.datasets.samplers import EndlessSampler
from lanedet.datasets.transforms import (
    ApplyView,
    Augment,
    EncodeLines,
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
    "BDD100K_SHAPE",
    "CULANE_SHAPE",
    "ApplyView",
    "Augment",
    "BDD100KDataset",
    "CULaneDataset",
    "CULaneEntry",
    "EncodeLines",
    "EndlessSampler",
    "LabelError",
    "LabelFaults",
    "LaneDataset",
    "LoadImage",
    "LoadLaneMask",
    "OnError",
    "PackInputs",
    "RandomMotion",
    "RasterizeLaneMask",
    "RasterizeLanes",
    "TuSimpleDataset",
    "TuSimpleLine",
    "culane_label_path",
    "find_bdd100k_images",
    "find_bdd100k_labels",
    "format_culane_lanes",
    "format_tusimple_line",
    "read_bdd100k_labels",
    "read_bdd100k_list",
    "read_culane_categories",
    "read_culane_labels",
    "read_culane_lanes",
    "read_culane_list",
    "read_tusimple_labels",
    "read_tusimple_lines",
    "sample_culane_lane",
    "select_bdd100k_split",
    "select_listed_images",
    "write_bdd100k_labels",
    "write_bdd100k_lane_bytes",
    "write_bdd100k_masks",
    "write_culane_labels",
    "write_culane_list",
    "write_tusimple_labels",
]
