"""Runs of several processes on the CPU, forked from the process of the tests.

``test_distributed.py`` runs these in a process of their own.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dist import all_reduce_dict
from mmengine.hooks import Hook
from mmengine.registry import MODELS
from processes import free_port, run_processes
from torch.nn.parallel import DistributedDataParallel

from lanedet.engine import LaneRunner, LaneTrainLoop
from lanedet.engine.processes import reported_lost_processes, start_processes
from lanedet.models import synchronize_batch_norm

MakeRunner = Callable[..., LaneRunner]
SAVED = "iter_6.pth"  # by the runs of 8 iterations that the fixture makes
WRAPPER = {
    "type": "MMDistributedDataParallel",
    "device_ids": None,
    "broadcast_buffers": False,
}

pytestmark = [
    pytest.mark.skipif(torch.cuda.is_available(), reason="With a GPU NCCL is used."),
    pytest.mark.skipif(
        not torch.distributed.is_available(), reason="This torch has no processes."
    ),
]


@pytest.fixture
def make_runner(toy_runner: MakeRunner) -> MakeRunner:
    """Return a function that makes a runner of one of several processes."""

    def make(*hooks: Hook, sync_bn: str | None = None, **options: Any) -> LaneRunner:
        launcher = "pytorch" if torch.distributed.is_initialized() else "none"
        facts = {"model_wrapper_cfg": WRAPPER, "sync_bn": sync_bn}
        config = Config({"model": {"type": "ToyModel"}, **facts})
        return toy_runner(*hooks, launcher=launcher, cfg=config, **options)

    return make


def without_dropout(runner: LaneRunner) -> None:
    for module in runner.model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


@pytest.mark.parametrize("sync_bn", ["torch", None])
def test_two_processes_with_half_the_batch_train_as_one(
    make_runner: MakeRunner, recorder: Any, sync_bn: str | None
) -> None:
    def train(rank: int, batch_size: int) -> tuple[dict[int, float], list[float]]:
        record = recorder()
        runner = make_runner(record, sync_bn=sync_bn)
        runner._train_dataloader["batch_size"] = batch_size
        without_dropout(runner)
        runner.train()
        state = [each.flatten() for each in runner._bare_model.state_dict().values()]
        return record.losses, torch.cat(state).tolist()

    [first, second] = run_processes(train, 2)
    assert first[0] == second[0]  # what is logged is the mean of both
    losses, state = train(0, 4)
    assert len(losses) == 8
    if sync_bn:
        assert first[0] == pytest.approx(losses, rel=1e-5)
        assert first[1] == pytest.approx(state, rel=1e-4, abs=1e-6)
    else:
        assert first[0] != pytest.approx(losses, rel=1e-3)


def test_every_process_goes_on_with_its_own_random_numbers(
    make_runner: MakeRunner, recorder: Any, tmp_path: Path
) -> None:
    def train(rank: int) -> list[dict[int, float]]:
        records = [recorder(own=True) for _ in range(2)]
        make_runner(records[0]).train()
        resumed = {"work_dir": str(tmp_path / "resumed"), "resume": tmp_path / SAVED}
        # Whoever comes later has another state, and takes that of the checkpoint.
        make_runner(records[1], **resumed).train()
        return [record.losses for record in records]

    results = run_processes(train)
    for whole, resumed in results:
        assert sorted(whole) == list(range(8))
        assert resumed == {i: whole[i] for i in range(6, 8)}
    [own, other] = [whole for whole, _ in results]
    assert all(own[i] != other[i] for i in own)
    state = torch.load(tmp_path / SAVED, weights_only=True)["random_state"]
    assert len(state["other_processes"]) == 1
    assert not torch.equal(state["cpu"], state["other_processes"][0]["cpu"])


def test_another_number_of_processes_is_reported(
    make_runner: MakeRunner, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    run_processes(lambda rank: make_runner().train() and None)
    runner = make_runner(resume=tmp_path / SAVED, work_dir=str(tmp_path / "resumed"))
    runner.logger.addHandler(caplog.handler)
    runner.train()
    runner.logger.removeHandler(caplog.handler)
    [record] = [each for each in caplog.records if "processes" in each.message]
    assert "had 2 processes, and goes on with 1" in record.message


class InterruptOne(Hook):
    """Ctrl-C in the midst of an iteration, in one of the processes."""

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == 4 and runner.rank == 1:
            signal.raise_signal(signal.SIGINT)


def test_all_processes_stop_where_one_is_interrupted(
    make_runner: MakeRunner, recorder: Any, tmp_path: Path
) -> None:
    def train(rank: int) -> tuple[dict[int, float], ...]:
        records = [recorder() for _ in range(3)]
        make_runner(records[0], work_dir=str(tmp_path / "whole")).train()
        with pytest.raises(KeyboardInterrupt) as caught:
            make_runner(records[1], InterruptOne()).train()
        torch.distributed.barrier()  # the first process has saved it
        path = tmp_path / "iter_5.pth"
        assert caught.value.__notes__ == [f"The state after iteration 5 is in {path}"]
        resumed = {"work_dir": str(tmp_path / "resumed"), "resume": path}
        make_runner(records[2], **resumed).train()
        return tuple(record.losses for record in records)

    for whole, first, second in run_processes(train):
        assert sorted(first) == list(range(5))
        assert sorted(second) == list(range(5, 8))
        assert first | second == whole


class Kill(Hook):
    """Ends one of the processes at once in the midst of training."""

    def before_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        if runner.iter == 4 and runner.rank == 1:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_lost_process_ends_the_others_with_a_clear_error(
    make_runner: MakeRunner,
) -> None:
    def train(rank: int) -> tuple[str, float]:
        runner = make_runner(Kill())
        begin = time.monotonic()
        with pytest.raises(ConnectionError) as caught, reported_lost_processes():
            runner.train()
        return str(caught.value), time.monotonic() - begin

    [(message, seconds)] = run_processes(train, killed={1})
    assert message.startswith("Process 0 of 2, counted from 0, has lost another one,")
    assert "goes on from its last checkpoint with --resume." in message
    assert seconds < 60


class Statistics(Hook):
    """Keeps the running mean that is validated, and the best checkpoint's."""

    def __init__(self) -> None:
        self.before: list[float] = []
        self.validated: list[float] = []

    def before_val(self, runner: Any) -> None:
        self.before = runner.model.module.net[1].running_mean.tolist()

    def before_val_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None
    ) -> None:
        self.validated = runner.model.module.net[1].running_mean.tolist()


def test_all_processes_validate_the_statistics_that_are_saved(
    make_runner: MakeRunner, tmp_path: Path
) -> None:
    def train(rank: int) -> tuple[list[float], list[float]]:
        statistics = Statistics()
        train_cfg = {"type": LaneTrainLoop, "max_iters": 6, "val_interval": 6}
        make_runner(statistics, train_cfg=train_cfg).train()
        return statistics.before, statistics.validated

    [(first_before, first), (second_before, second)] = run_processes(train)
    assert first_before != second_before
    assert first == second == first_before
    state = torch.load(tmp_path / SAVED, weights_only=True)["state_dict"]
    assert state["net.1.running_mean"].tolist() == first


def test_a_detector_has_the_losses_and_gradients_of_the_whole_batch(
    model_config: dict[str, Any], make_batch: Callable[[int], dict[str, Any]]
) -> None:
    def run(rank: int, num_images: int) -> tuple[dict[str, float], np.ndarray]:
        torch.manual_seed(0)
        model = MODELS.build(model_config)
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout2d):
                module.p = 0.0
        whole = make_batch(4)
        for number, sample in enumerate(whole["data_samples"]):
            class_map = sample.gt_class_map.copy()
            class_map[:, : 8 * number] = 3  # the first images have fewer lane pixels
            sample.gt_class_map = class_map
        mine = slice(rank * num_images, (rank + 1) * num_images)
        batch = {key: values[mine] for key, values in whole.items()}
        # Rounding to float32 moves values over the kinks of PReLU and max pooling.
        trained = model.double()
        if torch.distributed.is_initialized():
            trained = DistributedDataParallel(synchronize_batch_norm(model))
        data = model.data_preprocessor(batch, training=True)
        data["inputs"] = data["inputs"].double()
        total, terms = model.parse_losses(trained(**data, mode="loss"))
        total.backward()
        terms = {name: value.detach() for name, value in terms.items()}
        all_reduce_dict(terms, "mean")
        gradient = [p.grad.flatten() for p in model.parameters() if p.grad is not None]
        values = {name: float(value) for name, value in terms.items()}
        return values, torch.cat(gradient).numpy()

    [(terms, gradient), _] = run_processes(run, 2)
    whole_terms, whole_gradient = run(0, 4)
    assert {"loss_seg", "loss_iou", "loss_existence", "loss_sad"} <= terms.keys()
    assert terms == pytest.approx(whole_terms, rel=1e-5)
    np.testing.assert_allclose(gradient, whole_gradient, rtol=1e-4, atol=1e-7)


def test_processes_that_do_not_come_are_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    ranks = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "2"}
    for name, value in {**address, **ranks}.items():
        monkeypatch.setenv(name, value)
    config = {"launcher": "pytorch", "env_cfg": {"dist_cfg": {"timeout": 1}}}
    with pytest.raises(ConnectionError, match="process 0 met not all of them"):
        start_processes(Config(config))
