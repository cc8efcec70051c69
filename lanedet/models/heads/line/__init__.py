"""The line head: a sketch, a pyramid, and refinements along lines."""

from lanedet.models.heads.line.line_head import LineHead, LineOutputs
from lanedet.models.heads.line.pyramid import FeaturePyramid, PyramidStage

__all__ = ["FeaturePyramid", "LineHead", "LineOutputs", "PyramidStage"]
