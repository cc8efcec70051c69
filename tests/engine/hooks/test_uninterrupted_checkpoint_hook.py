import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.logging import MessageHub

from lanedet.engine import (
    LaneRunner,
    LaneTrainLoop,
    UninterruptedCheckpointHook,
    WeightsHook,
    latest_checkpoint,
)
from lanedet.engine.hooks.uninterrupted_checkpoint_hook import AtomicLocalBackend
from lanedet.models import read_checkpoint

MakeRunner = Callable[..., LaneRunner]


class Stop(Hook):
    """Ctrl-C after an iteration."""

    def __init__(self, after: int) -> None:
        self.after = after

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter + 1 == self.after:
            signal.raise_signal(signal.SIGINT)


class RisingMetric(BaseMetric):
    """Finds every validation better than the one before."""

    default_prefix = "toy"

    def process(self, data_batch: Any, data_samples: Any) -> None:
        self.results.extend(1 for _ in data_samples)

    def compute_metrics(self, results: list[int]) -> dict[str, float]:
        return {"score": float(MessageHub.get_current_instance().get_info("iter"))}


def stop(runner: LaneRunner) -> None:
    with pytest.raises(KeyboardInterrupt):
        runner.train()


def length(max_iters: int) -> dict[str, Any]:
    """A run of another length, with other random numbers."""
    torch.manual_seed(max_iters)
    return {
        "train_cfg": {"type": LaneTrainLoop, "max_iters": max_iters},
        "val_cfg": None,
        "val_dataloader": None,
        "val_evaluator": None,
        "randomness": {"seed": max_iters},
    }


def checkpoints(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.pth")}


def same_tensors(weights: Path, checkpoint: Path) -> bool:
    ours = safetensors.torch.load_file(weights)
    theirs = read_checkpoint(checkpoint)["state_dict"]
    assert ours.keys() == theirs.keys()
    return all(torch.equal(ours[name], theirs[name]) for name in ours)


def test_weights_are_those_of_this_run(
    toy_runner: MakeRunner, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy_runner(WeightsHook()).train()
    assert capsys.readouterr().out == ""
    old = (tmp_path / "iter_8.pth").read_bytes()
    toy_runner(WeightsHook(), **length(4)).train()
    assert checkpoints(tmp_path) == {"iter_3.pth", "iter_4.pth"}
    weights = tmp_path / "weights.safetensors"
    assert same_tensors(weights, tmp_path / "iter_4.pth")
    with safetensors.safe_open(weights, "pt") as file:
        metadata = file.metadata()
    assert (metadata["iterations"], metadata["seed"]) == ("4", "4")
    (previous,) = (tmp_path / "previous").iterdir()
    assert (previous / "iter_8.pth").read_bytes() == old
    assert same_tensors(previous / "weights.safetensors", previous / "iter_8.pth")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ")
    assert line.endswith(f"now. To go on with that run: --resume {previous}/iter_8.pth")


def test_after_ctrl_c_the_last_checkpoint_is_that_of_this_run(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    toy_runner(WeightsHook()).train()
    stop(toy_runner(WeightsHook(), Stop(after=2), **length(4)))
    assert latest_checkpoint(tmp_path) == tmp_path / "iter_2.pth"
    assert read_checkpoint(tmp_path / "iter_2.pth")["meta"]["seed"] == 4
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_run_that_goes_back_sets_aside_what_came_later(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    toy_runner(WeightsHook()).train()
    runner = toy_runner(Stop(after=7), resume=tmp_path / "iter_6.pth")
    stop(runner)
    assert checkpoints(tmp_path) == {"iter_6.pth", "iter_7.pth"}
    (previous,) = (tmp_path / "previous").iterdir()
    assert {path.name for path in previous.iterdir()} == {
        *("iter_8.pth", "weights.safetensors", "last_checkpoint")
    }


def test_a_finished_run_that_is_resumed_keeps_its_weights(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    toy_runner(WeightsHook()).train()
    weights = tmp_path / "weights.safetensors"
    before = safetensors.torch.load_file(weights)
    weights.unlink()
    toy_runner(WeightsHook(), resume=tmp_path / "iter_8.pth").train()
    after = safetensors.torch.load_file(weights)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not (tmp_path / "previous").exists()


def best(max_keep_ckpts: int = 2) -> dict[str, Any]:
    """Options of a run that also keeps its best checkpoint."""
    hook = {
        "type": UninterruptedCheckpointHook,
        "by_epoch": False,
        "interval": 3,
        "max_keep_ckpts": max_keep_ckpts,
        "save_best": "toy/score",
        "rule": "greater",
    }
    evaluator = {"type": RisingMetric}
    return {"default_hooks": {"checkpoint": hook}, "val_evaluator": evaluator}


def test_a_run_that_goes_on_elsewhere_leaves_the_first_folder_alone(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    stop(toy_runner(Stop(after=7), work_dir=str(here), **best()))
    before = {path.name: path.read_bytes() for path in here.glob("*.pth")}
    assert "best_toy_score_iter_4.pth" in before
    there.mkdir()
    (there / "iter_90.pth").write_bytes(b"another run's")
    resume = here / "iter_7.pth"
    toy_runner(WeightsHook(), resume=resume, work_dir=str(there), **best()).train()
    assert {path.name: path.read_bytes() for path in here.glob("*.pth")} == before
    assert checkpoints(there) == {"iter_8.pth", "best_toy_score_iter_8.pth"}
    assert same_tensors(there / "weights.safetensors", there / "iter_8.pth")


@pytest.mark.parametrize("after", range(1, 8))
def test_an_interrupted_run_keeps_what_an_unbroken_one_keeps(
    toy_runner: MakeRunner, tmp_path: Path, after: int
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    unbroken = toy_runner(work_dir=str(whole), **best())
    unbroken.train()
    stop(toy_runner(Stop(after), work_dir=str(broken), **best()))
    resumed = toy_runner(
        work_dir=str(broken), resume=latest_checkpoint(broken), **best()
    )
    resumed.train()
    kept = "keep_ckpt_ids"
    assert resumed.message_hub.get_info(kept) == unbroken.message_hub.get_info(kept)
    assert checkpoints(broken) == checkpoints(whole)


def test_an_old_checkpoint_goes_only_when_the_new_one_is_there(
    toy_runner: MakeRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = toy_runner(**best(max_keep_ckpts=1))
    save = runner.save_checkpoint

    def fail_later(*args: Any, **options: Any) -> None:
        if runner.iter > 3:
            raise OSError("No space left on device")
        save(*args, **options)

    monkeypatch.setattr(runner, "save_checkpoint", fail_later)
    with pytest.raises(OSError, match="No space"):
        runner.train()
    assert checkpoints(tmp_path) == {"iter_3.pth"}


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "iter_1.pth"
    AtomicLocalBackend().put(b"old", str(target))

    def fail(_: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="No space"):
        AtomicLocalBackend().put(b"new", str(target))
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize("backend", ["nowhere", {}])
def test_a_backend_that_is_none(toy_runner: MakeRunner, backend: Any) -> None:
    options = best()
    options["default_hooks"]["checkpoint"]["backend_args"] = {"backend": backend}
    with pytest.raises(ValueError, match=r"default_hooks\.checkpoint does not fit"):
        toy_runner(**options).train()


def test_a_best_by_no_metric_is_reported_and_the_state_saved(
    toy_runner: MakeRunner, tmp_path: Path
) -> None:
    checkpoint = {
        "type": UninterruptedCheckpointHook,
        "by_epoch": False,
        "interval": 100,
        "save_best": "toy/scor",
        "rule": "greater",
    }
    runner = toy_runner(
        val_evaluator={"type": RisingMetric}, default_hooks={"checkpoint": checkpoint}
    )
    with pytest.raises(
        ValueError, match=r"save_best must name metrics.*toy/score, got toy/scor"
    ) as caught:
        runner.train()
    assert caught.value.__notes__ == [
        f"The state after iteration 4 is in {tmp_path}/iter_4.pth"
    ]
    assert read_checkpoint(tmp_path / "iter_4.pth")["meta"]["iter"] == 4
