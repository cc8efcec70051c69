import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.dist import is_distributed

from lanedet.engine.processes import start_processes

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


@pytest.mark.skipif(sys.platform != "linux", reason="Looks into /proc.")
@pytest.mark.parametrize(
    "method", ["fork", pytest.param("spawn", marks=pytest.mark.slow)]
)
def test_data_workers_end_with_a_killed_parent(tmp_path: Path, method: str) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, script, method], stdout=subprocess.PIPE, env=os.environ
    )
    assert parent.stdout is not None
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(workers) == 2
    assert all(map(is_alive, workers))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 30  # they sleep for a minute
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_alive, workers))


def test_a_run_of_one_process_joins_nobody() -> None:
    start_processes(Config({"launcher": "none"}))
    assert not is_distributed()


def test_processes_must_have_been_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    with pytest.raises(ValueError, match="is for processes that torchrun starts"):
        start_processes(Config({"launcher": "pytorch"}))
