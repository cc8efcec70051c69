"""The tools that train and test, as a user starts them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from lanedet.models import load_weights

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = "configs/sad/enet_sad_scenes.py"
# The demo's run at a size that takes seconds.
SMALL = [
    "--cfg-options",
    "model.view.input_shape=(96,160)",
    "train_dataloader.batch_size=2",
    "train_cfg.max_iters=8",
    "train_cfg.val_interval=5",
    "default_hooks.checkpoint.interval=2",
]


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


@pytest.fixture
def train_tool(
    load_tool: LoadTool, run_main: RunMain, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., int]:
    """Run the tool's main up to where training begins; return its exit status."""
    monkeypatch.chdir(REPOSITORY)
    tool = load_tool("train")
    monkeypatch.setattr(tool, "tune_allocator", lambda: None)

    def refuse(_: object) -> None:
        raise AssertionError("Training begins.")

    monkeypatch.setattr("lanedet.engine.run.LaneRunner.from_cfg", refuse)
    return partial(run_main, tool)


@pytest.mark.parametrize("tool", ["train", "test", "demo"])
def test_help_has_examples_or_says_what_it_does(tool: str) -> None:
    result = run(tool, "--help")
    assert result.returncode == 0
    assert "examples:" in result.stdout or tool == "demo"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(
            [CONFIG, "--cfg-options", "train_cfg.max_iter=5"],
            "Did you mean 'max_iters'?",
            id="misspelt key",
        ),
        pytest.param(
            [CONFIG, "--data-root", "nowhere", "--work-dir", "{tmp}"],
            "error: No data set at 'nowhere', the data_root of train_dataloader. Name "
            "the folder of your copy with --data-root DIR",
            id="no data",
        ),
        pytest.param(
            [CONFIG, "--resume", "none.pth", "--work-dir", "{tmp}"],
            "error: No checkpoint at 'none.pth'",
            id="no checkpoint",
        ),
        pytest.param(
            [CONFIG, "--launcher", "pytorch", "--data-root", "tests"],
            "error: --launcher pytorch is for processes that torchrun starts",
            id="no torchrun",
        ),
    ],
)
def test_user_errors_are_one_line(
    args: list[str],
    message: str,
    train_tool: Callable[..., int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train_tool(*[arg.format(tmp=tmp_path) for arg in args]) == 1
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err


def test_a_user_error_ends_the_process_with_one_line() -> None:
    result = run("train", "none.py")
    assert result.returncode == 1
    assert "error: No config at 'none.py'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="There is a GPU for --amp.")
def test_amp_without_a_gpu(
    train_tool: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_tool(CONFIG, "--amp") == 1
    assert "--amp needs a CUDA GPU" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("kill", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_killed_run_resumes_to_the_same_weights(
    scenes_root: Path, tmp_path: Path, kill: signal.Signals
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    arguments = [CONFIG, "--data-root", scenes_root, *SMALL, "--work-dir"]
    assert run("train", *arguments, whole).returncode == 0
    process = subprocess.Popen(
        [sys.executable, "tools/train.py", *map(str, [*arguments, broken])],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while not list(broken.glob("iter_*.pth")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(kill)
    assert process.wait(timeout=60) != 0
    assert not (broken / "weights.safetensors").exists()
    resumed = run("train", *arguments, broken, "--resume")
    assert resumed.returncode == 0
    ours = load_weights(broken / "weights.safetensors").state_dict()
    theirs = load_weights(whole / "weights.safetensors").state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
    score = tmp_path / "new" / "score.json"
    tested = run(
        "test",
        *[CONFIG, whole / "weights.safetensors", "--data-root", scenes_root],
        *["--work-dir", tmp_path / "test", "--json", score, *SMALL],
    )
    assert tested.returncode == 0
    assert json.loads(score.read_text())["tusimple/accuracy"] >= 0
