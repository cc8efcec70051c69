import math
import re
from pathlib import Path
from typing import Any

import pytest

from lanedet.engine import load_config

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"
_MOTION = "train_dataloader.dataset.pipeline.1.motion"


@pytest.mark.parametrize(
    ("key", "value", "must"),
    [
        ("optim_wrapper.optimizer.lr", math.nan, "be a number, got nan"),
        ("optim_wrapper.optimizer.lr", -0.1, "be at least 0, got -0.1"),
        ("optim_wrapper.optimizer.lr", math.inf, "be finite, got inf"),
        ("optim_wrapper.optimizer.weight_decay", -1, "be at least 0, got -1"),
        ("optim_wrapper.clip_grad.max_norm", -1, "be at least 0, got -1"),
        ("param_scheduler.0.pct_start", math.nan, "be a number, got nan"),
        ("model.distiller.weight", math.nan, "be a number, got nan"),
        (f"{_MOTION}.scale.1", math.nan, "be a number, got nan"),
        ("randomness.seed", -5, "be at least 0, got -5"),
        ("randomness.seed", 2**32, "be at most 4294967295, got 4294967296"),
        ("train_dataloader.batch_size", 0, "be at least 1, got 0"),
        ("val_dataloader.batch_size", -2, "be at least 1, got -2"),
        ("test_dataloader.num_workers", -1, "be at least 0, got -1"),
        ("train_cfg.val_interval", 0, "be at least 1, got 0"),
        ("default_hooks.logger.interval", 0, "be at least 1, got 0"),
        ("default_hooks.logger.interval", -1, "be at least 1, got -1"),
        ("default_hooks.checkpoint.interval", 0, "be at least 1, got 0"),
        ("custom_hooks.2.interval", 0, "be at least 1, got 0"),
        ("log_processor.window_size", 0, "be at least 1, got 0"),
        ("auto_scale_lr.base_batch_size", 0, "be at least 1, got 0"),
    ],
)
def test_impossible_numbers_are_reported_by_their_key(
    key: str, value: Any, must: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(f'{key} must {must}.')}$"):
        load_config(SCENES, {key: value})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("optim_wrapper.optimizer.lr", 0),
        ("optim_wrapper.clip_grad.norm_type", math.inf),
        ("randomness.seed", None),
        ("randomness.seed", 2**32 - 1),
        ("default_hooks.checkpoint.interval", -1),
        ("train_dataloader.num_workers", 0),
    ],
)
def test_numbers_at_the_edge_of_what_is_possible(key: str, value: Any) -> None:
    load_config(SCENES, {key: value})


@pytest.mark.parametrize(
    ("key", "interval", "better"),
    [
        ("train_cfg.val_interval", 500, 498),
        ("default_hooks.checkpoint.interval", 2, 3),
    ],
)
def test_nothing_is_saved_while_gradients_are_accumulated(
    key: str, interval: int, better: int
) -> None:
    options = {
        "train_cfg.val_interval": 300,
        "default_hooks.checkpoint.interval": 300,
        "optim_wrapper.accumulative_counts": 3,
    }
    load_config(SCENES, options)
    message = f"{key} must be a multiple of .*=3, got {interval}: .* Use {better}"
    with pytest.raises(ValueError, match=message):
        load_config(SCENES, {**options, key: interval})
