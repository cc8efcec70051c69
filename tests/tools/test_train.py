"""The tools that train and test, as a user starts them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch

from lanedet.models import load_weights

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = "configs/sad/enet_sad_scenes.py"
# The view, and with it the network input, at a size that trains in seconds.
SMALL = """
from mmengine.config import read_base

with read_base():
    from {config} import *

_shape = (96, 160)
for _loader in (train_dataloader, val_dataloader, test_dataloader):
    _loader.update(batch_size=2, num_workers=0, persistent_workers=False)
    for _step in _loader["dataset"]["pipeline"]:
        if "view" in _step:
            _step["view"].update(input_shape=_shape)
model["view"].update(input_shape=_shape)
model["head"]["existence_branch"].update(input_shape=_shape)
train_cfg.update(max_iters=8, val_interval=8)
default_hooks.update(checkpoint=dict(interval=2), logger=dict(interval=1))
"""


def run(tool: str, *args: Any) -> subprocess.CompletedProcess[str]:
    """Run a tool as a process of its own."""
    return subprocess.run(
        [sys.executable, f"tools/{tool}.py", *map(str, args)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("tool", ["train", "test", "demo"])
def test_help_has_examples_or_says_what_it_does(tool: str) -> None:
    result = run(tool, "--help")
    assert result.returncode == 0
    assert "examples:" in result.stdout or tool == "demo"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(["none.py"], "error: No config at 'none.py'", id="no config"),
        pytest.param(
            [CONFIG, "--cfg-options", "train_cfg.max_iter=5"],
            "Did you mean 'max_iters'?",
            id="misspelt key",
        ),
        pytest.param(
            [CONFIG, "--data-root", "nowhere", "--work-dir", "{tmp}"],
            "error: No TuSimple label file at 'nowhere/label_data_0313.json'",
            id="no data",
        ),
        pytest.param(
            [CONFIG, "--resume", "none.pth", "--work-dir", "{tmp}"],
            "error: No checkpoint at 'none.pth'",
            id="no checkpoint",
        ),
    ],
)
def test_user_errors_are_one_line(
    args: list[str], message: str, tmp_path: Path
) -> None:
    result = run("train", *[arg.format(tmp=tmp_path) for arg in args])
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="There is a GPU for --amp.")
def test_amp_without_a_gpu() -> None:
    result = run("train", CONFIG, "--amp")
    assert result.returncode == 1
    assert "--amp needs a CUDA GPU" in result.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_killed_run_resumes_to_the_same_weights(
    scenes_root: Path, tmp_path: Path, kill: signal.Signals
) -> None:
    small = REPOSITORY / "configs" / "sad" / f"tmp_{os.getpid()}.py"
    small.write_text(SMALL.format(config=".enet_sad_scenes"))
    try:
        whole, broken = tmp_path / "whole", tmp_path / "broken"
        options = ["--data-root", scenes_root]
        assert run("train", small, *options, "--work-dir", whole).returncode == 0
        process = subprocess.Popen(
            [sys.executable, "tools/train.py", small, *options, "--work-dir", broken],
            cwd=REPOSITORY,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        deadline = time.monotonic() + 120
        while not list(broken.glob("iter_*.pth")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(kill)
        assert process.wait(timeout=60) != 0
        assert not (broken / "weights.safetensors").exists()
        resumed = run("train", small, *options, "--work-dir", broken, "--resume")
        assert resumed.returncode == 0
        ours = load_weights(broken / "weights.safetensors").state_dict()
        theirs = load_weights(whole / "weights.safetensors").state_dict()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    finally:
        small.unlink()
