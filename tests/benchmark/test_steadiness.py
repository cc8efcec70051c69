"""The benchmark of steadiness, with a detector of which it is known how it jitters."""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from lanedet.arrays import ByteArray
from lanedet.benchmark import steadiness
from lanedet.simulation import Drive, Projection
from lanedet.simulation.make import label_scene
from lanedet.structures import LaneSample

SHAPE = (120, 200)


class BlankDrive(Drive):
    """A drive whose pictures nobody looks at, and which are not painted therefore."""

    def __iter__(self) -> Iterator[tuple[ByteArray, LaneSample]]:
        for frame in range(self.num_frames):
            view = Projection(self.scene(frame), self.shape)
            sample = label_scene(view, f"{frame}.jpg")
            yield np.zeros((*self.shape, 3), dtype=np.uint8), sample


class JitteryInferencer:
    """Finds every lane of a drive a few pixels off, but one in ten not at all."""

    num_slots = 6

    def __init__(self, *_: object, **__: object) -> None:
        self._drive = iter(BlankDrive(3, 60, 25.0, SHAPE, category="highway"))
        self._rng = np.random.default_rng(0)

    def predict(self, image: np.ndarray) -> list[LaneSample]:
        _, sample = next(self._drive)
        sample.set_metainfo({"ori_shape": image.shape[:2]})
        seen = [lane for lane in sample.gt_lanes if self._rng.uniform() > 0.1]
        aside = np.array([1.0, 0.0])
        sample.pred_lanes = [lane + self._rng.normal(0, 1.5) * aside for lane in seen]
        sample.pred_slots = list(range(len(seen)))
        sample.pred_scores = [0.8] * len(seen)
        return [sample]


@pytest.fixture
def arguments(monkeypatch: pytest.MonkeyPatch) -> Callable[..., argparse.Namespace]:
    monkeypatch.setattr(steadiness, "LaneInferencer", JitteryInferencer)
    monkeypatch.setattr(steadiness, "Drive", BlankDrive)

    def parse(*texts: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        steadiness.add_arguments(parser)
        return parser.parse_args([*texts, "--shape", *map(str, SHAPE)])

    return parse


def test_tracking_steadies_a_drive(
    arguments: Callable[..., argparse.Namespace],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "report.json"
    texts = ["--seeds", "3", "--seconds", "2.4", "--category", "highway"]
    steadiness.run(arguments(*texts, "--json", str(out)))
    clips = json.loads(out.read_text())["clips"]
    before, after = clips["drive 3 (highway)"].values()
    assert before["jitter_px"] == pytest.approx(1.5, rel=0.25)
    assert after["jitter_px"] < before["jitter_px"] / 3
    assert before["flicker_per_min"] > 3 * after["flicker_per_min"]
    assert after["error_px"] < before["error_px"]
    assert clips["mean"]["tracked"] == after
    printed = capsys.readouterr().out
    assert "drive 3 (highway), tracked" in printed
    change = after["error_px"] / before["error_px"] - 1
    assert f"The error changes by {change:+.1%}." in printed
    assert "Where both have a lane" in printed


def test_every_must_be_positive(arguments: Callable[..., argparse.Namespace]) -> None:
    with pytest.raises(ValueError, match="--every must be at least 1, got 0"):
        steadiness.run(arguments("--every", "0"))


def test_a_drive_of_one_frame(arguments: Callable[..., argparse.Namespace]) -> None:
    with pytest.raises(ValueError, match="at least two frames"):
        steadiness.run(arguments("--seeds", "3", "--seconds", "0.04"))


def test_a_clip_that_there_is_not(
    arguments: Callable[..., argparse.Namespace], tmp_path: Path
) -> None:
    with pytest.raises(FileNotFoundError):
        steadiness.run(arguments(str(tmp_path / "none.mp4")))


def test_the_runtime_is_the_one_that_was_asked_for(
    arguments: Callable[..., argparse.Namespace], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, object] = {}

    class Named(JitteryInferencer):
        def __init__(self, model: object, **options: object) -> None:
            given.update(options, model=model)
            super().__init__()

    monkeypatch.setattr(steadiness, "LaneInferencer", Named)
    texts = ["--seeds", "3", "--seconds", "0.4", "--category", "highway"]
    steadiness.run(
        arguments(*texts, "--weights", "lanes.onnx", "--runtime", "openvino")
    )
    assert given == {"model": "lanes.onnx", "device": None, "runtime": "openvino"}
