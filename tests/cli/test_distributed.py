"""The tools in several processes without a GPU, as torchrun starts them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from processes import free_port

from lanedet.engine import load_config
from lanedet.models import build_model, describe_model, load_weights, save_weights

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIG = "configs/sad/enet_sad_scenes.py"
NUM_IMAGES = 5  # two processes cannot share it evenly
SMALL = {
    "model.view.input_shape": (96, 160),
    "train_dataloader.batch_size": 2,
    "test_dataloader.batch_size": 2,
    "test_dataloader.dataset.ann_files": ["label_data_0313.json"],
    "test_dataloader.dataset.indices": NUM_IMAGES,
    # Untrained weights find lanes everywhere if they may.
    "model.head.decoder.threshold": 0.12,
    "model.head.decoder.existence_threshold": 0.0,
}
OPTIONS = [
    "--cfg-options",
    *(f"{key}={value}".replace(" ", "") for key, value in SMALL.items()),
]
TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(torch.cuda.is_available(), reason="With a GPU NCCL is used."),
    pytest.mark.skipif(
        not torch.distributed.is_available(), reason="This torch has no processes."
    ),
]


def run(*args: Any) -> str:
    """Run Python with the arguments; return what it writes to stdout."""
    result = subprocess.run(
        [sys.executable, *map(str, args)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_two_processes_score_as_one(scenes_root: Path, tmp_path: Path) -> None:
    description = describe_model(load_config(REPOSITORY / CONFIG, SMALL).model)
    torch.manual_seed(0)
    weights = tmp_path / "weights.safetensors"
    save_weights(weights, description, build_model(description).state_dict(), {})
    arguments = ["tools/test.py", CONFIG, weights, "--data-root", scenes_root, *OPTIONS]

    def outputs(name: str) -> list[Any]:
        paths = [f"--{kind}={tmp_path / name}.{kind}" for kind in ("json", "out")]
        return [*paths, "--work-dir", tmp_path / name]

    run(*arguments, *outputs("one"))
    run(*TORCHRUN, *arguments, "--launcher", "pytorch", *outputs("two"))
    score = json.loads((tmp_path / "one.json").read_text())
    assert json.loads((tmp_path / "two.json").read_text()) == score
    submission = (tmp_path / "one.out").read_text()
    assert len(submission.splitlines()) == NUM_IMAGES
    lanes = json.loads(submission.splitlines()[0])["lanes"]
    assert any(x >= 0 for lane in lanes for x in lane)
    assert (tmp_path / "two.out").read_text() == submission


def test_two_processes_train_and_go_on(scenes_root: Path, tmp_path: Path) -> None:
    arguments = [
        *[*TORCHRUN, "tools/train.py", CONFIG, "--data-root", scenes_root, *OPTIONS],
        *["train_cfg.max_iters=4", "default_hooks.checkpoint.interval=2"],
        *["--launcher", "pytorch", "--work-dir"],
    ]
    console = run(*arguments, tmp_path / "whole")
    assert "2 processes, each on cpu" in console
    assert "4 iterations of 4 images" in console
    assert console.count("Trained 4 iterations") == 1
    resumed = tmp_path / "resumed"
    resumed.mkdir()
    (tmp_path / "whole" / "iter_2.pth").rename(resumed / "iter_2.pth")
    assert "the first 2 are done" in run(*arguments, resumed, "--resume")
    assert load_weights(resumed / "weights.safetensors") is not None


def test_processes_of_slurm_end_when_one_dies(
    scenes_root: Path, tmp_path: Path
) -> None:
    arguments = [
        *["tools/train.py", CONFIG, "--data-root", scenes_root, *OPTIONS],
        *["train_cfg.max_iters=500", "default_hooks.checkpoint.interval=1"],
        *["--sync-bn", "--auto-scale-lr", "--launcher", "slurm"],
        *["--work-dir", tmp_path],
    ]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
        "SLURM_NTASKS": "2",
        "SLURM_NODELIST": "localhost",
    }
    processes = [
        subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=REPOSITORY,
            env=environment | {"SLURM_PROCID": rank, "SLURM_LOCALID": rank},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in ("0", "1")
    ]
    try:
        while not (tmp_path / "iter_2.pth").is_file():
            assert [process.poll() for process in processes] == [None, None]
            time.sleep(0.1)
        processes[1].kill()
        _, errors = processes[0].communicate(timeout=60)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert processes[0].returncode == 1
    [line] = [line for line in errors.splitlines() if line.startswith("error: ")]
    assert line.startswith("error: Process 0 of 2, counted from 0, has lost another")
    [log] = tmp_path.glob("*/*.log")
    assert "Scaling the original LR by 0.5." in log.read_text()
