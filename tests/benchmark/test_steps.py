import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from lanedet.benchmark import steps
from lanedet.video import VideoWriter


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    steps.add_arguments(parser)
    return parser.parse_args(["--rounds", "1", *words])


def test_every_step_of_a_frame_is_measured(
    small_weights: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, report = tmp_path / "clip.mp4", tmp_path / "report.json"
    rng = np.random.default_rng(0)
    with VideoWriter(clip, 25) as writer:
        for _ in range(4):
            writer.write(rng.integers(0, 256, (72, 128, 3), dtype=np.uint8))
    weights = tmp_path / "small.safetensors"
    weights.write_bytes(small_weights)
    words = ["--source", clip, "--weights", weights, "--json", report, "--frames", 3]
    steps.run(arguments(*map(str, words)))
    printed = capsys.readouterr().out.splitlines()
    found = json.loads(report.read_text())
    assert found["num_frames"] == 3
    assert list(found["seconds"]) == list(steps.STEPS)
    assert all(seconds > 0 for seconds in found["seconds"].values())
    assert found["seconds"]["network"] > found["seconds"]["write"]
    assert found["bytes_written"] > 50
    rows = {row.split()[0]: row.split()[1:] for row in printed[2:-1]}
    assert list(rows) == [*steps.STEPS, "together"]
    ms = sum(float(rows[step][0]) for step in steps.STEPS)
    assert float(rows["together"][0]) == pytest.approx(ms, abs=0.04)
    assert rows["together"][-1] == "100%"


@pytest.mark.parametrize("name", ["frames", "rounds"])
def test_counts_out_of_range(name: str) -> None:
    with pytest.raises(ValueError, match="--frames and --rounds must be at least 1"):
        steps.run(arguments(f"--{name}", "0"))
