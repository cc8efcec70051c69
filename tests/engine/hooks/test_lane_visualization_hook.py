"""The rest is tested by testing: tests/engine/test_training.py."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lanedet.engine.hooks import LaneVisualizationHook
from lanedet.engine.hooks.lane_visualization_hook import picture_path
from lanedet.structures import LaneSample


def _sample(image: str, raw_file: str | None = None) -> LaneSample:
    names = {} if raw_file is None else {"raw_file": raw_file}
    return LaneSample(metainfo={"img_path": image, **names})


def _runner(samples: Sequence[LaneSample]) -> Any:
    class Data:
        def __len__(self) -> int:
            return len(samples)

        def get_data_info(self, index: int) -> dict[str, LaneSample]:
            return {"data_samples": samples[index]}

    return SimpleNamespace(test_dataloader=SimpleNamespace(dataset=Data()))


@pytest.mark.parametrize(
    ("image", "raw_file", "picture"),
    [
        ("data/clips/1/20.jpg", "clips/1/20.jpg", "clips/1/20.jpg"),
        ("data/clips/1/20.jpg", "/clips//./1/20.jpg", "clips/1/20.jpg"),
        ("data/images/cabc30fc-e7726578.jpg", "cabc30fc-e7726578", None),
        ("data/images/12.30.jpg", "12.30", "12.30.jpg"),
        ("data/images/a.webp", None, "a.webp"),
        ("data/images/a", None, "a.png"),
    ],
)
def test_a_picture_has_the_name_of_its_image(
    image: str, raw_file: str | None, picture: str | None
) -> None:
    found = picture_path(Path("out"), _sample(image, raw_file))
    assert found == Path("out") / (picture or f"{raw_file}.jpg")


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([("a/1.jpg", None), ("b/1.jpg", None)], "an output of its own"),
        ([("a/1.jpg", "../1.jpg")], "must not lead out of its folder"),
        ([("out/1.jpg", "1.jpg")], "a folder apart from the images"),
    ],
)
def test_pictures_that_would_replace_a_file_are_refused_before_the_test(
    samples: list[tuple[str, str | None]], message: str
) -> None:
    runner = _runner([_sample(*names) for names in samples])
    with pytest.raises(ValueError, match=message):
        LaneVisualizationHook(show_dir="out").before_test(runner)
    LaneVisualizationHook().before_test(runner)


def test_a_name_that_is_too_long_is_reported_before_the_test() -> None:
    runner = _runner([_sample("1.jpg", "x" * 252)])
    with pytest.raises(OSError, match="at most 255 bytes"):
        LaneVisualizationHook(show_dir="out").before_test(runner)
