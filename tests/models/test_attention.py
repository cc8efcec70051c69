from typing import Any

import pytest
import torch

from lanedet.models import (
    ENet,
    LaneDetector,
    build_model,
    describe_model,
    encoder_stages,
    pixel_attention,
    stage_energies,
)


def _features(**sizes: int) -> dict[str, torch.Tensor]:
    return {name: torch.zeros(1, 2, size, size) for name, size in sizes.items()}


@pytest.mark.parametrize(
    ("sizes", "encoder"),
    [
        ({"E1": 8, "E2": 4, "E3": 4, "D1": 8, "D2": 4}, ["E1", "E2", "E3"]),
        ({"layer1": 8, "layer2": 4, "layer3": 4}, ["layer1", "layer2", "layer3"]),
        ({"only": 3}, ["only"]),
    ],
    ids=["decoder", "no decoder", "one stage"],
)
def test_the_encoder_ends_where_features_get_finer(
    sizes: dict[str, int], encoder: list[str]
) -> None:
    assert encoder_stages(_features(**sizes)) == encoder


def test_the_encoder_of_enet() -> None:
    with torch.no_grad():
        features = ENet().eval()(torch.zeros(1, 3, 32, 64))
    assert encoder_stages(features) == ["E1", "E2", "E3", "E4"]


def test_energies_are_sums_of_squares() -> None:
    features = {"a": torch.tensor([[[[1.0, -2.0]], [[3.0, 0.5]]]], requires_grad=True)}
    energy = stage_energies(features)["a"]
    assert energy.tolist() == [[[10.0, 4.25]]]
    assert not energy.requires_grad


def test_stages_come_in_the_order_asked_for() -> None:
    features = _features(E1=8, E2=4, D1=8)
    assert list(stage_energies(features)) == ["E1", "E2"]
    assert list(stage_energies(features, ["D1", "E1"])) == ["D1", "E1"]


@pytest.mark.parametrize("stages", [["E1", "E9"], []])
def test_stages_must_be_there(stages: list[str]) -> None:
    with pytest.raises(ValueError, match=r"got \[.*\]\. Its stages are \['E1', 'E2'\]"):
        stage_energies(_features(E1=8, E2=4), stages)


def detector_with(model_config: dict[str, Any], **parts: Any) -> LaneDetector:
    torch.manual_seed(0)
    return build_model(describe_model({**model_config, **parts})).eval()


def images() -> torch.Tensor:
    return torch.randn(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))


def test_the_pixel_of_each_layer_is_the_cell_it_lies_in(
    model_config: dict[str, Any],
) -> None:
    # Sharp heads that look where they are, at once and from a neck behind E1.
    layer = {"type": "QuadraticSelfAttention", "heads": 2, "sharpness": 46.0}
    layer["spread_px"] = 0.0
    detector = detector_with(
        model_config,
        backbone={"type": "ENet", "context": {"E4": [{"type": "ChannelGate"}, layer]}},
        neck={"type": "LaneNeck", "stage": "E1", "layers": [layer]},
    )
    # E1 is 8x16 and E4 4x8: column 20 of 64 lies in their columns 5 and 2.
    weights = pixel_attention(detector, images(), (20.0, 17.4))
    assert list(weights) == [
        "E4.1",
        "neck.0",
    ]
    deep, neck = weights.values()
    assert (deep.shape, neck.shape) == ((2, 4, 8), (2, 8, 16))
    assert deep[:, 2, 2].tolist() == neck[:, 4, 5].tolist() == pytest.approx([1.0, 1.0])
    first = pixel_attention(detector, images(), (-0.5, -0.5))
    assert first["E4.1"][0, 0, 0] == pytest.approx(1.0)


def test_the_features_are_those_that_the_layer_gets(
    model_config: dict[str, Any],
) -> None:
    layer = {"type": "SelfAttention2d", "heads": 2}
    detector = detector_with(
        model_config, backbone={"type": "ENet", "context": {"E3": layer}}
    )
    torch.nn.init.normal_(detector.backbone.context["E3"][0].layer.query.weight)
    torch.nn.init.normal_(detector.backbone.context["E3"][0].layer.key.weight)
    (weights,) = pixel_attention(detector, images(), (0.0, 31.0)).values()
    with torch.no_grad():
        features = detector.extract_features(images())["E3"]  # its scale is still 0
    attention = detector.backbone.context["E3"][0].layer
    torch.testing.assert_close(weights, attention.attention_of(features, 3, 0))
    assert weights.max() > 2 / 32


def test_a_network_without_self_attention_is_told_of_where_it_comes_from(
    model_config: dict[str, Any],
) -> None:
    gate = {"type": "ENet", "context": {"E4": {"type": "ChannelGate"}}}
    for parts in ({}, {"backbone": gate}):
        detector = detector_with(model_config, **parts)
        with pytest.raises(ValueError, match="no layer whose pixels look at"):
            pixel_attention(detector, images(), (0.0, 0.0))


@pytest.mark.parametrize("pixel", [(63.5, 0.0), (0.0, -1.0), (float("nan"), 0.0)])
def test_a_pixel_outside_of_the_input(
    pixel: tuple[float, float], model_config: dict[str, Any]
) -> None:
    detector = detector_with(model_config)
    with pytest.raises(ValueError, match="must lie in the network input of 64x32"):
        pixel_attention(detector, images(), pixel)
