"""The benchmark of the metrics says what an image takes."""

import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import evaluation


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluation.add_arguments(parser)
    return parser.parse_args(["--rounds", "1", *texts])


def test_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    evaluation.run(arguments("--images", "20", "--json", str(report)))
    content = json.loads(report.read_text())["s_per_image"]
    assert set(content) == {"culane", "tusimple"}
    for times in content.values():
        assert times["median_s"] >= times["min_s"] > 0
    assert "images/s" in capsys.readouterr().out


def test_odd_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="--images must be at least 1, got 0"):
        evaluation.run(arguments("--images", "0"))
