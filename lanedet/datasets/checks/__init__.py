"""Whether data sets on disk are complete."""

from lanedet.datasets.checks.bdd100k import check_bdd100k
from lanedet.datasets.checks.culane import check_culane
from lanedet.datasets.checks.report import Count, DatasetReport, Problem
from lanedet.datasets.checks.tusimple import check_tusimple

__all__ = [
    "Count",
    "DatasetReport",
    "Problem",
    "check_bdd100k",
    "check_culane",
    "check_tusimple",
]
