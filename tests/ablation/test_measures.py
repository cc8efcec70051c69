"""What an ablation reads out of a run's logged values."""

import pytest

from lanedet.ablation.measures import measure_scalars


def test_scalars_by_hand() -> None:
    measured = measure_scalars(
        {
            # Only the last 50 count.
            "train/loss_seg": [9.0] * 10 + [0.5] * 50,
            "train/loss_sad": [9.0] * 10 + [0.1] * 50,
            "train/sad_gradient_share_E2": [0.0, 0.0, 47.0],
            "train/attention_entropy_E2": [0.25, 0.75],
            "train/lr": [0.1],
        }
    )
    assert measured == {
        "loss_ratio": pytest.approx(0.2),
        "gradient_share": {"E2": {"median": 0.0, "largest": 47.0}},
        "own_entropy": {"E2": 0.5},
    }


def test_a_plain_run_has_nothing_to_tell() -> None:
    assert measure_scalars({"train/loss_seg": [0.5]}) == {
        "loss_ratio": None,
        "gradient_share": {},
        "own_entropy": {},
    }
