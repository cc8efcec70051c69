import pytest
import torch
from torch import Tensor

from lanedet.models import ENet, ResNet
from lanedet.models.heads.line.pyramid import (
    FeaturePyramid,
    Level,
    PyramidStage,
    input_size,
    pool_along,
)

R18 = {
    "layer2": PyramidStage(128, 8, 0.0),
    "layer3": PyramidStage(256, 16, 0.0),
    "layer4": PyramidStage(512, 32, 0.0),
}


def test_it_has_the_parameters_of_a_feature_pyramid() -> None:
    pyramid = FeaturePyramid(stages=R18, channels=64, num_extra=0)
    # 168,320 as CLRNet counts them, where outputs have a bias of 64 numbers each; a
    # normalisation has two for each channel.
    count = sum(parameter.numel() for parameter in pyramid.parameters())
    assert count == 168_320 + 3 * 64
    laterals = (128 + 256 + 512) * 64 + 3 * 64
    assert count == laterals + 3 * (9 * 64 * 64 + 2 * 64)


def test_sizes_that_do_not_divide_are_rounded_up() -> None:
    backbone = ResNet(weights=None, output_stride=32).eval()
    pyramid = FeaturePyramid(stages=R18, channels=16, num_extra=1).eval()
    with torch.no_grad():
        levels = pyramid(backbone(torch.zeros(1, 3, 40, 88)))
    shapes = [tuple(level.features.shape) for level in levels]
    assert shapes == [(1, 16, 5, 11), (1, 16, 3, 6), (1, 16, 2, 3), (1, 16, 1, 2)]
    assert [level.stride for level in levels] == [8, 16, 32, 64]
    assert input_size(levels) == (40, 88)


def test_what_a_coarse_stage_sees_reaches_the_finest_level() -> None:
    stages = {"a": PyramidStage(3, 4, 1.5), "b": PyramidStage(5, 8, 3.5)}
    pyramid = FeaturePyramid(stages=stages, channels=4, num_extra=0).eval()
    features = {"a": torch.rand(1, 3, 8, 8), "b": torch.rand(1, 5, 4, 4)}
    features["b"].requires_grad_()
    pyramid(features)[0].features.sum().backward()
    assert features["b"].grad is not None
    assert features["b"].grad.abs().sum() > 0


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param({}, id="none"),
        pytest.param(
            {"a": PyramidStage(3, 8, 0), "b": PyramidStage(3, 4, 0)}, id="finer"
        ),
        pytest.param(
            {"a": PyramidStage(3, 8, 0), "b": PyramidStage(3, 8, 0)}, id="equal"
        ),
    ],
)
def test_stages_must_become_coarser(stages: dict[str, PyramidStage]) -> None:
    with pytest.raises(ValueError, match="each of another stride"):
        FeaturePyramid(stages=stages, channels=4, num_extra=0)


def test_strides_must_be_those_of_the_stages() -> None:
    levels = [
        Level(torch.zeros(1, 1, 8, 8), 4, 0),
        Level(torch.zeros(1, 1, 4, 4), 16, 0),
    ]
    with pytest.raises(ValueError, match=r"stride 16 must be a map of \(2, 2\)"):
        input_size(levels)


@pytest.mark.parametrize("offset", [0.0, 1.5, 3.5])
@pytest.mark.parametrize("stride", [4, 8, 16])
def test_pooling_reads_where_the_points_are(stride: int, offset: float) -> None:
    # Cells that hold their own place in the input: what is read is where it is read.
    height, width = 64 // stride, 176 // stride
    places = torch.stack(
        torch.meshgrid(
            torch.arange(width) * stride + offset,
            torch.arange(height) * stride + offset,
            indexing="xy",
        )
    )
    xs = torch.rand(1, 7, 5) * (width - 1) * stride + offset
    ys = torch.rand(5) * (height - 1) * stride + offset
    pooled = pool_along([Level(places[None], stride, offset)], xs, ys)
    assert pooled.shape == (1, 1, 2, 7, 5)
    torch.testing.assert_close(pooled[0, :, 0], xs, atol=1e-3, rtol=0)
    torch.testing.assert_close(pooled[0, :, 1], ys.expand(1, 7, 5), atol=1e-3, rtol=0)


def test_far_outside_there_is_nothing() -> None:
    level = Level(torch.ones(1, 1, 4, 4), 8, 0)
    xs = torch.tensor([[[-9.0, 33.0, 1e6, -1e6]]])
    assert pool_along([level], xs, torch.zeros(4)).abs().max() == 0


def test_a_point_reads_four_cells() -> None:
    features = torch.zeros(1, 1, 6, 6, requires_grad=True)
    pool_along(
        [Level(features, 8, 0)], torch.tensor([[[19.0]]]), torch.tensor([10.0])
    ).sum().backward()
    assert features.grad is not None
    assert features.grad.nonzero()[:, 2:].tolist() == [[1, 2], [1, 3], [2, 2], [2, 3]]


def test_half_precision_does_not_move_the_points() -> None:
    places = torch.arange(100.0).expand(1, 1, 4, 100)  # every cell is exact in float16
    xs = torch.tensor([[[790.25, 791.75, 787.5]]])
    level = Level(places.half(), 8, 0)
    pooled = pool_along([level], xs, torch.zeros(3))
    assert pooled.dtype == torch.float16
    torch.testing.assert_close(pooled[0, :, 0].float(), xs / 8, atol=0.05, rtol=0)


def centre_of_attention(feature: Tensor, inputs: Tensor) -> float:
    """Return the pixel of the input on which a cell's gradient is centred, along x."""
    (gradient,) = torch.autograd.grad(feature, inputs, retain_graph=True)
    weights = gradient.abs().sum(dim=(0, 1, 2))
    return float((weights * torch.arange(len(weights))).sum() / weights.sum())


@pytest.mark.parametrize(
    ("stage", "stride", "offset"), [("E1", 4, 1.5), ("E2", 8, 3.5)]
)
def test_enets_cells_lie_in_the_middle_of_what_they_see(
    stage: str, stride: int, offset: float
) -> None:
    torch.manual_seed(0)
    backbone = ENet(decoder=False).eval()
    inputs = torch.randn(1, 3, 128, 128, requires_grad=True)
    feature = backbone(inputs)[stage]
    cells = range(feature.shape[3] // 2 - 2, feature.shape[3] // 2 + 2)
    centres = [
        centre_of_attention(feature[0, :, feature.shape[2] // 2, i].sum(), inputs)
        - stride * i
        for i in cells
    ]
    assert sum(centres) / len(centres) == pytest.approx(offset, abs=1.2)
