import argparse
import json
from pathlib import Path

import numpy as np
import pytest
from clips import write_clip

from lanedet.benchmark import scaling
from lanedet.video import VideoWriter


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    scaling.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.slow
def test_one_and_two_workers_take_turns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, report = tmp_path / "clip.mp4", tmp_path / "report.json"
    rng = np.random.default_rng(0)
    with VideoWriter(clip, 25) as writer:
        for _ in range(2):
            writer.write(rng.integers(0, 256, (72, 128, 3), dtype=np.uint8))
    words = ["--source", clip, "--rounds", "2", "--json", report, "--workers", "2", "1"]
    scaling.run(arguments(*map(str, words)))
    rates = json.loads(report.read_text())["frames_per_s"]
    assert list(rates) == ["1", "2"]
    assert all(len(each) == 2 and min(each) > 0 for each in rates.values())
    _, header, one, two = capsys.readouterr().out.splitlines()
    assert header.split() == ["workers", "frames/s", "times", "one", "worker"]
    assert one.split()[0::2] == ["1", "1.00"]
    assert two.split()[0] == "2"


@pytest.mark.parametrize(
    "words", [["--frames", "0"], ["--rounds", "0"], ["--workers", "0"]]
)
def test_counts_out_of_range(words: list[str]) -> None:
    with pytest.raises(ValueError, match="--frames and --rounds must be at least 1"):
        scaling.run(arguments(*words))


def test_a_source_that_is_no_video_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"no video")
    with pytest.raises(ValueError, match="no video that FFmpeg can read"):
        scaling.run(arguments("--source", str(source), "--workers", "1"))


def test_the_end_of_a_worker_ends_the_benchmark(tmp_path: Path) -> None:
    source = write_clip(tmp_path, num_frames=2)
    with pytest.raises(ChildProcessError, match="one has died"):
        # A worker that ends at once; a new process finds it by its name.
        scaling.run(arguments("--source", str(source), "--workers", "1", "2"), repr)
