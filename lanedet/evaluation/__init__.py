"""How good the lanes are: the official rules, and their metrics for mmengine."""

from lanedet.evaluation.tusimple_metric import TuSimpleMetric

__all__ = ["TuSimpleMetric"]
