import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lanedet.benchmark.timing import (
    Timing,
    add_common_arguments,
    hardware_line,
    time_in_turns,
    write_json,
)


def test_subjects_take_turns_and_the_first_round_does_not_count() -> None:
    now = 0.0
    order: list[str] = []
    durations = {"slow": iter([99.0, 4.0, 2.0, 3.0]), "fast": iter([99.0, 1.0, 1, 1])}

    def subject(name: str) -> Callable[[], None]:
        def run() -> None:
            nonlocal now
            order.append(name)
            now += next(durations[name])

        return run

    timings = time_in_turns(
        {name: subject(name) for name in durations}, rounds=3, clock=lambda: now
    )
    assert order == ["slow", "fast"] * 4
    assert timings == {"slow": Timing(3.0, 2.0), "fast": Timing(1.0, 1.0)}
    assert timings["slow"].per(2) == Timing(1.5, 1.0)


def test_at_least_one_round() -> None:
    with pytest.raises(ValueError, match="rounds must be at least 1, got 0"):
        time_in_turns({}, rounds=0)


def test_a_report_names_the_machine(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    add_common_arguments(parser, rounds=5)
    path = tmp_path / "new" / "report.json"
    args = parser.parse_args(["--json", str(path)])
    assert args.rounds == 5
    write_json(args.json, {"figure": 3})
    report = json.loads(path.read_text())
    assert report["figure"] == 3
    assert report["hardware"]["cores"] >= 1
    assert f"cpu {report['hardware']['cpu']}" in hardware_line()
