"""The benchmark of the metrics measures programs that agree."""

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
    options = ("--images", "20", "--plain-images", "1", "--json", str(report))
    evaluation.run(arguments(*options))
    content = json.loads(report.read_text())["s_per_image"]
    assert set(content) == {"culane", "tusimple"}
    for times in content.values():
        assert times["plain"]["min_s"] > times["fast"]["min_s"] > 0
    assert "images/s" in capsys.readouterr().out


def test_programs_that_disagree_are_reported(tmp_path: Path) -> None:
    (tmp_path / "tusimple.py").write_text("def evaluate(*files): return 0, 0, 0\n")
    (tmp_path / "culane.py").write_text(
        "def read_lanes(text): return text\ndef count(*texts): return 0, 0, 0\n"
    )
    options = ("--images", "2", "--plain-images", "1", "--oracles", str(tmp_path))
    with pytest.raises(ValueError, match="culane: the plain program must find the"):
        evaluation.run(arguments(*options))


def test_absent_programs_and_odd_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="It comes with a checkout"):
        evaluation.run(arguments("--oracles", str(tmp_path)))
    with pytest.raises(ValueError, match=r"--plain-images must lie in \[1, 5\], got 6"):
        evaluation.run(arguments("--images", "5", "--plain-images", "6"))
