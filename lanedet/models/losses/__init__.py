"""Losses, one file each."""

from lanedet.models.losses.existence_loss import ExistenceLoss
from lanedet.models.losses.lane_iou import lane_iou
from lanedet.models.losses.line_criterion import LineCriterion
from lanedet.models.losses.segmentation_loss import SegmentationLoss
from lanedet.models.losses.soft_iou_loss import SoftIoULoss

__all__ = [
    "ExistenceLoss",
    "LineCriterion",
    "SegmentationLoss",
    "SoftIoULoss",
    "lane_iou",
]
