import copy
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.arrays import FloatArray
from lanedet.benchmark.models import count_macs
from lanedet.images import read_image
from lanedet.inference import default_weights
from lanedet.models import build_detector, load_weights
from lanedet.models.backbones import ResNet
from lanedet.models.context import QuadraticSelfAttention, attention_from_conv
from lanedet.models.context.conv_attention import look_along
from lanedet.models.context.positions import side_offsets
from lanedet.ops import StretchView
from lanedet.structures import LaneSample


def image(*size: int, channels: int = 5) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, channels, *size, dtype=torch.float64, generator=generator)


CONVOLUTIONS = [
    {"kernel_size": 1},
    {"kernel_size": 3},
    {"kernel_size": 3, "padding": 1},
    {"kernel_size": 3, "padding": 1, "stride": 2},
    {"kernel_size": 3, "padding": 2, "dilation": 2, "bias": False},
    {"kernel_size": 5, "padding": 2, "stride": 2, "dilation": 1},
    {"kernel_size": 2, "stride": 2},
    {"kernel_size": (3, 5), "padding": (0, 2), "stride": (1, 3), "dilation": (2, 1)},
]


@pytest.mark.parametrize("options", CONVOLUTIONS)
def test_any_convolution_is_attention(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, **options).double()
    x = image(7, 9)
    torch.testing.assert_close(
        attention_from_conv(conv)(x), conv(x), atol=1e-11, rtol=0
    )


@pytest.mark.parametrize("options", CONVOLUTIONS[:5])
def test_its_gradients_are_those_of_the_convolution(options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, **options).double()
    gradients = []
    for module in (conv, attention_from_conv(conv)):
        x = image(7, 9).requires_grad_()
        conv.zero_grad()
        (module(x).sin()).sum().backward()
        gradients.append([x.grad, *(each.grad.clone() for each in conv.parameters())])
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, atol=1e-10, rtol=0)


def test_float32_is_enough_at_the_size_of_a_benchmark() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(16, 16, 3, padding=1)
    x = torch.randn(1, 16, 36, 100)
    torch.testing.assert_close(attention_from_conv(conv)(x), conv(x), atol=2e-5, rtol=0)


def test_each_head_looks_at_the_pixel_under_its_tap() -> None:
    conv = nn.Conv2d(4, 2, 3, padding=2, dilation=2, stride=2)
    weights = attention_from_conv(conv).attention_of(image(7, 9, channels=4), 1, 4)
    # The tap in the middle of output (1, 4) lies on pixel (2, 8), at the right border.
    targets = [(row, column) for row in (0, 2, 4) for column in (6, 8, 10)]
    for head, (row, column) in zip(weights, targets, strict=True):
        expected = torch.zeros(7, 9, dtype=head.dtype)
        if column < 9:  # else it looks at the zeros around the map
            expected[row, column] = 1
        torch.testing.assert_close(head, expected, atol=1e-12, rtol=0)


def test_blunt_heads_miss_the_convolution() -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(5, 7, 3, padding=1).double()
    x = image(7, 9)
    errors = [
        (attention_from_conv(conv, sharpness)(x) - conv(x)).abs().max().item()
        for sharpness in (1.0, 5.0, 10.0, 17.0, 46.0)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 0.1
    assert errors[3] < 1e-4


def test_a_layer_of_resnet_may_be_attention() -> None:
    torch.manual_seed(0)
    backbone = ResNet(weights=None).eval()
    inputs = torch.randn(1, 3, 64, 96)
    with torch.inference_mode():
        expected = backbone(inputs)["layer4"]
        backbone.layer4[1].conv2 = attention_from_conv(backbone.layer4[1].conv2)
        torch.testing.assert_close(
            backbone(inputs)["layer4"], expected, atol=1e-4, rtol=1e-4
        )


def test_a_trained_detector_finds_the_same_lanes_with_attention_for_convolutions() -> (
    None
):
    detector = load_weights(default_weights())
    road = read_image(Path(__file__).resolve().parents[3] / "docs/road.jpg")
    view = detector.view(road.shape[:2])
    data = detector.data_preprocessor(
        {
            "inputs": [torch.from_numpy(view.warp(road)).permute(2, 0, 1)],
            "data_samples": [LaneSample(metainfo={"view": view})],
        }
    )
    found, replaced = [], 0
    for _ in range(2):
        with torch.inference_mode():
            (sample,) = detector(**copy.deepcopy(data), mode="predict")
        found.append(sample.pred_lanes)
        for block in detector.backbone.e3.modules():
            for name, conv in list(block.named_children()):
                if isinstance(conv, nn.Conv2d) and conv.dilation[0] > 1:
                    setattr(block, name, attention_from_conv(conv))
                    replaced += 1
    assert replaced == 4  # dilations 2, 4, 8 and 16
    before, after = found
    assert len(before) >= 2
    for lane, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, lane, atol=0.02)


@pytest.mark.slow
def test_so_does_a_resnet_that_was_trained_here() -> None:
    torch.manual_seed(0)
    view = StretchView((64, 96))
    detector = build_detector("resnet18", num_lanes=2, view=view)
    picture = np.full((64, 96, 3), 60, np.uint8)
    classes = np.zeros((64, 96), np.uint8)
    for number, (bottom, top) in enumerate([(20, 44), (80, 52)], start=1):
        cv2.line(picture, (bottom, 63), (top, 16), (230, 230, 230), 2)
        cv2.line(classes, (bottom, 63), (top, 16), number, 4)
    sample = LaneSample(metainfo={"view": view((64, 96))})
    sample.gt_class_map, sample.gt_existence = classes, np.ones(2, np.float32)
    images = torch.from_numpy(picture).permute(2, 0, 1)
    batch = {"inputs": [images, images], "data_samples": [sample, sample]}
    data = detector.data_preprocessor(batch, training=True)
    optimizer = torch.optim.AdamW(detector.parameters(), lr=1e-3)
    for _ in range(40):
        loss, _ = detector.parse_losses(detector.train()(**data, mode="loss"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    detector.eval()

    def lanes() -> list[FloatArray]:
        with torch.inference_mode():
            found: list[FloatArray] = detector(**data, mode="predict")[0].pred_lanes
        return found

    before = lanes()
    assert len(before) == 2
    assert abs(np.interp(40, before[0][::-1, 1], before[0][::-1, 0]) - 32) < 4
    for stage in (detector.backbone.layer3, detector.backbone.layer4):
        for block in stage:
            block.conv2 = attention_from_conv(block.conv2)
    for lane, other in zip(before, lanes(), strict=True):
        np.testing.assert_allclose(other, lane, atol=0.05)


@pytest.mark.parametrize(
    "options",
    [{"groups": 2}, {"padding": "same"}, {"padding_mode": "replicate", "padding": 1}],
)
def test_other_convolutions_are_refused(options: dict[str, Any]) -> None:
    conv = nn.Conv2d(4, 4, 3, **options)
    with pytest.raises(ValueError, match="must have one group and numbers of zeros"):
        attention_from_conv(conv)


def seen_from(x: Tensor, *, up: float, right: float) -> Tensor:
    """Return what a sharp head sees that looks so many pixels up and to the right."""
    scores = (
        -46 * (side_offsets(length, x.device) - center)[None].square()
        for length, center in zip(x.shape[-2:], (-up, right), strict=True)
    )
    return look_along(x[:, None], *scores)[:, 0]


def test_a_target_outside_is_the_nearest_pixel_inside() -> None:
    x = image(4, 5)
    seen = seen_from(x, up=1, right=2)
    padded = F.pad(x, (0, 2, 1, 0), mode="replicate")
    torch.testing.assert_close(seen, padded[..., :4, 2:], atol=1e-11, rtol=0)


def test_half_a_pixel_is_the_mean_of_two() -> None:
    x = image(4, 5)
    seen = seen_from(x, up=0, right=0.5)
    torch.testing.assert_close(
        seen[..., :-1], (x[..., :-1] + x[..., 1:]) / 2, atol=1e-8, rtol=0
    )


def test_learned_heads_are_the_formula() -> None:
    torch.manual_seed(0)
    module, x = QuadraticSelfAttention(5, 3).double(), image(4, 6)
    places = torch.cartesian_prod(torch.arange(4.0), torch.arange(6.0)).double()
    seen = []
    for center in module.centers:
        away = places[None] - places[:, None] - center
        weights = (-away.square().sum(dim=2)).softmax(dim=1)
        seen.append(x.flatten(2) @ weights.T)
    expected = module.out(torch.cat(seen, dim=1).unflatten(2, (4, 6)))
    torch.testing.assert_close(module(x), expected)


def test_sharp_heads_are_exact_far_from_the_first_pixel() -> None:
    """Places between pixels, whose squares are large and scores small."""
    torch.manual_seed(0)
    module = QuadraticSelfAttention(4, heads=3, sharpness=30.0)
    x = torch.randn(1, 4, 72, 200)
    rough = module(x)
    exact = module.double()(x.double())
    torch.testing.assert_close(rough, exact.float(), atol=1e-6, rtol=1e-4)


def test_it_multiplies_rows_and_columns_and_not_all_pairs() -> None:
    module = QuadraticSelfAttention(4, heads=3)
    height, width = 36, 100
    counted = count_macs(module, torch.zeros(1, 4, height, width))
    pixels = height * width
    assert counted == 3 * 4 * pixels * (height + width) + 3 * 4 * 4 * pixels


def test_a_map_that_the_kernel_does_not_fit_into_is_refused() -> None:
    conv = nn.Conv2d(5, 7, 3, dilation=2, padding=(0, 1))
    with pytest.raises(ValueError, match=r"\(5, 5\) pixels, got a map of \(4, 8\)"):
        attention_from_conv(conv)(image(4, 6).float())


def test_heads_learn_where_to_look() -> None:
    torch.manual_seed(0)
    module = QuadraticSelfAttention(1, 1, spread_px=0.1, sharpness=2.0)
    nn.init.ones_(module.out.weight)
    module.out.requires_grad_(False)
    optimizer = torch.optim.Adam(module.parameters(), lr=0.05)
    for _ in range(150):
        x = torch.rand(4, 1, 8, 12)
        loss = (module(x) - x.roll((-1, -2), (2, 3)))[..., :-1, :-2].square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    torch.testing.assert_close(
        module.centers[0], torch.tensor([1.0, 2.0]), atol=0.1, rtol=0
    )
    assert module.log_sharpness.exp().item() > 3


@pytest.mark.parametrize("options", [{"heads": 0}, {"sharpness": 0.0}])
def test_heads_that_cannot_look_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a head, and a positive sharpness"):
        QuadraticSelfAttention(4, **options)
