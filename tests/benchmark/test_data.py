import argparse
import json
from pathlib import Path

import cv2
import pytest

from lanedet.benchmark import data
from lanedet.benchmark.road_pictures import write_pictures


def arguments(*given: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    data.add_arguments(parser)
    return parser.parse_args(given)


def test_made_pictures_have_the_size_asked_for(tmp_path: Path) -> None:
    first, second = write_pictures(tmp_path / "new", 2, (590, 1640), 300_000)
    for path in (first, second):
        assert path.stat().st_size == pytest.approx(300_000, rel=0.05)
        assert cv2.imread(str(path)).shape == (590, 1640, 3)
    assert first.read_bytes() != second.read_bytes()


def test_a_size_that_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="32x16 cannot have 1000000 bytes"):
        write_pictures(tmp_path, 1, (16, 32), 1_000_000)


def test_the_report_has_every_step(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_pictures(tmp_path / "images" / "deeper", 2, (118, 328), 12_000)
    path = tmp_path / "report.json"
    data.run(
        arguments(
            *("--images", str(tmp_path / "images"), "--input-shape", "48", "160"),
            *("--rounds", "1", "--workers", "0", "--json", str(path)),
        )
    )
    report = json.loads(path.read_text())
    assert report["images"] == 2
    assert report["mean_kb"] == pytest.approx(12, rel=0.05)
    seconds = report["seconds_per_image"]
    assert list(seconds) == [
        "limit",
        "whole images",
        "half size decoding",
        "whole, colors changed",
    ]
    for steps in seconds.values():
        parts = [each["median_s"] for name, each in steps.items() if name != "together"]
        assert min(parts) > 0
        assert steps["together"]["median_s"] == pytest.approx(sum(parts))
    assert set(report["loader_seconds_per_image"]) == set(seconds) - {"limit"}
    printed = capsys.readouterr().out
    assert "2 images of 1" in printed
    for name in (*seconds, "decode", "LoadImage", "ApplyView", "loader, 0 workers"):
        assert name in printed


def test_a_folder_without_images(tmp_path: Path) -> None:
    (tmp_path / "readme.txt").touch()
    with pytest.raises(FileNotFoundError, match=r"No \.jpg files in"):
        data.run(arguments("--images", str(tmp_path)))


@pytest.mark.parametrize("option", ["--num", "--rounds"])
def test_numbers_that_make_no_sense(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option} must be at least 1"):
        data.run(arguments(option, "0"))
