from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer
from mmengine.optim import CosineAnnealingLR, OneCycleLR, PolyLR
from mmengine.runner import CheckpointLoader

from lanedet.engine import PlainCheckpointHook
from lanedet.engine.hooks.plain_checkpoint_hook import (
    _restore_history,
    _to_plain,
    check_training_state,
    get_random_state,
)


def test_history_survives_a_plain_file(tmp_path: Path) -> None:
    history = HistoryBuffer(np.array([1.0, 2.0]), np.array([1, 3]), max_length=5)
    torch.save(_to_plain({"loss": history}), tmp_path / "plain.pth")
    loaded = torch.load(tmp_path / "plain.pth", weights_only=True)
    restored = _restore_history(loaded["loss"])
    restored.update(4.0)
    values, counts = restored.data
    assert values.tolist() == [1, 2, 4]
    assert counts.tolist() == [1, 3, 1]
    assert restored.mean(2) == pytest.approx((2 + 4) / (3 + 1))


def test_numpy_becomes_plain() -> None:
    value: Any = {"a": np.float32(1.5), "b": [np.int64(2)], "c": (np.zeros(2), None)}
    plain = _to_plain(value)
    assert type(plain["a"]) is float
    assert type(plain["b"][0]) is int
    assert isinstance(plain["c"][0], torch.Tensor)


def test_other_objects_are_left_out() -> None:
    value = {"path": Path("x"), "kept": 1, "none": None, "list": [Path("x"), 2]}
    assert _to_plain(value) == {"kept": 1, "none": None, "list": [2]}


def test_urls_are_not_loaded() -> None:
    PlainCheckpointHook()
    for name in ("http://localhost/x.pth", "torchvision://x", "s3://x"):
        with pytest.raises(ValueError, match="read from files only"):
            CheckpointLoader.load_checkpoint(name)


@pytest.mark.parametrize("kind", [OneCycleLR, PolyLR, CosineAnnealingLR])
def test_schedulers_go_on_from_plain_data(kind: type, tmp_path: Path) -> None:
    options = {
        OneCycleLR: {"eta_max": 0.1, "total_steps": 20},
        PolyLR: {"power": 0.9, "end": 20},
        CosineAnnealingLR: {"T_max": 20},
    }[kind]

    def make() -> Any:
        parameter = torch.nn.Parameter(torch.zeros(1))
        optimizer = torch.optim.SGD([parameter], lr=0.1, momentum=0.9)
        return kind(optimizer, by_epoch=False, **options)

    def rates(scheduler: Any, count: int) -> list[float]:
        values = []
        for _ in range(count):
            scheduler.optimizer.step()
            scheduler.step()
            values.append(scheduler.optimizer.param_groups[0]["lr"])
        return values

    whole = rates(make(), 12)
    first, resumed = make(), make()
    rates(first, 5)
    state = {"s": first.state_dict(), "o": first.optimizer.state_dict()}
    torch.save(_to_plain(state), tmp_path / "state.pth")
    loaded = torch.load(tmp_path / "state.pth", weights_only=True)
    resumed.optimizer.load_state_dict(loaded["o"])
    resumed.load_state_dict(loaded["s"])
    assert rates(resumed, 7) == pytest.approx(whole[5:])


def training_state() -> dict[str, Any]:
    history = {
        "history_buffer": torch.ones(2, dtype=torch.float64),
        "counts": torch.ones(2, dtype=torch.int64),
        "max_length": 10,
    }
    return {
        "meta": {"iter": 3, "epoch": 0},
        "optimizer": {},
        "message_hub": {"log_scalars": {"loss": history}},
        "random_state": get_random_state(),
    }


@pytest.mark.parametrize(
    ("part", "value", "name"),
    [
        ("meta", {"iter": "3"}, "meta.iter"),
        ("meta", {"iter": 3, "epoch": -1}, "meta.epoch"),
        ("optimizer", [], "optimizer"),
        ("message_hub", [], "message_hub"),
        ("message_hub", {"log_scalars": []}, "message_hub"),
        ("message_hub", {"log_scalars": {"x": {"history_buffer": 3}}}, "message_hub"),
        ("random_state", 3, "random_state"),
        ("random_state", {"cpu": torch.zeros(3), "cuda": []}, "random_state"),
        ("random_state", {"cpu": None, "cuda": []}, "random_state"),
    ],
)
def test_a_state_of_training_of_another_form(part: str, value: Any, name: str) -> None:
    whole = training_state()
    check_training_state(whole, "iter_3.pth")
    with pytest.raises(ValueError, match=rf"'iter_3\.pth' must hold.*, but {name} is"):
        check_training_state({**whole, part: value}, "iter_3.pth")
