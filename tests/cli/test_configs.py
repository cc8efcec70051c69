from collections.abc import Callable

import pytest

from lanedet.config_files import find_config

RunMain = Callable[..., int]


def test_configs_are_listed_with_their_titles(
    load_tool, run_main: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(load_tool("configs"), "culane") == 0
    lines = capsys.readouterr().out.splitlines()
    assert all("culane" in line.split()[0] for line in lines)
    assert any(line.startswith("sad/enet_sad_culane ") for line in lines)


def test_a_config_is_shown(
    load_tool, run_main: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(load_tool("configs"), "enet_sad_scenes", "--show") == 0
    assert capsys.readouterr().out == find_config("enet_sad_scenes").read_text()


def test_no_name_fits(
    load_tool, run_main: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_main(load_tool("configs"), "nothing") == 1
    assert "No config's name has 'nothing' in it" in capsys.readouterr().err
