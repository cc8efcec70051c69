import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dist import is_distributed
from torch.utils.data import DataLoader

from lanedet.engine.processes import (
    read_slurm_environment,
    start_processes,
    start_worker,
)

_PARENT = """
import sys, time
from functools import partial
from torch.utils.data import DataLoader
from lanedet.engine.processes import start_worker

class Slow:
    def __len__(self):
        return 100

    def __getitem__(self, index):
        if index > 1:
            time.sleep(60)
        return index

if __name__ == "__main__":
    loader = DataLoader(
        Slow(), num_workers=2, multiprocessing_context=sys.argv[1],
        worker_init_fn=partial(start_worker, then=None),
    )
    batches = iter(loader)
    next(batches)
    print(*(worker.pid for worker in batches._workers), flush=True)
    time.sleep(60)
"""


def is_alive(pid: int) -> bool:
    """Tell whether a process runs: one that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def check_that_they_end_with(kill: Callable[[], None], workers: list[int]) -> None:
    assert len(workers) == 2
    assert all(map(is_alive, workers))
    kill()
    deadline = time.monotonic() + 30  # they sleep for a minute
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, workers))


class Slow:
    """Two items, and no more for a minute."""

    def __len__(self) -> int:
        return 100

    def __getitem__(self, index: int) -> int:
        if index > 1:
            time.sleep(60)
        return index


def _load(pids: Connection) -> None:
    loader = DataLoader(
        Slow(),
        num_workers=2,
        multiprocessing_context="fork",
        worker_init_fn=partial(start_worker, then=None),
    )
    batches = iter(loader)
    next(batches)
    pids.send([worker.pid for worker in batches._workers])
    time.sleep(60)


@pytest.mark.skipif(sys.platform != "linux", reason="Looks into /proc.")
def test_data_workers_end_with_a_killed_parent() -> None:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe(duplex=False)
    parent = context.Process(target=_load, args=(theirs,))
    parent.start()
    try:
        assert ours.poll(60)
        check_that_they_end_with(parent.kill, ours.recv())
    finally:
        parent.kill()
        parent.join()


@pytest.mark.slow  # they import everything anew
@pytest.mark.skipif(sys.platform != "linux", reason="Looks into /proc.")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_workers_end_with_a_killed_program(tmp_path: Path, method: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, script, method], stdout=subprocess.PIPE, env=os.environ
    )
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    check_that_they_end_with(parent.kill, workers)
    parent.wait()
    parent.stdout.close()


def test_a_run_of_one_process_joins_nobody() -> None:
    start_processes(Config({"launcher": "none"}))
    assert not is_distributed()


@pytest.mark.parametrize(
    ("launcher", "starter"),
    [("pytorch", "torchrun"), ("slurm", "srun"), ("mpi", "mpirun")],
)
def test_processes_must_have_been_started(
    monkeypatch: pytest.MonkeyPatch, launcher: str, starter: str
) -> None:
    for name in ("LOCAL_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ValueError, match=f"is for processes that {starter} starts"):
        start_processes(Config({"launcher": launcher}))


@pytest.fixture
def slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of one process of a Slurm job; returns its ``scontrol``."""
    for name in ("MASTER_ADDR", "MASTER_PORT", "RANK", "LOCAL_RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    values = {"PROCID": "3", "NTASKS": "16", "LOCALID": "1", "NODELIST": "node[7-8]"}
    for name, value in values.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "scontrol"
    program.write_text('#!/bin/sh\n[ "$*" = "show hostnames node[7-8]" ] || exit 1\n')
    program.chmod(0o755)
    return program


def test_slurm_says_who_a_process_is_and_where_all_meet(slurm: Path) -> None:
    slurm.write_text(f"{slurm.read_text()}echo node7\necho node8\n")
    read_slurm_environment()
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    assert [os.environ.pop(name) for name in names] == [
        "3",
        "1",
        "16",
        "node7",
        "29500",
    ]


def test_nodes_that_slurm_does_not_know(slurm: Path) -> None:
    slurm.write_text(f"{slurm.read_text()}echo no such node >&2\nexit 1\n")
    message = "scontrol must name .* said: no such node. Name the first .* MASTER_ADDR"
    with pytest.raises(ValueError, match=message):
        read_slurm_environment()
