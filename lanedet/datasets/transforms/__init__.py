"""From a sample's image file to the network input and its labels, step by step."""

from lanedet.datasets.transforms.augment import Augment
from lanedet.datasets.transforms.crop import RandomCrop
from lanedet.datasets.transforms.labels import (
    EncodeLines,
    RasterizeLaneMask,
    RasterizeLanes,
)
from lanedet.datasets.transforms.load import LoadImage
from lanedet.datasets.transforms.masks import LoadLaneMask
from lanedet.datasets.transforms.motion import RandomMotion
from lanedet.datasets.transforms.tensors import ToTensors
from lanedet.datasets.transforms.view import ApplyView

__all__ = [
    "ApplyView",
    "Augment",
    "EncodeLines",
    "LoadImage",
    "LoadLaneMask",
    "RandomCrop",
    "RandomMotion",
    "RasterizeLaneMask",
    "RasterizeLanes",
    "ToTensors",
]
