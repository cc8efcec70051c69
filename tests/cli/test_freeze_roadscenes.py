"""The tool that freezes RoadScenes, as a maintainer starts it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from lanedet.datasets import RoadScenesDataset
from lanedet.simulation.roadscenes.freezing import read_fingerprints

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]

DEFINITION = """from lanedet.datasets import RoadScenesDataset

_fingerprints = {file!r}
train_dataloader = dict(
    dataset=dict(
        seed=1, shape=(90, 160), category="culane", num_scenes=8,
        fingerprints=_fingerprints,
    ),
)
val_dataloader = dict(
    dataset=dict(
        seed=2, shape=(90, 160), category="night", num_scenes=5,
        fingerprints=_fingerprints,
    ),
)
test_dataloader = dict(
    dataset=dict(
        type=RoadScenesDataset, seed=3, shape=(90, 160), category="culane",
        num_scenes=4, fingerprints=_fingerprints,
    ),
)
"""


@pytest.fixture
def freeze(load_tool: LoadTool, run_main: RunMain) -> Callable[[Path], int]:
    return partial(run_main, load_tool("freeze_roadscenes"))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A definition whose fingerprints go into a file beside it."""
    path = tmp_path / "definition.py"
    path.write_text(DEFINITION.format(file=str(tmp_path / "version_9.txt")))
    return path


def test_the_dataset_is_as_it_was_frozen(
    freeze: Callable[[Path], int],
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file, definition = tmp_path / "version_9.txt", config.read_text()
    assert freeze(config) == 0
    fingerprints = read_fingerprints(file, "test")
    assert {0, 3} <= fingerprints.keys() <= {0, 1, 2, 3}
    number = len(file.read_text().splitlines()) // 3
    assert capsys.readouterr().out == f"{number} fingerprints in {file}\n"
    assert config.read_text() == definition
    text = file.read_text()
    assert text.count(" 0 grey ") == text.count(" 0 lanes ") == 3
    made = RoadScenesDataset(
        data_root=str(tmp_path / "scenes"),
        split="test",
        seed=3,
        num_scenes=4,
        shape=(90, 160),
        category="culane",
        pipeline=[],
        fingerprints=str(file),
    )
    assert len(made) == 4
    assert made.fingerprints == fingerprints
    assert freeze(config) == 0
    assert file.read_text() == text, "the same drawing freezes to the same"


def test_what_is_frozen_stays(
    freeze: Callable[[Path], int],
    config: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "version_9.txt"
    file.write_text("as another version drew it\n")
    assert freeze(config) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "version_9.txt' must stay as it is" in line
    assert file.read_text() == "as another version drew it\n"


def test_a_definition_that_names_no_file(
    freeze: Callable[[Path], int], config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = config.read_text()
    config.write_text(text.replace("fingerprints=_fingerprints", "fingerprints=None"))
    assert freeze(config) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "must name one file of fingerprints for all of train, val, test" in line
