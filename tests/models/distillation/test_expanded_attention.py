"""Expanded self-attention: what is believed of the labels, and what for."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lanedet.models import ExpandedSelfAttention
from lanedet.models.distillation.expanded_attention import (
    ConfidenceBranch,
    expanded_loss,
)
from lanedet.models.heads import SegmentationOutputs
from lanedet.structures import LaneSample

SHAPE = (32, 64)


def labels() -> list[LaneSample]:
    sample = LaneSample()
    sample.gt_class_map = np.zeros(SHAPE, np.uint8)
    sample.gt_class_map[16:, 4:8] = 2
    return [sample, sample]


def features() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    sizes = {"a": (3, 8, 16), "b": (5, 4, 8)}
    return {
        name: torch.randn(2, *size, generator=generator) for name, size in sizes.items()
    }


def outputs() -> SegmentationOutputs:
    logits = torch.randn(2, 3, *SHAPE, generator=torch.Generator().manual_seed(1))
    return SegmentationOutputs(logits, None)


def attached(**options: Any) -> ExpandedSelfAttention:
    torch.manual_seed(0)
    distiller = ExpandedSelfAttention(**{"stages": ["a", "b"], **options})
    distiller.attach({"a": 3, "b": 5}, 2, SHAPE)
    return distiller


def some_maps() -> tuple[Tensor, Tensor]:
    """Return probabilities and labels of one lane on 2 x 4 pixels."""
    probs = torch.tensor([[0.5, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])[None, None]
    truth = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 0.0]])[None, None]
    return probs, truth


@pytest.mark.parametrize(
    ("confidence", "expected"),
    [
        # (0.5 - 1)^2 of one of eight pixels; a fifth of the labels' mean of 2/8.
        pytest.param([1.0, 1.0], 0.25 / 8 + 0.2 * 0.25, id="believes all"),
        pytest.param([0.0, 0.0], 0.8 * 0.25, id="believes nothing"),
        # (0.6 x 0.5)^2 of a pixel; 1.6 of 2 label pixels is the share to believe.
        pytest.param([0.6, 1.0], 0.36 * 0.25 / 8, id="doubts the row that is wrong"),
        pytest.param([1.0, 0.6], 0.25 / 8, id="doubts the row that is right"),
    ],
)
def test_the_loss_by_hand(confidence: list[float], expected: float) -> None:
    probs, truth = some_maps()
    rows = torch.tensor(confidence)[None, None, :, None]
    loss = expanded_loss(probs, truth, rows, kept_share=0.8)
    assert loss.item() == pytest.approx(expected)


def test_to_doubt_what_is_wrong_costs_least() -> None:
    probs, truth = some_maps()
    sure = torch.zeros(2, requires_grad=True)
    optimizer = torch.optim.Adam([sure], lr=0.05)
    for _ in range(300):
        loss = expanded_loss(probs, truth, sure.sigmoid()[None, None, :, None], 0.8)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    wrong, right = sure.sigmoid().tolist()
    assert wrong < 0.75 < 0.9 < right
    assert wrong + right == pytest.approx(1.6, abs=0.05)


def test_a_network_that_is_right_has_no_loss_if_it_believes_its_share() -> None:
    _, truth = some_maps()
    assert expanded_loss(truth, truth, torch.tensor(0.8), 0.8).item() < 1e-7


@pytest.mark.parametrize(("along", "places"), [("rows", 32), ("columns", 64)])
def test_a_confidence_for_each_lane_and_place(along: str, places: int) -> None:
    distiller = attached(along=along)
    confidence = distiller.branch(list(features().values()))
    assert confidence.shape == (2, 2, places)
    assert ((confidence > 0) & (confidence < 1)).all()
    losses = distiller(features(), labels(), outputs())
    assert list(losses) == [f"loss_esa_{along}"]


def test_the_term_is_the_weighted_loss_of_maps_and_labels() -> None:
    distiller = attached(weight=10.0).eval()
    given = outputs()
    (loss,) = distiller(features(), labels(), given).values()
    confidence = distiller.branch(list(features().values()))
    truth = torch.zeros(2, 2, *SHAPE)
    truth[:, 1, 16:, 4:8] = 1
    probs = given.seg_logits.softmax(dim=1)[:, 1:]
    map_of_rows = confidence[..., None].expand(2, 2, *SHAPE)
    expected = ((probs * map_of_rows - truth * map_of_rows) ** 2).mean() + abs(
        (truth * map_of_rows).mean() - 0.8 * truth.mean()
    )
    torch.testing.assert_close(loss, 10 * expected)


def test_the_branch_has_the_released_one_s_parameters() -> None:
    # 384 channels and four lanes at 288x800: 18 x 50 cells of 5 classes are 4500.
    branch = ConfidenceBranch(384, 4, (288, 800), 288)
    assert [tuple(each.weight.shape) for each in branch.classify[::2]] == [
        (2028, 4500),
        (4 * 288, 2028),
    ]
    convolutions = [each for each in branch.reduce if isinstance(each, nn.Conv2d)]
    assert [tuple(each.weight.shape) for each in convolutions] == [
        (128, 384, 1, 1),
        (32, 128, 3, 3),
        (5, 32, 1, 1),
    ]


def test_gradient_reaches_the_head_the_stages_and_the_branch() -> None:
    distiller, stages, given = attached(), features(), outputs()
    for tensor in (*stages.values(), given.seg_logits):
        tensor.requires_grad_()
    (loss,) = distiller(stages, labels(), given).values()
    loss.backward()
    parameters = dict(distiller.named_parameters())
    assert len(parameters) == 11
    for tensor in (*stages.values(), given.seg_logits, *parameters.values()):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
        assert tensor.grad.abs().sum() > 0


def test_nothing_before_its_start() -> None:
    distiller = attached(start=0.5)
    assert distiller(features(), labels(), outputs()) == {}
    distiller.progress = 0.5
    assert distiller(features(), labels(), outputs())


def test_half_precision() -> None:
    distiller = attached().eval()
    (exact,) = distiller(features(), labels(), outputs()).values()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        (mixed,) = distiller(features(), labels(), outputs()).values()
    assert mixed.dtype == torch.float32
    torch.testing.assert_close(mixed, exact, rtol=2e-2, atol=1e-3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stages": []}, "stages must name at least one stage"),
        ({"along": "diagonals"}, r"along must be one of \['rows', 'columns'\]"),
        ({"kept_share": 0.0}, r"kept_share must lie in \(0, 1\], got 0.0"),
        ({"stages": ["z"]}, r"names stages \['z'\]"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        attached(**options)


def test_an_input_without_a_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 16x16 pixels, got 8x64"):
        ConfidenceBranch(8, 2, (8, 64), 8)


def test_a_head_without_class_maps_is_refused() -> None:
    with pytest.raises(ValueError, match="of a LaneSegmentationHead, got NoneType"):
        attached()(features(), labels())


def test_it_must_be_attached() -> None:
    with pytest.raises(ValueError, match="must be attached to a network"):
        ExpandedSelfAttention(stages=["a"])(features(), labels(), outputs())
