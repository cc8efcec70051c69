import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from lanedet.benchmark import decoders
from lanedet.benchmark.decoders import errors_along

SHAPE = (100, 200)
TRUE = np.array([[40.0, 99.0], [80.0, 19.0]])  # leans to the left on its way down


def arguments(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    decoders.add_arguments(parser)
    return parser.parse_args(words)


def test_errors_are_positive_outwards() -> None:
    # Three pixels to the left at the lower end, none at the upper one.
    lane = TRUE - np.array([[3.0, 0.0], [0.0, 0.0]])
    found = errors_along(lane, [TRUE + np.array([100.0, 0.0]), TRUE], SHAPE)
    np.testing.assert_allclose(found, 3 * (1 - (np.arange(10) + 0.5) / 10), atol=1e-9)
    mirror = np.array([-1.0, 1.0])
    np.testing.assert_allclose(
        errors_along(lane * mirror, [TRUE * mirror], SHAPE), found
    )


def test_a_lane_beyond_the_end_of_the_true_one_has_no_error_there() -> None:
    upper_half = np.array([[60.0, 59.0], [80.0, 19.0]])
    found = errors_along(TRUE, [upper_half], SHAPE)
    np.testing.assert_allclose(found, [np.nan] * 5 + [0.0] * 5, atol=1e-9)


def test_lanes_that_are_far_away_or_level_with_nothing_are_not_compared() -> None:
    assert np.isnan(errors_along(TRUE, [], SHAPE)).all()
    assert np.isnan(errors_along(TRUE, [TRUE + np.array([7.0, 0.0])], SHAPE)).all()
    short = np.array([[79.0, 21.0], [80.0, 19.0]])
    assert np.isnan(errors_along(TRUE, [short], SHAPE)).all()


def test_lanes_flare_by_the_papers_rule_and_not_as_maps_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "report.json"
    decoders.run(arguments("--num", "30", "--rounds", "1", "--json", str(path)))
    printed = capsys.readouterr().out
    assert "30 scenes of 800x288" in printed
    report = json.loads(path.read_text())
    paper, own = report["paper's rule"], report["as they are"]
    assert own["lanes"] > 40
    ends = [0, -1]
    assert np.abs(own["error_px"])[ends].mean() < np.abs(paper["error_px"])[ends].mean()
    row = next(line for line in printed.splitlines() if "as they are, size" in line)
    assert float(row.split()[4]) == pytest.approx(own["size_px"][0], abs=0.051)


@pytest.mark.parametrize("name", ["num", "rounds"])
def test_counts_out_of_range(name: str) -> None:
    with pytest.raises(ValueError, match=f"--{name} must be at least 1"):
        decoders.run(arguments(f"--{name}", "0"))
