import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from lanedet.benchmark import video
from lanedet.video import VideoReader, VideoWriter


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    video.add_arguments(parser)
    return parser.parse_args(["--device", "cpu", "--rounds", "1", *texts])


@pytest.mark.slow
def test_every_step_of_every_run_is_measured(
    small_weights: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip, report = tmp_path / "clip.mp4", tmp_path / "report.json"
    rng = np.random.default_rng(0)
    with VideoWriter(clip, 25) as writer:
        for _ in range(2):
            writer.write(rng.integers(0, 256, (72, 200, 3), dtype=np.uint8))
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(small_weights)
    monkeypatch.chdir(Path(__file__).resolve().parents[2])
    texts = ["--source", str(clip), "--weights", str(weights), "--json", str(report)]
    video.run(arguments(*texts))
    runs = json.loads(report.read_text())["runs"]
    assert list(runs) == [
        "known port's logic",
        "ENet 288x800",
        "ENet 288x800, threads",
        f"small, PyTorch {torch.__version__}",
        f"small, PyTorch {torch.__version__}, threads",
    ]
    for taken in runs.values():
        is_tracked = taken is not runs["known port's logic"]
        for step, seconds in taken["steps_s"].items():
            assert (seconds > 0) == (is_tracked or step != "track"), step
        assert taken["whole_s"] > taken["steps_s"]["infer"]
    assert "1.00" in capsys.readouterr().out


def test_the_clip_is_made_once_and_moves_steadily(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    clip = video.generated_clip(6, (90, 160), num_rendered=3)
    with VideoReader(clip) as reader:
        frames = [frame.image.astype(float) for frame in reader]
    assert len(frames) == 6
    # Forth and back: 0 1 2 1 0 1.
    for frame, mirrored in [(1, 3), (0, 4), (1, 5)]:
        assert np.abs(frames[frame] - frames[mirrored]).mean() < 3
    changed_at = clip.stat().st_mtime_ns
    assert video.generated_clip(6, (90, 160), num_rendered=3) == clip
    assert clip.stat().st_mtime_ns == changed_at


@pytest.mark.parametrize("option", ["--frames", "--rounds"])
def test_numbers_out_of_their_range(option: str) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        video.run(arguments(option, "0"))
