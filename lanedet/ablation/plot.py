"""The picture of an ablation that weighs accuracy against time."""

from collections.abc import Mapping
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from lanedet.ablation.results import Cost, Results
from lanedet.ablation.table import is_free

_FREE, _PAID = "#0072b2", "#d55e00"  # told apart with any color vision
_SIZE_IN = (9.0, 5.5)


def plot_accuracy(results: Results, costs: Mapping[str, Cost]) -> bytes:
    """Draw each row's accuracy against the time that it takes to predict.

    Args:
        results: From :func:`~lanedet.ablation.run_ablation`.
        costs: From :func:`~lanedet.ablation.measure_costs`.

    Returns:
        An SVG file: a number for each row, which the list beside it names; round and
        blue where it is free, square and orange where it is paid for. Bars are standard
        deviations over seeds (n - 1), the line is the plain row's accuracy.
    """
    titles = list(results)
    plain = costs[titles[0]]
    figure = Figure(figsize=_SIZE_IN, layout="constrained")
    axes = figure.add_subplot()
    for number, (title, runs) in enumerate(results.items(), start=1):
        scores = 100 * np.array([run["metrics"]["tusimple/accuracy"] for run in runs])
        spread = scores.std(ddof=1) if len(scores) > 1 else 0.0
        is_for_nothing = is_free(costs[title], plain)
        place = (costs[title].predict_ms, scores.mean())
        axes.errorbar(
            *place,
            yerr=spread,
            fmt="o" if is_for_nothing else "s",
            color=_FREE if is_for_nothing else _PAID,
            markersize=13,
            elinewidth=0.8,
            alpha=0.85,
            label=f"{number}  {title}",
        )
        axes.annotate(
            str(number), place, ha="center", va="center", color="white", fontsize=8
        )
        if title == titles[0]:
            axes.axhline(scores.mean(), color="grey", linewidth=0.8, zorder=0)
    axes.set_xlabel("ms of one image, one core")
    axes.set_ylabel("accuracy %")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize=8, markerscale=0.5, frameon=False)
    file = BytesIO()
    # The same numbers make the same file.
    with matplotlib.rc_context({"svg.hashsalt": "lanedet"}):
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()
