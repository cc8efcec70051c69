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
