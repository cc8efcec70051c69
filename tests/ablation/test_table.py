"""The ablation's table, by hand."""

from typing import Any

from lanedet.ablation import (
    Cost,
    format_category_table,
    format_cost_table,
    format_table,
)


def result(accuracy: float, ratio: float | None) -> dict[str, Any]:
    stages = [] if ratio is None else ["E2", "E3"]
    return {
        "metrics": {
            "tusimple/accuracy": accuracy,
            "tusimple/fp": 0.25,
            "tusimple/fn": 0.5,
        },
        "loss_ratio": ratio,
        "gradient_share": {stage: {"median": 0.2, "largest": 47} for stage in stages},
        "own_entropy": dict.fromkeys(stages, 0.125),
        "entropy": {"E2": 0.5, "E3": 0.75},
        "map_distance": {"E2-E3": 0.01},
    }


def test_means_spreads_and_gains() -> None:
    table = format_table(
        {
            "plain": [result(0.80, None), result(0.82, None)],
            "SAD": [result(0.81, 0.1), result(0.85, 0.3)],
        }
    ).splitlines()
    assert table[2].startswith("| plain | 81.00 ± 1.41 |  | 0.250 ± 0.000 | 0.500 ±")
    # Gains +1 and +3 over the plain run of the same seed.
    assert table[3].startswith("| SAD | 83.00 ± 2.83 | +2.00 ± 1.41 |")
    assert table[3].endswith(
        "| 2.0e-01 | E2 0.2 (5e+01), E3 0.2 (5e+01) | E2 0.12, E3 0.12 | 0.50, 0.75 "
        "| 0.0100 |"
    )
    assert "entropy E2, E3 | distance E2-E3 |" in table[0]
    assert len({line.count("|") for line in table}) == 1


def test_a_row_without_a_distiller_has_a_gain_too() -> None:
    table = format_table({"plain": [result(0.8, None)], "SE": [result(0.9, None)]})
    assert table.splitlines()[2].startswith("| plain | 80.00 |  |")
    assert table.splitlines()[3].startswith("| SE | 90.00 | +10.00 |")


def test_one_seed_has_no_spread() -> None:
    table = format_table({"plain": [result(0.8, None)], "SAD": [result(0.9, 0.1)]})
    assert "±" not in table
    assert "| +10.00 |" in table


def scored(f1: float, night: float, found_at_crossings: float) -> dict[str, Any]:
    metrics = {
        "culane/f1": f1,
        "culane/f1_75": 0.125,
        "culane/recall_night": 0.25,
        "culane/f1_night": night,
        "culane/fp_cross": found_at_crossings,
    }
    return {"metrics": metrics}


def test_categories_with_gains_over_the_plain_run_of_the_seed() -> None:
    results = {
        "plain": [scored(0.50, 0.40, 30), scored(0.52, 0.40, 10)],
        "SAD": [scored(0.51, 0.38, 20), scored(0.55, 0.44, 10)],
    }
    assert format_category_table(results).splitlines() == [
        "| category | plain | SAD | gain |",
        "|---|---|---|---|",
        "| all | 51.0 ± 1.4 | 53.0 ± 2.8 | +2.0 ± 1.4 |",
        "| all, F1 at 0.75 | 12.5 ± 0.0 | 12.5 ± 0.0 | +0.0 ± 0.0 |",
        "| night | 40.0 ± 0.0 | 41.0 ± 4.2 | +1.0 ± 4.2 |",
        "| crossroad, lanes found | 20 ± 14 | 15 ± 7 | -5 ± 7 |",
    ]


def test_further_tests_have_lines_of_their_own() -> None:
    run = scored(0.5, 0.4, 30)
    run["metrics"] |= {
        "tusimple/accuracy": 0.9,
        "bends/culane/f1": 0.25,
        "bends/culane/f1_75": 0.125,
        "bends/culane/mf1": 0.0625,
        "bends/culane/precision": 0.75,
    }
    lines = format_category_table({"plain": [run]}).splitlines()
    assert lines[-3:] == [
        "| bends | 25.0 |",
        "| bends, F1 at 0.75 | 12.5 |",
        "| bends, mF1 | 6.2 |",
    ]
    assert len(lines) == 2 + 4 + 3


def test_no_categories_without_culane_s_rule() -> None:
    assert format_category_table({"plain": [result(0.8, None)]}) == ""


def cost(**changes: Any) -> Cost:
    usual = {
        "parameters": 1_000_000,
        "macs": {"96x160": 150_000_000, "288x800": 2_400_000_000},
        "predict_ms": 20.0,
        "predict_bytes": 3 * 2**20,
        "step_ms": 400.0,
        "step_bytes": 500 * 2**20,
    }
    return Cost(**{**usual, **changes})


def test_what_rows_cost_beside_what_they_score() -> None:
    results = {
        "plain": [result(0.80, None), result(0.82, None)],
        "SAD": [result(0.81, 0.1), result(0.85, 0.3)],
        "SE": [result(0.80, None), result(0.82, None)],
    }
    costs = {
        "plain": cost(),
        "SAD": cost(step_ms=500.0, step_bytes=510 * 2**20),
        "SE": cost(parameters=1_002_184, predict_ms=21.04),
    }
    assert format_cost_table(results, costs).splitlines() == [
        "| row | at inference | M parameters | GMAC at 96x160 | GMAC at 288x800 "
        "| ms of one image | MiB to predict | ms of a training step | x plain "
        "| MiB to train | accuracy % | gain | FP | FN |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|",
        "| plain | free | 1.000 | 0.150 | 2.400 | 20.0 | 3.0 | 400 | 1.00 | 500 "
        "| 81.00 ± 1.41 |  | 0.250 ± 0.000 | 0.500 ± 0.000 |",
        "| SAD | free | 1.000 | 0.150 | 2.400 | 20.0 | 3.0 | 500 | 1.25 | 510 "
        "| 83.00 ± 2.83 | +2.00 ± 1.41 | 0.250 ± 0.000 | 0.500 ± 0.000 |",
        "| SE | paid | 1.002 | 0.150 | 2.400 | 21.0 | 3.0 | 400 | 1.00 | 500 "
        "| 81.00 ± 1.41 | +0.00 ± 0.00 | 0.250 ± 0.000 | 0.500 ± 0.000 |",
    ]


def test_multiplications_alone_make_a_row_paid_for() -> None:
    macs = {"96x160": 150_000_001, "288x800": 2_400_000_000}
    table = format_cost_table(
        {"plain": [result(0.8, None)], "RESA": [result(0.8, None)]},
        {"plain": cost(), "RESA": cost(macs=macs)},
    )
    assert table.splitlines()[3].startswith("| RESA | paid | 1.000 |")
