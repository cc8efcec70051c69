import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import scenes


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    scenes.add_arguments(parser)
    return parser.parse_args(words)


def test_report_and_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "report.json"
    words = ["--num", "3", "--rounds", "1", "--shape", "72", "200", "--json", str(path)]
    scenes.run(arguments(*words))
    printed = capsys.readouterr().out
    assert "3 scenes of culane, 200x72" in printed
    report = json.loads(path.read_text())
    seconds = report["seconds_per_scene"]
    assert len(seconds) >= 2, "all, and each category"
    assert all(timing["median_s"] >= timing["min_s"] > 0 for timing in seconds.values())
    assert report["jpeg_seconds_per_scene"]["min_s"] > 0
    rows = [line for line in printed.splitlines() if line.startswith(tuple(seconds))]
    number, *numbers = [int(row.split()[1]) for row in rows]
    assert number == sum(numbers) == 3
    shown = float(rows[0].split()[-1])
    assert shown == pytest.approx(1 / seconds["all"]["median_s"], abs=0.06)


@pytest.mark.parametrize("name", ["num", "rounds"])
def test_counts_out_of_range(name: str) -> None:
    with pytest.raises(ValueError, match=f"--{name} must be at least 1"):
        scenes.run(arguments(f"--{name}", "0"))
