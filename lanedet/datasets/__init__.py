"""Labelled images on the disk as data sets: transforms and the sampler too."""

from lanedet.datasets.bdd100k_dataset import BDD100KDataset
from lanedet.datasets.culane_dataset import CULaneDataset
from lanedet.datasets.lane_dataset import LaneDataset
from lanedet.datasets.mixed_dataset import MixedDataset
from lanedet.datasets.road_scenes_dataset import RoadScenesDataset
from lanedet.datasets.samplers import EndlessSampler
from lanedet.datasets.transforms import (
    ApplyView,
    Augment,
    EncodeLines,
    LoadImage,
    LoadLaneMask,
    RandomCrop,
    RandomMotion,
    RasterizeLaneMask,
    RasterizeLanes,
    ToTensors,
)
from lanedet.datasets.tusimple_dataset import TuSimpleDataset

__all__ = [
    "ApplyView",
    "Augment",
    "BDD100KDataset",
    "CULaneDataset",
    "EncodeLines",
    "EndlessSampler",
    "LaneDataset",
    "LoadImage",
    "LoadLaneMask",
    "MixedDataset",
    "RandomCrop",
    "RandomMotion",
    "RasterizeLaneMask",
    "RasterizeLanes",
    "RoadScenesDataset",
    "ToTensors",
    "TuSimpleDataset",
]
