from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmengine.optim import OneCycleLR, PolyLR

from lanedet.engine import load_config
from lanedet.engine.schedule import (
    check_resumed_schedule,
    check_schedule,
    merge_options,
    with_peak,
)

CONFIGS = Path(__file__).resolve().parents[2] / "configs/sad"
SCENES = CONFIGS / "enet_sad_scenes.py"  # one cycle of 460 iterations
MODERN = CONFIGS / "enet_sad_tusimple_modern.py"  # 200 of 8,170 are warm-up


def make(max_iters: int, *schedulers: dict[str, Any]) -> Config:
    return Config(
        {"train_cfg": {"max_iters": max_iters}, "param_scheduler": list(schedulers)}
    )


def test_schedule_is_stretched_with_the_length() -> None:
    config = load_config(MODERN, {"train_cfg.max_iters": 817})  # a tenth
    warm_up, fall = config.param_scheduler
    assert (warm_up.begin, warm_up.end) == (0, 20)
    assert fall.begin == 20
    assert "end" not in fall, "it ends with the training"


def test_all_counts_are_stretched_alike() -> None:
    config = make(
        600,
        {"type": "LinearLR", "begin": 0, "end": 60, "by_epoch": False},
        {"type": "CosineAnnealingLR", "begin": 60, "T_max": 540, "by_epoch": False},
        {"type": "MultiStepLR", "milestones": [200, 400], "by_epoch": False},
        {"type": "StepLR", "step_size": 100, "by_epoch": False},
    )
    merge_options(config, {"train_cfg.max_iters": 300})
    warm_up, cosine, steps, step = config.param_scheduler
    assert (warm_up.begin, warm_up.end) == (0, 30)
    assert (cosine.begin, cosine.T_max) == (30, 270)
    assert steps.milestones == [100, 200]
    assert step.step_size == 50


def test_tiny_lengths_keep_a_schedule() -> None:
    # One iteration of warm-up is left, not none: a schedule must have a length.
    config = make(6000, {"type": "LinearLR", "begin": 0, "end": 60, "by_epoch": False})
    merge_options(config, {"train_cfg.max_iters": 6})
    assert config.param_scheduler[0].end == 1
    assert load_config(SCENES, {"train_cfg.max_iters": 1}) is not None


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"train_cfg.val_interval": 5}, id="another option"),
        pytest.param({"model.distiller.weight": 1.0}, id="another part"),
    ],
)
def test_nothing_else_stretches_it(options: dict[str, Any]) -> None:
    assert load_config(MODERN, options).param_scheduler[0].end == 200


def test_who_names_the_schedule_has_the_last_word() -> None:
    options = {"train_cfg.max_iters": 100, "param_scheduler.0.total_steps": 120}
    assert load_config(SCENES, options).param_scheduler[0].total_steps == 120


def test_what_has_no_end_or_counts_epochs_stays() -> None:
    config = make(
        100,
        {"type": PolyLR, "end": 10**9, "by_epoch": False},
        {"type": PolyLR, "end": 12},
    )
    merge_options(config, {"train_cfg.max_iters": 50})
    assert [each.end for each in config.param_scheduler] == [10**9, 12]


@pytest.mark.parametrize("kind", [OneCycleLR, "OneCycleLR"])
def test_a_cycle_that_is_over_too_soon_is_refused(kind: Any) -> None:
    config = make(100, {"type": kind, "total_steps": 99, "by_epoch": False})
    with pytest.raises(ValueError, match=r"total_steps=99, .*max_iters=100.* to 100"):
        check_schedule(config)
    config = make(100, {"type": kind, "begin": 1, "total_steps": 99, "by_epoch": False})
    check_schedule(config)


def test_a_cycle_that_would_rise_in_one_iteration_is_refused() -> None:
    cycle = {"type": OneCycleLR, "pct_start": 0.1, "by_epoch": False}
    with pytest.raises(ValueError, match=r"0 must not rise in a single .*=0.1 of 10\."):
        check_schedule(make(10, cycle))
    for length in (9, 11):
        check_schedule(make(length, cycle))


def test_a_schedule_that_begins_after_the_training_is_refused() -> None:
    poly = {"type": PolyLR, "begin": 200, "by_epoch": False}
    with pytest.raises(ValueError, match=r"0\.begin must be below .*=200, got 200"):
        check_schedule(make(200, poly))
    check_schedule(make(201, poly))


@pytest.mark.parametrize("length", [0, -3, 2.5, "many"])
def test_length_must_be_a_count(length: Any) -> None:
    with pytest.raises(ValueError, match=r"max_iters must be a whole number"):
        load_config(SCENES, {"train_cfg.max_iters": length})


def test_a_run_goes_on_only_in_its_own_schedule() -> None:
    config = load_config(SCENES)
    check_resumed_schedule(config, {"param_schedulers": [{"end": 460}]})
    check_resumed_schedule(config, {})
    with pytest.raises(ValueError, match=r"0\.end=100, but the config has 460"):
        check_resumed_schedule(config, {"param_schedulers": [{"end": 100}]})
    config = make(460, {"type": OneCycleLR, "total_steps": 460, "by_epoch": False})
    with pytest.raises(ValueError, match=r"0\.total_steps=100, but the config has 460"):
        check_resumed_schedule(config, {"param_schedulers": [{"total_steps": 100}]})


def test_one_cycle_rises_to_the_optimizers_learning_rate() -> None:
    cycle = {"type": OneCycleLR, "by_epoch": False}
    fall = {"type": PolyLR, "by_epoch": False}
    assert with_peak([cycle, fall], 0.3) == [{**cycle, "eta_max": 0.3}, fall]
    named = {"type": "mmengine.optim.OneCycleLR"}
    assert with_peak(named, 0.3) == {**named, "eta_max": 0.3}
    own = {"type": "OneCycleLR", "eta_max": 0.1}
    assert with_peak(own, 0.3) == own
