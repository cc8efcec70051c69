"""The tool that freezes RoadScenes, as a maintainer starts it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest
from mmengine.config import Config

from lanedet.simulation import RoadScenesDataset
from lanedet.simulation.roadscenes.fingerprint import parse_fingerprints

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]

DEFINITION = """from lanedet.simulation import RoadScenesDataset

_fingerprints = dict(
    train=[
        "0 as another version drew it",
    ],
)
train_dataloader = dict(
    dataset=dict(seed=1, shape=(90, 160), category="culane", num_scenes=8),
)
val_dataloader = dict(
    dataset=dict(seed=2, shape=(90, 160), category="night", num_scenes=5),
)
test_dataloader = dict(
    dataset=dict(
        type=RoadScenesDataset,
        seed=3,
        shape=(90, 160),
        category="culane",
        num_scenes=4,
        fingerprints=_fingerprints.get("test"),
    ),
)
"""


@pytest.fixture
def freeze(load_tool: LoadTool, run_main: RunMain) -> Callable[[Path], int]:
    return partial(run_main, load_tool("freeze_roadscenes"))


def test_the_dataset_is_as_it_was_frozen(
    freeze: Callable[[Path], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "definition.py"
    config.write_text(DEFINITION)
    assert freeze(config) == 0
    frozen = Config.fromfile(config)
    lines = frozen.test_dataloader.dataset.fingerprints
    fingerprints = parse_fingerprints(lines)
    assert {0, 3} <= fingerprints.keys() <= {0, 1, 2, 3}
    printed = capsys.readouterr().out
    assert printed.endswith(f" fingerprints in {config}\n")
    text = config.read_text()
    assert text.count('"0 grey ') == text.count('"0 lanes ') == 3
    assert "as another version drew it" not in text
    assert max(map(len, text.splitlines())) <= 88
    before, after = DEFINITION.split("_fingerprints = dict(", 1)
    assert text.startswith(before)
    assert text.endswith(after.partition("\n)\n")[2])
    made = RoadScenesDataset(
        data_root=str(tmp_path / "scenes"),
        split="test",
        seed=3,
        num_scenes=4,
        shape=(90, 160),
        category="culane",
        pipeline=[],
        fingerprints=lines,
    )
    assert len(made) == 4
    assert freeze(config) == 0
    assert config.read_text() == text, "the same drawing freezes to the same"


def test_a_definition_without_its_block(
    freeze: Callable[[Path], int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    config = tmp_path / "definition.py"
    config.write_text("seeds = dict()\n")
    assert freeze(config) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "must have one block '_fingerprints = dict('" in line
    assert config.read_text() == "seeds = dict()\n"
