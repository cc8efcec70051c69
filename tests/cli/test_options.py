import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from lanedet.cli.options import add_run_options, image_shape, resume_command


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_run_options(parser)
    return parser.parse_args(arguments)


def test_values_have_types() -> None:
    options = parse(
        *["--cfg-options", "a.b=3", "c=0.5", "d=None", "e=true", "f=text"],
        *["g=(96,160)", "h=[1,x]", "i=a=b"],
    ).cfg_options
    assert options == {
        "a.b": 3,
        "c": 0.5,
        "d": None,
        "e": True,
        "f": "text",
        "g": (96, 160),
        "h": [1, "x"],
        "i": "a=b",
    }


def test_values_may_be_dicts_as_python_writes_them() -> None:
    options = parse(
        *["--cfg-options", "a.b={'E4': {'type': 'ACmix', 'size': (4,4)}}", "c=3"],
        *["d=[{'x':1}, None]", "--cfg-options", "e={}"],
    ).cfg_options
    assert options == {
        "a.b": {"E4": {"type": "ACmix", "size": (4, 4)}},
        "c": 3,
        "d": [{"x": 1}, None],
        "e": {},
    }


@pytest.mark.parametrize("text", ["{'E4': ACmix}", "{'E4'", "[{'x': 1}"])
def test_dicts_that_python_does_not_read(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse("--cfg-options", f"a.b={text}")
    message = capsys.readouterr().err
    assert "error: --cfg-options: a.b must be written as in Python, such as" in message
    assert f"got {text}" in message


def test_option_may_be_repeated() -> None:
    arguments = parse("--cfg-options", "a=1", "b=2", "--cfg-options", "b=3")
    assert arguments.cfg_options == {"a": 1, "b": 3}


@pytest.mark.parametrize("pair", ["train_cfg.max_iters", "=3"])
def test_pair_without_key_or_value(
    pair: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse("--cfg-options", "a=1", pair)
    assert caught.value.code == 2
    message = capsys.readouterr().err
    assert f"error: --cfg-options takes KEY=VALUE, got {pair!r}" in message


def test_brackets_must_close(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse("--cfg-options", "a=[(1,2]")
    assert "error: --cfg-options: Imbalanced brackets" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["a.py", "--amp"], "a.py --amp --resume"),
        (["a.py", "--resume"], "a.py --resume"),
        (["a.py", "--resume", "x.pth", "--amp"], "a.py --amp --resume"),
        (["a.py", "--resume=x.pth"], "a.py --resume"),
        (["a.py", "--res", "x.pth"], "a.py --resume"),
        (["a.py", "--resume", "--work-dir", "my runs"], "a.py --work-dir 'my runs'"),
    ],
)
def test_command_to_go_on(
    given: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    monkeypatch.setattr(sys, "executable", str(Path.cwd() / ".venv/bin/python"))
    for program, words in (
        ("tools/train.py", "tools/train.py"),
        ("lanedet train", "-m lanedet train"),
    ):
        command = resume_command([program, *given])
        assert command.startswith(f".venv/bin/python {words} {expected}")
        assert command.count("--resume") == 1


def test_command_of_torchrun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "4")
    command = resume_command(["tools/train.py", "a.py"])
    assert command == "torchrun --nproc-per-node 4 tools/train.py a.py --resume"
    command = resume_command(["lanedet train", "a.py"])
    assert command == "torchrun --nproc-per-node 4 -m lanedet train a.py --resume"


def test_command_of_slurm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LOCAL_WORLD_SIZE", raising=False)
    monkeypatch.setenv("SLURM_NTASKS", "16")
    command = resume_command(["tools/train.py", "a.py", "--launcher", "slurm"])
    assert command.startswith("srun --ntasks 16 ")
    assert command.endswith(" tools/train.py a.py --launcher slurm --resume")
    alone = ["tools/train.py", "a.py"]  # in a shell of salloc
    for words in (alone, [*alone, "--work-dir", "slurm"]):
        assert not resume_command(words).startswith("srun")
    monkeypatch.delenv("SLURM_NTASKS")  # without srun, which the run itself refuses
    outside = resume_command([*alone, "--launcher", "slurm"])
    assert not outside.startswith("srun")


def test_help_needs_no_torch() -> None:
    code = (
        "import argparse, sys; from lanedet.cli.options import add_run_options; "
        "add_run_options(argparse.ArgumentParser()); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_sizes_are_height_and_width() -> None:
    assert image_shape("1080x1920") == (1080, 1920)
    assert image_shape(" 590X1640 ") == (590, 1640)


@pytest.mark.parametrize(
    "text", ["", "1080", "1080x", "x1920", "1080*1920", "-1x5", "1e3x5", "1x2x3"]
)
def test_other_sizes_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="HEIGHTxWIDTH"):
        image_shape(text)
