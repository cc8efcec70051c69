"""The same experiment with other distillers or parts, over seeds, as a table."""

from lanedet.ablation.costs import measure_costs
from lanedet.ablation.plot import plot_accuracy
from lanedet.ablation.results import Cost
from lanedet.ablation.run import (
    Ablation,
    checkpoint_before,
    first_test_image,
    run_ablation,
)
from lanedet.ablation.table import (
    format_category_table,
    format_cost_table,
    format_table,
)

__all__ = [
    "Ablation",
    "Cost",
    "checkpoint_before",
    "first_test_image",
    "format_category_table",
    "format_cost_table",
    "format_table",
    "measure_costs",
    "plot_accuracy",
    "run_ablation",
]
