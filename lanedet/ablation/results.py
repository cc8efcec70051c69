"""What an ablation finds out about each of its rows."""

from typing import Any, NamedTuple

Results = dict[str, list[dict[str, Any]]]
"""The results of each row's seeds, by its title; the plain row first."""


class Cost(NamedTuple):
    """The cost of a row, on one core of the CPU."""

    parameters: int
    """Numbers that are needed to predict."""

    macs: dict[str, int]
    """Multiplications with an addition of one image, by the size of the network input,
    ``HxW``: the experiment's own and 288x800."""

    predict_ms: float
    """Processor time of one image of the experiment's size, median, fused."""

    predict_bytes: int
    """Peak memory of the same, beyond the weights."""

    step_ms: float
    """Processor time of a training step with a batch of the experiment, least of a few,
    distillers at the end of their schedule."""

    step_bytes: int
    """Peak memory of the same, beyond the weights."""
