import argparse
import json
from pathlib import Path

import pytest
import torch
from torch import nn

from lanedet.benchmark import models
from lanedet.models import (
    ACmix,
    LocalSelfAttention,
    NonLocalAttention,
    RecurrentShift,
    SelfAttention2d,
    SpatialPropagation,
    WindowSelfAttention,
)

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


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.Conv2d(128, 128, 3, padding=1), 9 * 128**2 * 3600),
        (SelfAttention2d(128), 4 * 128**2 * 3600 + 2 * 3600**2 * 128),
        (LocalSelfAttention(128), 3 * 128**2 * 3600 + 2 * 49 * 128 * 3600),
        # In windows of 7x7 the map is one of 42x105.
        (WindowSelfAttention(128), 4 * 128**2 * 3600 + 2 * 49 * 128 * 42 * 105),
        (
            ACmix(128),
            3 * 128**2 * 3600
            + 2 * 49 * 128 * 3600
            + 49 * 2 * 32  # the vectors of the offsets
            + (3 * 9 + 81) * 128 * 3600,
        ),
        (NonLocalAttention(128), (32 * 128 + 2 * 64 * 128) * 3600 + 3600 * 900 * 128),
        (SpatialPropagation(128), 9 * 128**2 * (35 * 100 + 99 * 36) * 2),
        (RecurrentShift(128), 4 * 4 * 9 * 128**2 * 3600),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_layer_multiplies_is_counted_whatever_its_form(
    layer: nn.Module, expected: int
) -> None:
    assert models.count_macs(layer.eval(), torch.zeros(1, 128, 36, 100)) == expected


def test_what_is_built_for_a_size_grows_with_it() -> None:
    layer = {"type": "SelfAttention2d", "positions": "relative", "size": [8, 22]}
    description = {
        "type": "LaneDetector",
        "view": {"type": "StretchView", "input_shape": (64, 176)},
        "backbone": {"context": {"E4": [layer]}, "img_size": [64, 176], "depth": 18},
        "neck": {"size": None},
    }
    large = models.resized(description, (288, 800))
    assert large["view"]["input_shape"] == large["backbone"]["img_size"] == (288, 800)
    assert large["backbone"]["context"]["E4"] == [{**layer, "size": (36, 100)}]
    assert large["backbone"]["depth"] == 18
    assert large["neck"] == {"size": None}
    assert layer["size"] == [8, 22]


def test_a_size_that_the_network_cannot_take() -> None:
    with pytest.raises(ValueError, match="multiple of"):
        models.run(arguments(CONFIG, "--sizes", "36x64"))


@pytest.mark.parametrize("text", ["288", "288xW", "x800"])
def test_a_size_of_another_form(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(CONFIG, "--sizes", text)
    assert "must be HxW" in capsys.readouterr().err
