import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import EMAHook, Hook
from mmengine.optim import OptimWrapper

from lanedet.engine import LaneRunner, LaneTrainLoop, latest_checkpoint
from lanedet.runtime import user_errors

MakeRunner = Callable[..., LaneRunner]


class Signal(Hook):
    """Sends this process a signal in the midst of an iteration."""

    def __init__(self, number: signal.Signals, at: int) -> None:
        self.number = number
        self.at = at

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == self.at:
            signal.raise_signal(self.number)


class InterruptValidation(Hook):
    """Ctrl-C in the midst of a validation."""

    def __init__(self, at: int) -> None:
        self.at = at

    def after_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if runner.iter == self.at:
            signal.raise_signal(signal.SIGINT)


class Validations(Hook):
    """Keeps the iterations after which there was a whole validation."""

    def __init__(self) -> None:
        self.iterations: list[int] = []

    def after_val_epoch(self, runner: Any, metrics: Any = None) -> None:
        self.iterations.append(runner.iter)


@pytest.fixture
def expected(toy_runner: MakeRunner, recorder: Any) -> dict[int, float]:
    """The losses of a run that nothing interrupts."""
    record = recorder()
    toy_runner(record).train()
    assert len(record.losses) == 8
    return record.losses


@pytest.mark.parametrize(
    ("number", "status", "word"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_waits_for_the_iteration_and_loses_nothing(
    toy_runner: MakeRunner,
    recorder: Any,
    expected: dict[int, float],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
    status: int,
    word: str,
) -> None:
    first, second = recorder(), recorder()
    with pytest.raises(SystemExit) as caught, user_errors():
        toy_runner(first, Signal(number, at=4)).train()
    assert caught.value.code == status
    path = tmp_path / "iter_5.pth"
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2:] == [word, f"The state after iteration 5 is in {path}"]
    toy_runner(second, resume=path).train()
    assert first.losses | second.losses == expected
    assert set(first.losses) & set(second.losses) == set()


def test_checkpoint_out_of_turn_takes_the_place_of_an_old_one(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        toy_runner(Signal(signal.SIGINT, at=6)).train()
    names = {path.name for path in tmp_path.glob("iter_*.pth")}
    assert names == {"iter_6.pth", "iter_7.pth"}  # max_keep_ckpts is 2


def test_an_interrupted_validation_is_made_up_for(
    toy_runner: MakeRunner, recorder: Any, expected: dict[int, float], tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt) as caught:
        toy_runner(InterruptValidation(at=4)).train()
    path = tmp_path / "iter_4.pth"
    assert caught.value.__notes__ == [f"The state after iteration 4 is in {path}"]
    record, validations = recorder(), Validations()
    toy_runner(record, validations, resume=path).train()
    assert validations.iterations == [4, 8]
    assert record.losses == {i: expected[i] for i in range(4, 8)}


def test_a_whole_validation_is_not_repeated(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        toy_runner(Signal(signal.SIGINT, at=4)).train()
    validations = Validations()
    toy_runner(validations, resume=latest_checkpoint(tmp_path)).train()
    assert validations.iterations == [8]


def test_trained_weights_are_saved_while_averaged_ones_are_validated(
    toy_runner: MakeRunner, recorder: Any, tmp_path: Path
) -> None:
    def average() -> EMAHook:
        return EMAHook(momentum=0.1)

    whole, second = recorder(), recorder()
    toy_runner(whole, average()).train()
    with pytest.raises(KeyboardInterrupt):
        toy_runner(average(), InterruptValidation(at=4)).train()
    toy_runner(second, average(), resume=tmp_path / "iter_4.pth").train()
    assert second.losses == {i: whole.losses[i] for i in range(4, 8)}


class Gradients(Hook):
    """Keeps the gradients of every update."""

    def __init__(self) -> None:
        self.updates: list[torch.Tensor] = []

    def before_train(self, runner: Any) -> None:
        self.parameters = list(runner.model.parameters())
        runner.optim_wrapper.optimizer.register_step_pre_hook(self._keep)

    def _keep(self, *_: Any) -> None:
        self.updates.append(torch.cat([p.grad.flatten() for p in self.parameters]))


def accumulating(counts: int) -> dict[str, Any]:
    """Return the fixture's optimizer, which updates after so many iterations."""
    sgd = {"type": "SGD", "lr": 0.01, "momentum": 0.9}
    return {
        "type": OptimWrapper,
        "optimizer": sgd,
        "accumulative_counts": counts,
    }


@pytest.mark.parametrize("is_frozen", [True, False])
def test_accumulated_gradients_are_those_of_the_whole_batch(
    toy_runner: MakeRunner, is_frozen: bool
) -> None:
    def gradients(counts: int, batch_size: int) -> list[torch.Tensor]:
        record = Gradients()
        runner = toy_runner(
            record,
            optim_wrapper=accumulating(counts),
            train_cfg={"type": LaneTrainLoop, "max_iters": 2 * counts},
            param_scheduler=None,
        )
        runner._train_dataloader["batch_size"] = batch_size
        runner.model.net[2].p = 0.0
        if is_frozen:  # a batch norm that trains takes the mean of what it is given
            runner.model.net[1].eval().train = lambda mode=True: None
        runner.train()
        return record.updates

    few, whole = gradients(counts=3, batch_size=2), gradients(counts=1, batch_size=6)
    assert len(few) == len(whole) == 2
    for one, other in zip(few, whole, strict=True):
        assert torch.allclose(one, other, rtol=1e-4, atol=1e-6) == is_frozen


def test_an_interrupt_waits_for_the_update_of_accumulated_gradients(
    toy_runner: MakeRunner, recorder: Any, tmp_path: Path
) -> None:
    options = {
        "optim_wrapper": accumulating(3),
        "train_cfg": {"type": LaneTrainLoop, "max_iters": 8, "val_interval": 6},
    }
    whole, first, second = recorder(), recorder(), recorder()
    toy_runner(whole, **options, work_dir=str(tmp_path / "whole")).train()
    with pytest.raises(KeyboardInterrupt) as caught:
        toy_runner(first, Signal(signal.SIGINT, at=3), **options).train()
    path = tmp_path / "iter_6.pth"
    assert caught.value.__notes__ == [f"The state after iteration 6 is in {path}"]
    toy_runner(second, **options, resume=path).train()
    assert first.losses | second.losses == whole.losses
    assert set(second.losses) == {6, 7}  # the last update is of what is left


def test_an_iteration_that_fails_is_not_saved(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    class Fail(Hook):
        def before_train_iter(
            self, runner: Any, batch_idx: int, data_batch: Any = None
        ) -> None:
            if runner.iter == 4:
                signal.raise_signal(signal.SIGINT)
                raise RuntimeError("A process is gone.")

    with pytest.raises(KeyboardInterrupt):
        toy_runner(Fail()).train()
    assert latest_checkpoint(tmp_path) == tmp_path / "iter_3.pth"


def test_what_is_no_longer_logged_is_dropped_on_resuming(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    class Extra(Hook):
        def after_train_iter(
            self,
            runner: Any,
            batch_idx: int,
            data_batch: Any = None,
            outputs: Any = None,
        ) -> None:
            runner.message_hub.update_scalar("train/extra", 1.0)

    toy_runner(Extra()).train()
    runner = toy_runner(resume=tmp_path / "iter_6.pth")
    runner.train()
    scalars = runner.message_hub.log_scalars
    assert "train/extra" not in scalars
    assert len(scalars["train/loss"].data[0]) == 8
    assert torch.tensor(scalars["train/loss"].data[0]).isfinite().all()


class Sparse(Hook):
    """Logs something every other iteration."""

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if batch_idx % 2 == 0:
            runner.message_hub.update_scalar("train/sparse", float(runner.iter))


def histories(runner: LaneRunner) -> dict[str, list[float]]:
    """What was logged, but for times."""
    scalars = runner.message_hub.log_scalars
    return {
        name: scalars[name].data[0].tolist()
        for name in scalars
        if not name.endswith("time")
    }


@pytest.mark.parametrize(
    "interrupt",
    [
        *(pytest.param(Signal(signal.SIGINT, at), id=f"in {at}") for at in range(8)),
        *(pytest.param(InterruptValidation(at), id=f"val {at}") for at in (4, 8)),
    ],
)
def test_a_resumed_run_has_the_histories_of_an_unbroken_one(
    toy_runner: MakeRunner, tmp_path: Path, interrupt: Hook
) -> None:
    whole = toy_runner(Sparse(), work_dir=str(tmp_path / "whole"))
    whole.train()
    expected = histories(whole)
    assert {"train/loss", "train/lr", "train/sparse", "val/toy/images"} <= set(expected)
    with pytest.raises(KeyboardInterrupt):
        toy_runner(Sparse(), interrupt).train()
    resumed = toy_runner(Sparse(), resume=latest_checkpoint(tmp_path))
    resumed.train()
    assert histories(resumed) == expected
    infos = [runner.message_hub.runtime_info for runner in (whole, resumed)]
    assert infos[0].keys() == infos[1].keys()
    for name in ("keep_ckpt_ids", "last_validation"):
        assert infos[0][name] == infos[1][name]


def test_validation_comes_at_least_every_so_often(toy_runner: MakeRunner) -> None:
    train_cfg = {"type": LaneTrainLoop, "max_iters": 8, "val_interval": 0}
    with pytest.raises(ValueError, match="val_interval must be at least 1, got 0"):
        toy_runner(train_cfg=train_cfg).train()


def test_a_run_that_is_scored_at_its_end_keeps_its_checkpoints(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    runner = toy_runner()
    runner.train()
    runner.val()
    assert (tmp_path / "iter_8.pth").is_file()
    assert not (tmp_path / "previous").exists()
