"""Heads: from features to lanes."""

from lanedet.models.heads.base_head import LaneHead
from lanedet.models.heads.segmentation_head import (
    ExistenceBranch,
    LaneSegmentationHead,
    SegmentationOutputs,
)

__all__ = [
    "ExistenceBranch",
    "LaneHead",
    "LaneSegmentationHead",
    "SegmentationOutputs",
]
