"""A neck: one stage more, which everything reads that reads stages."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from lanedet.models import (
    ChannelGate,
    ConvolutionContext,
    LaneDetector,
    LaneGraph,
    LaneNeck,
    LocalSelfAttention,
    NonLocalAttention,
    RecurrentShift,
    SelfAttention2d,
    SelfAttentionDistiller,
    SpatialPropagation,
    build_model,
    describe_model,
    encoder_stages,
    load_weights,
    save_weights,
)
from lanedet.models.context.context_layer import Added

CHANNELS = {"deep": 16, "deeper": 24}


def stages() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        name: torch.randn(2, channels, 6, 10, generator=generator)
        for name, channels in CHANNELS.items()
    }


def neck(**options: Any) -> LaneNeck:
    torch.manual_seed(0)
    return LaneNeck(**{"stage": "deeper", "stage_channels": CHANNELS, **options}).eval()


def with_neck(model_config: dict[str, Any], **options: Any) -> LaneDetector:
    """Return the small ENet with a neck on E4, whose existence branch reads it."""
    head = {**model_config["head"]}
    head["existence_branch"] = {**head["existence_branch"], "stage": "neck"}
    options = {"type": LaneNeck, "stage": "E4", **options}
    torch.manual_seed(0)
    return LaneDetector(
        **{key: model_config[key] for key in ("backbone", "view", "distiller")},
        head=head,
        neck=options,
    ).eval()


def test_a_neck_adds_a_stage_and_leaves_the_others() -> None:
    features = stages()
    layers = [{"type": ChannelGate}, {"type": SpatialPropagation}]
    module = neck(layers=layers)
    out = module(features)
    assert list(out) == ["deep", "deeper", "neck"]
    assert all(out[name] is features[name] for name in features)
    gate, propagation = module.layers
    assert torch.equal(out["neck"], propagation(gate(features["deeper"])))


def test_without_a_reduction_what_is_added_begins_as_the_stage_itself() -> None:
    features = stages()
    local = {"type": LocalSelfAttention, "heads": 4}
    for config in ({"type": SelfAttention2d}, local):
        assert torch.equal(neck(layers=[config])(features)["neck"], features["deeper"])


def test_a_reduction_makes_the_channels_few_before_the_layers_run() -> None:
    module = neck(layers=[{"type": SelfAttention2d}], channels=8)
    assert module.with_neck(CHANNELS) == {**CHANNELS, "neck": 8}
    # 24 x 8 weights, 2 x 8 of the batch normalisation, 4 (8^2 + 8) of the attention,
    # 8 scales.
    assert sum(each.numel() for each in module.parameters()) == 192 + 16 + 288 + 8
    reduced = module(stages())["neck"]
    assert reduced.shape == (2, 8, 6, 10)
    assert (reduced >= 0).all()


def test_the_random_numbers_of_others_stay() -> None:
    torch.manual_seed(0)
    expected = torch.rand(3)
    neck(channels=8, layers=[{"type": SpatialPropagation}])
    assert torch.equal(torch.rand(3), expected)


def test_a_detector_with_a_neck_begins_as_its_plain_twin(
    model_config: dict[str, Any],
) -> None:
    torch.manual_seed(0)
    plain = build_model(describe_model(model_config)).eval()
    other = with_neck(model_config, layers=[{"type": SelfAttention2d}])
    inputs = torch.randn(1, 3, 32, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        for ours, theirs in zip(other(inputs), plain(inputs), strict=True):
            assert torch.equal(ours, theirs)
    states = plain.state_dict(), other.state_dict()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_head_and_distiller_read_it_and_their_gradients_reach_it(
    model_config: dict[str, Any], make_batch: Any
) -> None:
    sad = {
        "type": SelfAttentionDistiller,
        "paths": [("E3", "neck"), ("neck", "E4")],
        "start": 0.0,
    }
    detector = with_neck(
        {**model_config, "distiller": sad},
        channels=8,
        layers=[{"type": NonLocalAttention}, {"type": ConvolutionContext}],
    ).train()
    data = detector.data_preprocessor(make_batch(2), training=True)
    losses = detector(**data, mode="loss")
    assert losses["loss_sad"] > 0
    losses["loss_sad"].backward(retain_graph=True)
    reduction = detector.neck.layers[0].weight
    assert reduction.grad.abs().sum() > 0
    reduction.grad = None
    losses["loss_existence"].backward()
    assert reduction.grad.abs().sum() > 0


def test_viewers_list_it_where_it_is_as_coarse_as_what_was_before() -> None:
    features = {"layer3": torch.zeros(1, 4, 6, 10), "layer4": torch.zeros(1, 4, 6, 10)}
    module = LaneNeck(
        stage="layer4",
        stage_channels={"layer3": 4, "layer4": 4},
        layers=[{"type": SelfAttention2d}],
    )
    assert encoder_stages(module(features)) == ["layer3", "layer4", "neck"]


def test_weights_files_fast_forms_and_graphs_know_it(
    model_config: dict[str, Any], tmp_path: Path
) -> None:
    layers = [{"type": SelfAttention2d}, {"type": RecurrentShift, "steps": 2}]
    detector = with_neck(
        {**model_config, "distiller": None}, channels=16, layers=layers
    )
    for module in detector.neck.modules():
        if isinstance(module, Added):
            torch.nn.init.constant_(module.gamma, 0.5)
        elif isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -0.1, 0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    head = {**model_config["head"]}
    head["existence_branch"] = {**head["existence_branch"], "stage": "neck"}
    description = describe_model(
        {
            **model_config,
            "head": head,
            "neck": {
                "type": LaneNeck,
                "stage": "E4",
                "channels": 16,
                "layers": layers,
            },
        }
    )
    assert description["neck"]["layers"][0] == {"type": "SelfAttention2d"}
    path = tmp_path / "weights.safetensors"
    save_weights(path, description, detector.state_dict(), {})
    images = torch.randint(0, 256, (1, 32, 64, 3), dtype=torch.uint8)
    inputs = (images.float() - detector.data_preprocessor.mean.flatten()).permute(
        0, 3, 1, 2
    ) / detector.data_preprocessor.std
    place = torch.tensor([0, 32, 0, 64])
    with torch.inference_mode():
        expected = detector(inputs)
        loaded = load_weights(path)
        torch.testing.assert_close(loaded(inputs), expected)
        fused = loaded.fused()
        assert len(list(fused.neck.modules())) < len(list(loaded.neck.modules()))
        torch.testing.assert_close(fused(inputs), expected, atol=1e-4, rtol=1e-3)
        readings = LaneGraph(fused, raw=True)(images, place)
    torch.testing.assert_close(
        readings["lane_probs"],
        expected.seg_logits.softmax(dim=1)[:, 1:],
        atol=1e-4,
        rtol=1e-3,
    )
    torch.testing.assert_close(
        readings["existence"], expected.existence_logits.sigmoid(), atol=1e-4, rtol=0
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stage": "E9"}, r"The neck reads the stage 'E9'.*\['deep', 'deeper'\]"),
        ({}, "must have layers, or channels to reduce"),
        ({"channels": 0}, "channels must be at least 1, got 0"),
        ({"stage_channels": {"deeper": 4, "neck": 4}}, "no stage 'neck'"),
        ({"layers": [{"type": torch.nn.Identity}]}, "context layer.* got Identity"),
        (
            {"layers": [{"type": SelfAttention2d, "heads": 5}]},
            "heads must divide the 24 channels",
        ),
        (
            {"layers": [{"type": SelfAttention2d, "channels": 24}]},
            r"neck\.layers\.0\.channels must be left out",
        ),
        (
            {"layers": [{"type": SelfAttention2d, "where": "after"}]},
            r"neck\.layers\.0\.where must be left out",
        ),
    ],
)
def test_necks_that_do_not_fit_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        neck(**options)


def test_a_head_that_reads_a_neck_that_is_not_there_is_told_the_stages(
    model_config: dict[str, Any],
) -> None:
    head = {**model_config["head"], "seg_stage": "neck"}
    with pytest.raises(ValueError, match="'neck', which the backbone does not have"):
        build_model(describe_model({**model_config, "head": head}))
