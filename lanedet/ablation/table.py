"""The table of an ablation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lanedet.ablation.results import Cost, Results

_TOTAL = "culane/f1"
_STRICT = {"culane/f1_75": ", F1 at 0.75", "culane/mf1": ", mF1"}
_CROSS = "culane/fp_cross"
_HEAD = (
    "row",
    "accuracy %",
    "gain",
    "FP",
    "FN",
    "distiller / segmentation loss",
)
_NUM_SCORES = 4  # accuracy, gain, FP and FN: the first cells of a row


def format_table(results: Results) -> str:
    """Return the results as a Markdown table.

    Args:
        results: From :func:`~lanedet.ablation.run_ablation`.

    Returns:
        Means and, over the seeds, standard deviations (n - 1). The gain is the mean of
        the differences to the plain run of the same seed. Of the shares of the
        gradient, the median over iterations and the largest.
    """
    first = next(iter(results.values()))
    titles = [
        *_HEAD,
        "SAD's / other gradient: median (largest)",
        "entropy of the row's own maps",
        f"standardised maps: entropy {', '.join(first[0]['entropy'])}",
        f"distance {', '.join(first[0]['map_distance'])}",
    ]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    lines += [
        f"| {' | '.join([title, *_cells(runs, first)])} |"
        for title, runs in results.items()
    ]
    return "\n".join(lines) + "\n"


def format_cost_table(results: Results, costs: Mapping[str, Cost]) -> str:
    """Return what rows cost beside what they score, as a Markdown table.

    Args:
        results: From :func:`~lanedet.ablation.run_ablation`.
        costs: From :func:`~lanedet.ablation.measure_costs`.

    Returns:
        A row is free if it predicts with as many parameters and multiplications as the
        plain one, else it is paid for. Scores as in :func:`format_table`, with which
        the table shares its rows.
    """
    first = next(iter(results.values()))
    plain = costs[next(iter(results))]
    titles = [
        *("row", "at inference", "M parameters"),
        *(f"GMAC at {size}" for size in plain.macs),
        *("ms of one image", "MiB to predict", "ms of a training step", "x plain"),
        *("MiB to train", "accuracy %", "gain", "FP", "FN"),
    ]
    lines = [f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    for title, runs in results.items():
        cells = _cost_cells(costs[title], plain) + _cells(runs, first)[:_NUM_SCORES]
        lines.append(f"| {' | '.join([title, *cells])} |")
    return "\n".join(lines) + "\n"


def is_free(cost: Cost, plain: Cost) -> bool:
    """Tell whether a row predicts with the plain one's parameters and operations."""
    return (cost.parameters, cost.macs) == (plain.parameters, plain.macs)


def _cost_cells(cost: Cost, plain: Cost) -> list[str]:
    return [
        "free" if is_free(cost, plain) else "paid",
        f"{cost.parameters / 1e6:.3f}",
        *(f"{macs / 1e9:.3f}" for macs in cost.macs.values()),
        f"{cost.predict_ms:.1f}",
        f"{cost.predict_bytes / 2**20:.1f}",
        f"{cost.step_ms:.0f}",
        f"{cost.step_ms / plain.step_ms:.2f}",
        f"{cost.step_bytes / 2**20:.0f}",
    ]


def _cells(
    runs: Sequence[Mapping[str, Any]], first: Sequence[Mapping[str, Any]]
) -> list[str]:
    values = {
        name: np.array([run["metrics"][f"tusimple/{name}"] for run in runs])
        for name in ("accuracy", "fp", "fn")
    }
    plain = np.array([run["metrics"]["tusimple/accuracy"] for run in first])
    ratios = [run["loss_ratio"] for run in runs if run["loss_ratio"] is not None]
    shares = [run["gradient_share"] for run in runs]
    return [
        _spread(100 * values["accuracy"], 2),
        _spread(100 * (values["accuracy"] - plain), 2, "+")
        if runs is not first
        else "",
        _spread(values["fp"], 3),
        _spread(values["fn"], 3),
        f"{np.mean(ratios):.1e}" if ratios else "",
        ", ".join(
            f"{stage} {np.median([share[stage]['median'] for share in shares]):.1g} "
            f"({max(share[stage]['largest'] for share in shares):.1g})"
            for stage in shares[0]
        ),
        ", ".join(
            f"{stage} {np.mean([run['own_entropy'][stage] for run in runs]):.2f}"
            for stage in runs[0]["own_entropy"]
        ),
        _means(runs, "entropy", ".2f"),
        _means(runs, "map_distance", ".4f"),
    ]


def _spread(values: Any, digits: int, sign: str = "") -> str:
    mean = f"{np.mean(values):{sign}.{digits}f}"
    if len(values) < 2:
        return mean
    return f"{mean} ± {np.std(values, ddof=1):.{digits}f}"


def _means(runs: Sequence[Mapping[str, Any]], key: str, form: str) -> str:
    names = list(runs[0][key])
    return ", ".join(
        format(np.mean([run[key][name] for run in runs]), form) for name in names
    )


def format_category_table(results: Results) -> str:
    """Return CULane's F1 by category as a Markdown table, empty without that rule.

    Args:
        results: From :func:`~lanedet.ablation.run_ablation`.

    Returns:
        A column for each row of the ablation with its F1 in percent: means and, over
        the seeds, standard deviations (n - 1). Behind each but the plain one, the mean
        of the differences to the plain run of the same seed. Of all categories together
        also F1 at the threshold 0.75, and mF1. Of the crossroads, in which there is no
        lane to find, the number of lanes found. Then the same of each further test.
    """
    titles = list(results)
    plain = titles[0]
    names = [name for name in results[plain][0]["metrics"] if _is_category(name)]
    if not names:
        return ""
    head = ["category", plain]
    for title in titles[1:]:
        head += [title, "gain"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for name in names:
        scale, digits = (1.0, 0) if name == _CROSS else (100.0, 1)
        values = {
            title: scale * np.array([run["metrics"][name] for run in runs])
            for title, runs in results.items()
        }
        cells = [_category_name(name), _spread(values[plain], digits)]
        for title in titles[1:]:
            gain = values[title] - values[plain]
            cells += [_spread(values[title], digits), _spread(gain, digits, "+")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _is_category(name: str) -> bool:
    own = f"culane/{name.rpartition('culane/')[2]}"
    return own in (_TOTAL, _CROSS, *_STRICT) or own.startswith(f"{_TOTAL}_")


def _category_name(name: str) -> str:
    test, _, own = name.rpartition("culane/")
    whole, own = test.rstrip("/") or "all", f"culane/{own}"
    if own == _TOTAL:
        return whole
    if own in _STRICT:
        return whole + _STRICT[own]
    if own == _CROSS:
        return "crossroad, lanes found"
    return own.removeprefix(f"{_TOTAL}_")
