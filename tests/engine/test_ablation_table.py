"""The ablation's table, by hand."""

from typing import Any

from lanedet.engine import format_table


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


def test_one_seed_has_no_spread() -> None:
    table = format_table({"plain": [result(0.8, None)], "SAD": [result(0.9, 0.1)]})
    assert "±" not in table
    assert "| +10.00 |" in table
