"""The benchmark of SAD measures steps that differ in distillation alone."""

import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import sad

CONFIGS = Path(__file__).resolve().parents[2] / "configs/sad"


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    sad.add_arguments(parser)
    return parser.parse_args(["--device", "cpu", "--rounds", "1", *texts])


def test_report_of_a_small_detector(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(CONFIGS / "enet_sad_scenes.py")
    report = tmp_path / "report.json"
    sad.run(arguments("--config", config, "--batch-size", "1", "--json", str(report)))
    content = json.loads(report.read_text())
    peaks = content["peak_bytes"]
    # What is kept for the backward pass alone is tens of megabytes.
    assert peaks["plain"] > 10 * 2**20
    # Before its start, SAD computes nothing.
    assert peaks["before distillation"] == pytest.approx(peaks["plain"], rel=1e-3)
    assert peaks["distillation"] >= peaks["plain"]
    assert set(content["step_s"]) == set(peaks)
    assert all(step["min_s"] > 0 for step in content["step_s"].values())
    assert "1.000" in capsys.readouterr().out


def test_a_config_without_a_distiller_is_refused() -> None:
    config = str(CONFIGS.parent / "ablation/sad.py")
    with pytest.raises(ValueError, match="must have a distiller, got distiller=None"):
        sad.run(arguments("--config", config))


def test_an_empty_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        sad.run(arguments("--batch-size", "0"))
