"""The command ``lanedet``, and what it finds without a checkout around it."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lanedet import __version__
from lanedet.cli.main import COMMANDS, main

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.mark.parametrize("words", [[], ["--help"], ["help"]])
def test_help_lists_every_command(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    main(words)
    printed = capsys.readouterr().out
    for name, purpose in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(purpose)}$", printed, re.MULTILINE)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--version"])
    assert capsys.readouterr().out == f"lanedet {__version__}\n"


@pytest.mark.parametrize(
    ("name", "hint"), [("vdeo", "did you mean 'video'"), ("x", "`lanedet --help`")]
)
def test_an_unknown_command(
    name: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([name])
    assert caught.value.code == 2
    assert hint in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_a_help_of_its_own(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["pytest"])
    monkeypatch.setenv("GOMP_SPINCOUNT", "3000")
    with pytest.raises(SystemExit) as caught:
        main([name, "--help"])
    assert caught.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: lanedet {name}")


def test_each_file_of_tools_calls_a_command() -> None:
    called = {}
    for path in TOOLS.glob("*.py"):
        match = re.search(r"from lanedet\.cli\.(\w+) import main", path.read_text())
        if match:
            called[path.name] = match[1]
    assert set(called.values()) == COMMANDS.keys() - {"configs"}
    assert all(
        callable(importlib.import_module(f"lanedet.cli.{n}").main) for n in COMMANDS
    )


def test_help_needs_no_torch() -> None:
    code = (
        "import sys; from lanedet.cli.main import main; main(['--help']); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_users_object_comes_with_the_package() -> None:
    code = (
        "import sys, lanedet; assert 'torch' not in sys.modules; "
        "from lanedet import LaneInferencer; "
        "assert LaneInferencer.__module__.startswith('lanedet.inference'); "
        # They take two seconds, and predictions do without.
        "assert not {'albumentations', 'torchvision'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
