import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import train

CONFIG = str(Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py")


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_arguments(parser)
    return parser.parse_args(texts)


def test_the_time_of_a_training_is_told_apart(
    scenes_root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    report = tmp_path / "report.json"
    size = ("--batch-size", "1", "--workers", "0", "--warm-up", "1")
    options = ("--iterations", "3", "--data-root", str(scenes_root))
    train.run(arguments(CONFIG, *size, *options, "--json", str(report)))
    content = json.loads(report.read_text())
    assert len(content["iterations"]) == 3
    whole_s = 0.0
    for iteration in content["iterations"]:
        assert all(seconds > 0 for seconds in iteration.values())
        # A step of 0.4 GMAC forward, and two times that backward.
        assert iteration["step_s"] > iteration["hooks_s"]
        whole_s += sum(iteration.values())
    assert content["images_per_s"] == pytest.approx(3 / whole_s)
    assert 0.2 < content["kernels_share"] < 1
    assert f"{content['images_per_s']:.1f} images/s" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == [report]  # nothing else is left


@pytest.mark.parametrize(
    ("option", "least"),
    [("--iterations", 1), ("--warm-up", 1), ("--batch-size", 1), ("--workers", 0)],
)
def test_numbers_out_of_their_range(option: str, least: int) -> None:
    text = str(least - 1)
    with pytest.raises(ValueError, match=f"{option} must be at least {least}, got"):
        train.run(arguments(CONFIG, option, text))


def test_data_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No data set at"):
        train.run(arguments(CONFIG, "--data-root", str(tmp_path / "none")))
