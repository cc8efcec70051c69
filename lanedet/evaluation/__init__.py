"""How good the lanes are: the official rules, and their metrics for mmengine."""

from lanedet.evaluation.bdd100k_masks import BDD100KScores, evaluate_bdd100k
from lanedet.evaluation.bdd100k_metric import BDD100KMetric
from lanedet.evaluation.culane_folders import CULaneReport, evaluate_culane
from lanedet.evaluation.culane_metric import CULaneMetric
from lanedet.evaluation.tables import benchmark_table
from lanedet.evaluation.tusimple_metric import TuSimpleMetric

__all__ = [
    "BDD100KMetric",
    "BDD100KScores",
    "CULaneMetric",
    "CULaneReport",
    "TuSimpleMetric",
    "benchmark_table",
    "evaluate_bdd100k",
    "evaluate_culane",
]
