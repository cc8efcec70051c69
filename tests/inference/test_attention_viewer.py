from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lanedet.inference import (
    EnergyMaps,
    LaneInferencer,
    SoftmaxMaps,
    draw_detector_attention,
    draw_pixel_attention,
)
from lanedet.models import (
    AttentionGenerator,
    build_model,
    describe_model,
    save_weights,
)
from lanedet.ops import LetterboxView, map_to_original


@pytest.fixture
def inferencer(model_config: dict[str, Any], tmp_path: Path) -> LaneInferencer:
    torch.manual_seed(0)
    description = describe_model(model_config)
    path = tmp_path / "weights.safetensors"
    save_weights(path, description, build_model(description).state_dict(), {})
    return LaneInferencer(path, device="cpu")


def _image() -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (90, 160, 3), dtype=np.uint8)


def test_energies_are_shown_as_they_are() -> None:
    energies = {"E1": torch.rand(2, 3)}
    assert EnergyMaps()(energies) == energies


def test_a_softmax_of_equal_energies_has_all_the_entropy() -> None:
    [(caption, values)] = SoftmaxMaps()({"E2": torch.full((4, 5), 7.0)}).items()
    assert caption == "E2  entropy 1.00"
    torch.testing.assert_close(values, torch.ones(4, 5))


def test_a_softmax_of_raw_energies_is_one_hot() -> None:
    energy = torch.zeros(4, 5)
    energy[1, 2] = 1000
    maps = SoftmaxMaps(AttentionGenerator(energy_norm="none"))({"E2": energy})
    [(caption, values)] = maps.items()
    assert caption == "E2  entropy 0.00"
    assert values[1, 2] == values.sum() == 1


def test_what_collapses_into_the_padding_leaves_the_image_dark() -> None:
    view = LetterboxView((64, 64))((32, 64))  # rows 16 to 47 hold the image
    energy = torch.rand(8, 8)
    energy[0, 3] = 50.0
    [values] = SoftmaxMaps()({"E2": energy}).values()
    on_image = map_to_original(values.double().numpy(), view)
    assert SoftmaxMaps().scale(on_image).max() < 0.05


@pytest.mark.parametrize("maps", [None, SoftmaxMaps()], ids=["energy", "softmax"])
def test_a_row_a_detector(maps, inferencer: LaneInferencer) -> None:
    picture = draw_detector_attention(
        _image(),
        {"before": inferencer, "after": inferencer},
        stages=["E1", "E4"],
        maps=maps,
        tile_width=160,
    )
    assert picture.shape == (2 * 90 + 4, 3 * 160 + 2 * 4, 3)
    # The same detector twice: the rows differ in the first caption alone.
    np.testing.assert_array_equal(picture[:90, 160:], picture[94:, 160:])
    assert (picture[:90, :160] != picture[94:, :160]).any()


def test_all_stages_of_the_encoder_by_default(inferencer: LaneInferencer) -> None:
    picture = draw_detector_attention(_image(), {"": inferencer}, tile_width=160)
    assert picture.shape == (90, 5 * 160 + 4 * 4, 3)


@pytest.fixture
def attending(model_config: dict[str, Any], tmp_path: Path) -> LaneInferencer:
    """A network whose pixels look at themselves, and at what lies two cells below."""
    layer = {"type": "QuadraticSelfAttention", "heads": 2, "sharpness": 46.0}
    context = {"E1": {**layer, "spread_px": 0.0}}
    description = describe_model(
        {**model_config, "backbone": {"type": "ENet", "context": context}}
    )
    torch.manual_seed(0)
    state = build_model(description).state_dict()
    state["backbone.context.E1.0.layer.centers"][1, 0] = 2.0
    path = tmp_path / "attending.safetensors"
    save_weights(path, description, state, {})
    return LaneInferencer(path, device="cpu")


def test_a_tile_a_head_with_the_light_where_it_looks(
    attending: LaneInferencer,
) -> None:
    # The image is twice the network input, so a cell of E1 is 8 pixels wide.
    image = np.zeros((64, 128, 3), np.uint8)
    picture = draw_pixel_attention(image, attending, (68.0, 20.0), tile_width=128)
    assert picture.shape == (64, 3 * 128 + 2 * 4, 3)
    for number, (x, y) in enumerate([(68, 20), (68, 36)], start=1):
        tile = picture[:, number * 132 : number * 132 + 128].astype(int)
        color = np.ptp(tile, axis=2)  # the caption and the ring are grey
        there = np.zeros((64, 128), bool)
        there[y - 12 : y + 12, x - 12 : x + 12] = True
        assert color[there].max() > 50
        assert color[~there].max() < 10


def test_chosen_heads_in_their_order(attending: LaneInferencer) -> None:
    image = _image()
    both = draw_pixel_attention(image, attending, (80, 40), tile_width=160)
    one = draw_pixel_attention(image, attending, (80, 40), heads=[1], tile_width=160)
    np.testing.assert_array_equal(one[:, 164:], both[:, 2 * 164 :])


@pytest.mark.parametrize(
    ("pixel", "heads", "message"),
    [
        ((80, 40), [2], "must have the head 2, and has 2, counted from 0"),
        ((160, 40), None, r"must lie in the image of 160x90, got \(160, 40\)"),
    ],
)
def test_what_is_not_there_to_look_at(
    pixel: tuple[float, float],
    heads: list[int] | None,
    message: str,
    attending: LaneInferencer,
) -> None:
    with pytest.raises(ValueError, match=message):
        draw_pixel_attention(_image(), attending, pixel, heads=heads)
