import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper

from lanedet.engine import LaneRunner, NonFiniteError

MakeRunner = Callable[..., LaneRunner]
BAD = 4  # so many iterations are good


class BadInput(Hook):
    """Puts a value into an image of one batch."""

    def __init__(self, value: float) -> None:
        self.value = value

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == BAD:
            data_batch["inputs"][0] = torch.full((4,), self.value)


class BadGradient(Hook):
    """Spoils a gradient in one iteration."""

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == BAD:
            weight = runner.model.net[0].weight
            handle = weight.register_hook(lambda gradient: gradient * float("inf"))
            self.handle = handle

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter == BAD:
            self.handle.remove()


class BadWeights(Hook):
    """Spoils the weights themselves."""

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == BAD:
            runner.model.net[0].weight.data.fill_(float("nan"))


class ScaledOptimWrapper(OptimWrapper):
    """What AmpOptimWrapper does with a GradScaler, on the CPU."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scaler = torch.amp.GradScaler("cpu")

    def backward(self, loss: torch.Tensor, **kwargs: Any) -> None:
        self.scaler.scale(loss).backward()
        self._inner_count += 1

    def step(self, **kwargs: Any) -> None:
        self.scaler.step(self.optimizer)
        self.scaler.update()


SCALED = {"type": ScaledOptimWrapper, "optimizer": {"type": "SGD", "lr": 0.1}}


def unbroken_losses(make: MakeRunner, recorder: Any, **options: Any) -> Any:
    record = recorder()
    make(record, **options).train()
    return record.losses


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_bad_loss_stops_with_all_that_helps(
    toy_runner: MakeRunner, tmp_path: Path, value: float
) -> None:
    with pytest.raises(NonFiniteError) as caught:
        toy_runner(BadInput(value)).train()
    text = str(caught.value)
    assert text.startswith("Iteration 5: loss_a is nan, loss_b is nan. The batch: ")
    assert len(re.findall(r"image\d\.jpg", text)) == 3
    assert f"saved in '{tmp_path / 'iter_4.pth'}', for --resume" in text
    assert "lower the learning rate" in text


@pytest.mark.parametrize("bad", [BadInput(float("nan")), BadGradient()])
def test_saved_state_is_that_before_the_iteration(
    toy_runner: MakeRunner, recorder: Any, tmp_path: Path, bad: Hook
) -> None:
    expected = unbroken_losses(toy_runner, recorder)
    with pytest.raises(NonFiniteError):
        toy_runner(bad).train()
    saved = torch.load(tmp_path / "iter_4.pth", weights_only=True)
    assert all(each.isfinite().all() for each in saved["state_dict"].values())
    assert saved["meta"]["iter"] == BAD
    record = recorder()
    toy_runner(record, resume=tmp_path / "iter_4.pth").train()
    assert record.losses == {i: expected[i] for i in range(BAD, 8)}


def test_bad_gradient_is_named(toy_runner: MakeRunner) -> None:
    with pytest.raises(NonFiniteError, match=r"losses are finite.*net\.0\.weight is"):
        toy_runner(BadGradient()).train()


def test_first_iteration_can_be_bad(
    toy_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "BAD", 0)
    with pytest.raises(NonFiniteError, match=r"Iteration 1: .*iter_0\.pth"):
        toy_runner(BadInput(float("nan"))).train()
    assert (tmp_path / "iter_0.pth").is_file()


def test_spoiled_weights_are_not_saved(toy_runner: MakeRunner, tmp_path: Path) -> None:
    with pytest.raises(NonFiniteError, match=r"weights were not finite .*iter_3\.pth"):
        toy_runner(BadWeights()).train()
    assert not (tmp_path / "iter_4.pth").exists()


def test_scaled_gradient_that_overflows_is_no_fault(
    toy_runner: MakeRunner, recorder: Any
) -> None:
    record = recorder()
    runner = toy_runner(record, BadGradient(), optim_wrapper=SCALED)
    runner.train()
    assert len(record.losses) == 8
    scale = runner.optim_wrapper.scaler.get_scale()
    assert scale == torch.amp.GradScaler("cpu").get_scale() / 2


def test_scaled_loss_that_is_nan_stops(toy_runner: MakeRunner) -> None:
    runner = toy_runner(BadInput(float("nan")), optim_wrapper=SCALED)
    with pytest.raises(NonFiniteError, match="loss_a is nan"):
        runner.train()


def test_nothing_is_watched_after_training(toy_runner: MakeRunner) -> None:
    runner = toy_runner()
    runner.train()
    assert not runner.model._forward_hooks


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="Needs a CUDA GPU.")
def test_mixed_precision_on_a_gpu(toy_runner: MakeRunner, recorder: Any) -> None:
    amp = {**SCALED, "type": "AmpOptimWrapper", "loss_scale": "dynamic"}
    record = recorder()
    toy_runner(record, BadGradient(), optim_wrapper=amp).train()
    assert len(record.losses) == 8
    with pytest.raises(NonFiniteError, match="loss_a is nan"):
        toy_runner(BadInput(float("nan")), optim_wrapper=amp).train()
