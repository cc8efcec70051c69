"""What a split of RoadScenes refuses; what it makes is tested with the scenes."""

from pathlib import Path
from typing import Any

import pytest

from lanedet.datasets import RoadScenesDataset

ARGUMENTS = {
    "split": "test",
    "seed": 11,
    "num_scenes": 6,
    "shape": (108, 300),
    "category": "culane",
    "pipeline": [],
}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"split": "all"}, "split must be one of train, val, test, got 'all'"),
        ({"num_scenes": 0}, "num_scenes must be at least 1, got 0"),
        ({"num_scenes": 2.0}, "num_scenes must be at least 1, a whole number"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": 2**32}, "seed must be from 0 to 4294967295, got 4294967296"),
        ({"seed": 1.5}, r"a whole number \(int\), got 1.5"),
        ({"seed": "7"}, r"a whole number \(int\), got '7'"),
        ({"seed": 20_001}, "must not be 20001: those scenes are the train split of th"),
        (
            {"split": "train", "seed": 20_003},
            "must not be 20003: those scenes are the t",
        ),
        ({"shape": (288.0, 800.0)}, "two whole numbers"),
        ({"shape": 288}, "two whole numbers"),
        ({"shape": (10, 10)}, "A scene needs at least"),
        ({"category": "mud"}, "category must be one of .* got 'mud'"),
    ],
)
def test_bad_input(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RoadScenesDataset(data_root=str(tmp_path), **{**ARGUMENTS, **options})
    assert not list(tmp_path.iterdir())
