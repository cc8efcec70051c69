"""The scripts that start several processes, with a stand-in for what they call."""

import os
import subprocess
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SCRIPTS = ("dist_train.sh", "dist_test.sh", "slurm_train.sh")


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder with programs that say how they were called, a word a line."""
    for name in ("python", "srun"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" "$MASTER_PORT"\n')
        program.chmod(0o755)
    return tmp_path


def called(bin_folder: Path, script: str, *args: str, **variables: str) -> list[str]:
    """Return the words of the command that a script calls, and the port at last."""
    path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
    result = subprocess.run(
        ["bash", str(TOOLS / script), *args],
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout.split("\n")[:-1]


def test_training_on_the_processes_of_a_machine(bin_folder: Path) -> None:
    words = called(bin_folder, "dist_train.sh", "a.py", "4", "--sync-bn", "--amp")
    assert words[:3] == ["python", "-m", "torch.distributed.run"]
    assert {"--nnodes=1", "--nproc-per-node=4"} <= set(words)
    end = [f"{TOOLS}/train.py", "a.py", "--launcher", "pytorch", "--sync-bn", "--amp"]
    assert words[-7:-1] == end


@pytest.mark.parametrize("script", ["dist_train.sh", "dist_test.sh"])
def test_torchrun_looks_for_a_port_unless_one_is_named(
    bin_folder: Path, script: str
) -> None:
    words = called(bin_folder, script, "a.py", "b.pth", "2")
    assert not [word for word in words if "port" in word]
    assert "" not in words[:-1]
    words = called(bin_folder, script, "a.py", "b.pth", "2", PORT="7")
    assert "--master-port=7" in words


def test_training_on_several_machines(bin_folder: Path) -> None:
    machine = {"NNODES": "2", "NODE_RANK": "1", "MASTER_ADDR": "10.0.0.1"}
    words = called(bin_folder, "dist_train.sh", "a.py", "8", **machine, PORT="29501")
    assert {
        *("--nnodes=2", "--node-rank=1", "--master-addr=10.0.0.1"),
        *("--master-port=29501", "--nproc-per-node=8"),
    } <= set(words)


def test_testing_on_the_processes_of_a_machine(bin_folder: Path) -> None:
    words = called(bin_folder, "dist_test.sh", "a.py", "b.pth", "2", "--out", "a b")
    assert "--nproc-per-node=2" in words
    end = ["a.py", "b.pth", "--launcher", "pytorch", "--out", "a b"]
    assert words[-8:-1] == [f"{TOOLS}/test.py", *end]


def test_training_on_a_slurm_cluster(bin_folder: Path) -> None:
    args = ["gpu", "lanes", "a.py", "runs/a", "--resume"]
    settings = {"GPUS": "16", "SRUN_ARGS": "--time 1:00 --exclusive"}
    *words, port = called(bin_folder, "slurm_train.sh", *args, **settings)
    assert words[0] == "srun"
    assert {
        *("--partition=gpu", "--job-name=lanes", "--gres=gpu:8", "--ntasks=16"),
        *("--ntasks-per-node=8", "--kill-on-bad-exit=1", "--exclusive"),
    } <= set(words)
    end = ["a.py", "--work-dir", "runs/a", "--launcher", "slurm", "--resume"]
    assert words[-9:] == ["python", "-u", f"{TOOLS}/train.py", *end]
    assert 20_000 <= int(port) < 30_000


def test_fewer_gpus_than_a_node_has(bin_folder: Path) -> None:
    args = ["gpu", "lanes", "a.py", "runs/a"]
    words = called(bin_folder, "slurm_train.sh", *args, GPUS="2", MASTER_PORT="7")
    assert {"--gres=gpu:2", "--ntasks=2", "--ntasks-per-node=2"} <= set(words)
    assert words[-1] == "7"


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_without_arguments_says_how_it_is_called(script: str) -> None:
    command = ["bash", str(TOOLS / script)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert f"tools/{script} " in result.stderr
    assert "set -eu" not in result.stderr
    assert (TOOLS / script).stat().st_mode & 0o111
