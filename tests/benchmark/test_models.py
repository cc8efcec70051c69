import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import models

CONFIG = str(Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_culane.py")


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    models.add_arguments(parser)
    return parser.parse_args(["--device", "cpu", "--rounds", "1", *texts])


def test_size_and_work_of_a_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    models.run(arguments(CONFIG, "--sizes", "32x64", "64x128", "--json", str(report)))
    small, large = json.loads(report.read_text())["networks"]
    assert (small["input"], large["input"]) == ("32x64", "64x128")
    # The 128 outputs of P1 read 5 maps at a sixteenth of the input.
    assert float(large["M params"]) - float(small["M params"]) == pytest.approx(
        128 * 5 * (4 * 8 - 2 * 4) / 1e6, abs=0.01
    )
    assert float(large["GMAC"]) == pytest.approx(4 * float(small["GMAC"]), abs=0.03)
    assert "enet_sad_culane" in capsys.readouterr().out


def test_a_size_that_the_network_cannot_take() -> None:
    with pytest.raises(ValueError, match="multiple of"):
        models.run(arguments(CONFIG, "--sizes", "36x64"))


@pytest.mark.parametrize("text", ["288", "288xW", "x800"])
def test_a_size_of_another_form(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(CONFIG, "--sizes", text)
    assert "must be HxW" in capsys.readouterr().err
