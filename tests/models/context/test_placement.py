"""Context layers in backbones: where they go, and what they leave as it was."""

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from exports import ShortENet
from torch import Tensor, nn

from lanedet.models import (
    ACmix,
    ChannelAndPixelGate,
    ChannelGate,
    ConvolutionContext,
    ENet,
    GatedPositionalAttention,
    LaneDetector,
    LaneSegmentationHead,
    LocalSelfAttention,
    NonLocalAttention,
    QuadraticSelfAttention,
    RecurrentShift,
    ResNet,
    SelfAttention2d,
    SpatialPropagation,
    TransposedConvClassifier,
    WindowSelfAttention,
    build_model,
    describe_model,
    load_weights,
    save_weights,
)
from lanedet.models.context.context_layer import Added
from lanedet.ops import StretchView

ADDED: list[dict[str, Any]] = [
    {"type": SelfAttention2d},
    {"type": SelfAttention2d, "positions": "relative", "size": (8, 16)},
    {"type": SelfAttention2d, "positions": "learned", "size": (8, 16)},
    {"type": LocalSelfAttention},
    {"type": WindowSelfAttention, "shift": 3},
    {"type": QuadraticSelfAttention, "heads": 3},
    {"type": GatedPositionalAttention},
    {"type": ACmix},
    {"type": ACmix, "mode": "window"},
    {"type": ACmix, "mode": "patchwise"},
    {"type": ConvolutionContext},
]
REFINING: list[dict[str, Any]] = [
    {"type": NonLocalAttention},
    {"type": ChannelGate},
    {"type": ChannelAndPixelGate},
    {"type": SpatialPropagation},
    {"type": RecurrentShift, "steps": 3},
]


def inputs() -> Tensor:
    return torch.randn(1, 3, 64, 128, generator=torch.Generator().manual_seed(1))


def enet(context: Any = None) -> ENet:
    torch.manual_seed(0)
    return ShortENet(context=context)


def resnet(context: Any = None) -> ResNet:
    torch.manual_seed(0)
    return ResNet(weights=None, context=context)


def settle(module: nn.Module) -> nn.Module:
    """Give scales that begin at 0 and statistics values that matter."""
    generator = torch.Generator().manual_seed(2)
    for part in module.modules():
        if isinstance(part, Added | NonLocalAttention):
            nn.init.constant_(part.gamma, 0.5)
        elif isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1, generator=generator)
            nn.init.normal_(part.running_mean, 0, 0.1, generator=generator)
            nn.init.uniform_(part.running_var, 0.5, 2, generator=generator)
    return module.eval()


@pytest.mark.parametrize(
    ("make", "deep", "config"),
    [
        *((enet, "E4", config) for config in [*ADDED, REFINING[0]]),
        (resnet, "layer4", ADDED[0]),
    ],
)
def test_a_backbone_begins_as_its_plain_twin(
    make: Any, deep: str, config: dict[str, Any]
) -> None:
    plain, other = make().eval(), make({deep: config}).eval()
    expected, features = plain(inputs()), other(inputs())
    assert list(features) == list(expected)
    for stage, feature in features.items():
        assert torch.equal(feature, expected[stage]), stage
    states = plain.state_dict(), other.state_dict()
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name


def test_the_random_numbers_of_others_stay() -> None:
    plain = enet()
    after = torch.rand(3)
    other = enet({"E2": {"type": ACmix}, "E4": {"type": SpatialPropagation}})
    assert torch.equal(torch.rand(3), after)
    assert sum(1 for _ in other.parameters()) > sum(1 for _ in plain.parameters())


@pytest.mark.parametrize("stage", ["E1", "E2", "E3", "E4", "D1", "D2"])
def test_a_layer_changes_its_stage_and_what_follows(stage: str) -> None:
    plain = enet().eval()
    other = enet({stage: {"type": ChannelGate}}).eval()
    expected, features = plain(inputs()), other(inputs())
    assert torch.equal(features[stage], other.context[stage][0](expected[stage]))
    order = list(expected)
    for each in order:
        is_before = order.index(each) < order.index(stage)
        assert torch.equal(features[each], expected[each]) == is_before, each


def test_several_layers_run_in_their_order() -> None:
    both = [{"type": ChannelGate}, {"type": SelfAttention2d, "heads": 2}]
    layers = resnet({"layer4": both}).context["layer4"]
    assert isinstance(layers[0], ChannelGate)
    assert isinstance(layers[1], Added)


def test_the_second_convolution_of_chosen_blocks_is_replaced() -> None:
    config = {"type": LocalSelfAttention, "where": "replace", "dilation": 4}
    network = resnet({"layer4": config, "layer2": {**config, "blocks": (0, 1)}})
    kinds = {
        (stage, number): type(block.conv2)
        for stage in ("layer1", "layer2", "layer3", "layer4")
        for number, block in enumerate(getattr(network, stage))
    }
    replaced = {place for place, kind in kinds.items() if kind is LocalSelfAttention}
    assert replaced == {("layer4", 1), ("layer2", 0), ("layer2", 1)}
    first, second = network.layer2[0].conv2, network.layer2[1].conv2
    assert first.query.weight is not second.query.weight
    assert network(inputs())["layer4"].shape == (1, 512, 8, 16)


def test_a_name_will_do_for_a_class() -> None:
    network = enet({"E4": {"type": "SpatialPropagation"}})
    assert isinstance(network.context["E4"][0], SpatialPropagation)


def test_shift_kernels_survive_the_backbones_own_start() -> None:
    network = resnet({"layer4": {"type": ACmix, "where": "replace"}})
    weight = network.layer4[1].conv2.shift_and_sum.weight
    assert weight.sum() == weight.numel() / 9
    assert set(weight.unique().tolist()) == {0, 1}


@pytest.mark.parametrize("config", [*ADDED, *REFINING], ids=str)
def test_weights_files_and_fast_forms_know_every_layer(
    config: dict[str, Any], tmp_path: Path
) -> None:
    model = describe_model(
        {
            "type": LaneDetector,
            "backbone": {"type": ShortENet, "context": {"E3": config}},
            "head": {
                "type": LaneSegmentationHead,
                "num_lanes": 4,
                "seg_stage": "D2",
                "classifier": {"type": TransposedConvClassifier, "in_channels": 16},
                "existence_branch": None,
            },
            "view": {"type": StretchView, "input_shape": (64, 128)},
        }
    )
    torch.manual_seed(0)
    detector = settle(build_model(model))
    path = tmp_path / "weights.safetensors"
    save_weights(path, model, detector.state_dict(), {})
    with torch.inference_mode():
        expected = detector(inputs())
        torch.testing.assert_close(load_weights(path).eval()(inputs()), expected)
        fused = detector.fused()
        torch.testing.assert_close(fused(inputs()), expected, atol=1e-4, rtol=1e-3)


def test_a_replaced_convolution_survives_fusion() -> None:
    network = settle(
        resnet({"layer4": {"type": ACmix, "where": "replace", "blocks": (0, 1)}})
    )
    with torch.inference_mode():
        expected = network(inputs())["layer4"]
        fused = copy.deepcopy(network).fuse()(inputs())["layer4"]
    torch.testing.assert_close(fused, expected, atol=1e-4, rtol=1e-3)


def test_pretrained_weights_load_beside_new_layers(tmp_path: Path) -> None:
    path = tmp_path / "resnet18.pth"
    torch.save(resnet().state_dict(), path)
    torch.manual_seed(5)
    context = {
        "layer3": {"type": SelfAttention2d},
        "layer4": {"type": ACmix, "where": "replace"},
    }
    network = ResNet(weights=str(path), context=context)
    network.init_weights()
    for name, tensor in torch.load(path).items():
        if name != "layer4.1.conv2.weight":
            assert torch.equal(network.state_dict()[name], tensor), name


def test_pretrained_weights_that_lack_more_than_new_layers_are_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "resnet18.pth"
    state = resnet().state_dict()
    del state["layer1.0.conv1.weight"]
    torch.save(state, path)
    network = ResNet(weights=str(path), context={"layer4": {"type": ChannelGate}})
    with pytest.raises(ValueError, match="1 of its 120 tensors are missing"):
        network.init_weights()


@pytest.mark.parametrize(
    ("make", "context", "message"),
    [
        (enet, {"layer4": {"type": ACmix}}, "Its stages are \\['E1', 'E2'"),
        (enet, {"E4": {"type": ACmix, "where": "replace"}}, "after a stage only"),
        (enet, {"E4": {"type": ACmix, "where": "before"}}, "must be 'after', or"),
        (enet, {"E4": {"type": ACmix, "blocks": (0,)}}, "and blocks=\\(0,\\)"),
        (enet, {"E4": "ACmix"}, "context.E4 must be the config of a layer, such as"),
        (enet, {"E4": None}, "or a list of such, got None"),
        (enet, {"E4": [{"heads": 4}]}, "context.E4.type must name a context layer"),
        (enet, {"E4": {"type": nn.Identity}}, "must be a context layer, such as"),
        (enet, {"E4": {"type": LocalSelfAttention, "stride": 2}}, "stride must be 1"),
        (enet, {"D2": {"type": ACmix, "heads": 3}}, "context.D2: heads must divide"),
        (
            resnet,
            {"layer4": {"type": ACmix, "where": "replace", "blocks": (2,)}},
            r"blocks must lie in \[-2, 2\), got 2",
        ),
    ],
)
def test_contexts_that_do_not_fit_are_refused(
    make: Any, context: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        make(context)
