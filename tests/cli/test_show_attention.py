"""The tool that shows attention, as a user starts it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from lanedet.models import build_model, describe_model, save_weights

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]


@pytest.fixture
def workplace(
    small_weights: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The working directory, with weights and a folder of two images."""
    for run in ("plain", "sad"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "weights.safetensors").write_bytes(small_weights)
    rng = np.random.default_rng(0)
    for name in ("clip1/20.jpg", "clip2/20.png"):
        path = tmp_path / "frames" / name
        path.parent.mkdir(parents=True)
        cv2.imwrite(str(path), rng.integers(0, 256, (90, 160, 3), dtype=np.uint8))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run_tool(load_tool: LoadTool, run_main: RunMain) -> RunMain:
    """Run the tool's main in this process and return its exit status."""
    return partial(run_main, load_tool("attention"))


def test_a_picture_for_each_image_of_a_folder(
    run_tool: RunMain, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run_tool("frames", "--weights", "sad/weights.safetensors")
    assert status == 0
    for name in ("clip1/20.jpg", "clip2/20.png"):
        picture = cv2.imread(f"out/attention/{name}")
        assert picture.shape == (270, 5 * 480 + 4 * 4, 3)
    printed = capsys.readouterr()
    assert printed.out == "Pictures written to out/attention: 2\n"
    assert "attention: 100%" in printed.err


def test_two_models_under_one_another(run_tool: RunMain, workplace: Path) -> None:
    status = run_tool(
        "frames/clip2/20.png",
        *("--weights", "plain/weights.safetensors"),
        *("--compare", "sad/weights.safetensors"),
        *("--stages", "E2", "E3", "--softmax", "standardize"),
        *("--tile-width", "160", "--out", "figure"),
    )
    assert status == 0
    picture = cv2.imread("figure/20.png")
    assert picture.shape == (2 * 90 + 4, 3 * 160 + 2 * 4, 3)
    # The weights are the same, and only the names of their folders differ.
    np.testing.assert_array_equal(picture[:90, 164:], picture[94:, 164:])
    assert (picture[:90, :160] != picture[94:, :160]).any()


def test_where_a_pixel_looks_below_the_stages(
    run_tool: RunMain, workplace: Path, model_config: dict[str, Any]
) -> None:
    context = {"E4": {"type": "SelfAttention2d", "heads": 2}}
    description = describe_model(
        {**model_config, "backbone": {"type": "ENet", "context": context}}
    )
    state = build_model(description).state_dict()
    save_weights(workplace / "attending.safetensors", description, state, {})
    arguments = ("frames/clip2/20.png", "--weights", "attending.safetensors")
    arguments += ("--stages", "E3", "E4", "--tile-width", "160", "--pixel", "80,45")
    assert run_tool(*arguments, "--out", "both") == 0
    assert cv2.imread("both/20.png").shape == (2 * 90 + 4, 3 * 160 + 2 * 4, 3)
    assert run_tool(*arguments, "--heads", "1", "--out", "one") == 0
    picture = cv2.imread("one/20.png")
    # The row of the pixel is one tile shorter, and filled up with white.
    assert (picture[94:, 2 * 164 :] == 255).all()


def test_a_pixel_of_a_network_without_self_attention(
    run_tool: RunMain, workplace: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ("frames", "--weights", "sad/weights.safetensors", "--pixel")
    assert run_tool(*arguments, "80,45") == 1
    assert "no layer whose pixels look at others" in capsys.readouterr().err
    assert run_tool(*arguments, "80;45") == 2
    assert "must be X,Y in pixels" in capsys.readouterr().err
    assert run_tool("frames", "--heads", "0") == 2
    assert "--heads needs --pixel" in capsys.readouterr().err


def test_help_shows_examples(
    run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("--help") == 0
    assert "examples:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param({"source": "none"}, "No image or folder at 'none'", id="missing"),
        pytest.param({"source": "sad"}, "No images in 'sad'", id="no images"),
        pytest.param({"source": "notes"}, "'notes' cannot be read", id="text"),
        pytest.param({"--weights": "none.pth"}, "at 'none.pth'", id="no weights"),
        pytest.param({"--stages": "E9"}, "Its stages are ['E1',", id="stage"),
        pytest.param({"--softmax": "max"}, "energy_norm must be one of", id="norm"),
        pytest.param({"--out": "frames"}, "a folder apart from", id="out"),
        pytest.param({"--tile-width": "0"}, "tile_width must be at least", id="width"),
        pytest.param({"--device": "gpu"}, "no device 'gpu' here", id="device"),
        pytest.param(
            {"--compare": "sad/weights.safetensors"}, "name other weights", id="same"
        ),
    ],
)
def test_a_user_error_is_one_line(
    args: dict[str, str],
    message: str,
    run_tool: RunMain,
    workplace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("notes").write_text("No picture.")
    given = {"--weights": "sad/weights.safetensors"} | args
    source = given.pop("source", "frames")
    assert run_tool(source, *(part for item in given.items() for part in item)) == 1
    lines = capsys.readouterr().err.replace("\r", "\n").splitlines()
    [line] = [line for line in lines if line and not line.startswith("attention: ")]
    assert line.startswith("error: ")
    assert message in line
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (("a/weights.pth", None), ["lanes"]),
        (("a/plain.pth", "b/sad.pth"), ["plain", "sad"]),
        (("a/weights.pth", "b/weights.pth"), ["a", "b"]),
        (("weights.pth", "b/weights.pth"), ["weights.pth", "b/weights.pth"]),
        (("a/w.pth", "a/w.safetensors"), ["a/w.pth", "a/w.safetensors"]),
    ],
)
def test_weights_are_told_apart_as_briefly_as_can_be(
    load_tool: LoadTool, paths: tuple[str, str | None], names: list[str]
) -> None:
    captions = load_tool("attention")._captions(*paths)
    assert captions == dict(zip(names, filter(None, paths), strict=True))
