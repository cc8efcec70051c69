"""The CULane lane benchmark, as pure functions on arrays."""

from lanedet.evaluation.functional.culane.rules import (
    CATEGORIES,
    OFFICIAL_RULE,
    RULES,
    THRESHOLDS,
    ContinuousRule,
    CULaneCounts,
    CULaneRule,
    OfficialRule,
    checked_thresholds,
    evaluate_image,
    lane_ious,
)

__all__ = [
    "CATEGORIES",
    "OFFICIAL_RULE",
    "RULES",
    "THRESHOLDS",
    "CULaneCounts",
    "CULaneRule",
    "ContinuousRule",
    "OfficialRule",
    "checked_thresholds",
    "evaluate_image",
    "lane_ious",
]
