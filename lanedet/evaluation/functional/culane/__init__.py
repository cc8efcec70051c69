"""The CULane lane benchmark, as pure functions on arrays."""

from lanedet.evaluation.functional.culane.rules import (
    OFFICIAL_RULE,
    RULES,
    THRESHOLDS,
    ContinuousRule,
    CULaneCounts,
    CULaneRule,
    OfficialRule,
    checked_thresholds,
    evaluate_image,
)

__all__ = [
    "OFFICIAL_RULE",
    "RULES",
    "THRESHOLDS",
    "CULaneCounts",
    "CULaneRule",
    "ContinuousRule",
    "OfficialRule",
    "checked_thresholds",
    "evaluate_image",
]
