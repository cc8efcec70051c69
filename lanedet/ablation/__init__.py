"""The same experiment with other distillers or parts, over seeds, as a table."""

from lanedet.ablation.run import (
    Ablation,
    checkpoint_before,
    first_test_image,
    run_ablation,
)
from lanedet.ablation.table import format_category_table, format_table

__all__ = [
    "Ablation",
    "checkpoint_before",
    "first_test_image",
    "format_category_table",
    "format_table",
    "run_ablation",
]
