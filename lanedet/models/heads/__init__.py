"""Heads: from features to lanes."""

from lanedet.models.heads.base_head import LaneHead
from lanedet.models.heads.classifiers import ConvClassifier, TransposedConvClassifier
from lanedet.models.heads.existence import ExistenceBranch, LogitsExistenceBranch
from lanedet.models.heads.line import LineHead, LineOutputs
from lanedet.models.heads.readers import MapReader, Reader, Readings, RowReader
from lanedet.models.heads.segmentation_head import (
    LaneSegmentationHead,
    SegmentationOutputs,
)

__all__ = [
    "ConvClassifier",
    "ExistenceBranch",
    "LaneHead",
    "LaneSegmentationHead",
    "LineHead",
    "LineOutputs",
    "LogitsExistenceBranch",
    "MapReader",
    "Reader",
    "Readings",
    "RowReader",
    "SegmentationOutputs",
    "TransposedConvClassifier",
]
