from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.models import (
    ConvClassifier,
    ExistenceBranch,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.ops import ComponentLaneDecoder, StretchView
from lanedet.structures import LaneSample

SIZE = (48, 64)
ENET_PARTS: dict[str, Any] = dict(
    seg_stage="D2",
    classifier=dict(type=TransposedConvClassifier),
    existence_branch=dict(type=ExistenceBranch, stage="E4"),
    input_shape=SIZE,
    stage_channels={"D2": 16, "E4": 128},
)
RESNET_PARTS: dict[str, Any] = dict(
    seg_stage="layer4",
    classifier=dict(type=ConvClassifier, channels=8),
    upsampling=8,
    existence_branch=dict(type=LogitsExistenceBranch),
    input_shape=SIZE,
    stage_channels={"layer4": 32},
)
FEATURES = {
    "D2": torch.zeros(2, 16, 24, 32),
    "E4": torch.zeros(2, 128, 6, 8),
    "layer4": torch.zeros(2, 32, 6, 8),
}


def labelled(num_lanes: int, size: tuple[int, int] = SIZE) -> list[LaneSample]:
    samples = []
    for column in (10, 30):
        sample = LaneSample(metainfo={"view": StretchView(size)((96, 128))})
        sample.gt_class_map = np.zeros(size, np.uint8)
        sample.gt_class_map[:, column : column + 3] = 1
        sample.gt_existence = np.eye(num_lanes)[0]
        samples.append(sample)
    return samples


@pytest.mark.parametrize("parts", [ENET_PARTS, RESNET_PARTS], ids=["enet", "resnet"])
@pytest.mark.parametrize("num_lanes", [1, 4, 6])
def test_outputs_cover_the_network_input(parts: dict[str, Any], num_lanes: int) -> None:
    head = LaneSegmentationHead(num_lanes=num_lanes, **parts)
    outputs = head.eval()(FEATURES)
    assert outputs.seg_logits.shape == (2, num_lanes + 1, *SIZE)
    assert outputs.existence_logits.shape == (2, num_lanes)
    assert set(head.loss(FEATURES, labelled(num_lanes))) == {
        "loss_seg",
        "loss_iou",
        "loss_existence",
    }


def test_logits_are_enlarged_with_aligned_corners() -> None:
    head = LaneSegmentationHead(num_lanes=1, **RESNET_PARTS).eval()
    feature = torch.randn(1, 32, 6, 8)
    small = head.classifier(feature)
    large = head({"layer4": feature}).seg_logits
    torch.testing.assert_close(large[..., ::47, ::63], small[..., ::5, ::7])


def certain_of_column(column: int, background: float = 20.0) -> Tensor:
    seg_logits = torch.zeros(2, 2, *SIZE)
    seg_logits[:, 0] = background
    seg_logits[:, 1, :, column - 4 : column + 5] = 2 * background
    return seg_logits


def test_without_existence_branch_every_slot_counts() -> None:
    parts = {**ENET_PARTS, "existence_branch": None}
    head = LaneSegmentationHead(num_lanes=1, **parts).eval()
    assert set(head.loss(FEATURES, labelled(1))) == {"loss_seg", "loss_iou"}
    head.classifier.forward = lambda _: certain_of_column(20)
    samples = head.predict(FEATURES, labelled(1))
    assert [sample.pred_slots for sample in samples] == [[0], [0]]


def test_one_class_of_lanes_may_hold_several() -> None:
    parts = {**ENET_PARTS, "existence_branch": None}
    decoder = dict(type=ComponentLaneDecoder, smoothing=3)
    head = LaneSegmentationHead(num_lanes=1, decoder=decoder, **parts).eval()
    seg_logits = torch.zeros(2, 2, *SIZE)
    seg_logits[:, 1] = -20
    seg_logits[:, 1, :, [11, 12, 13, 49, 50, 51]] = 20
    head.classifier.forward = lambda _: seg_logits
    samples = head.predict(FEATURES, labelled(1))
    assert head.num_slots == 12
    assert [len(sample.pred_lanes) for sample in samples] == [2, 2]


def test_predicted_class_map_is_the_most_probable_class() -> None:
    parts = {**ENET_PARTS, "existence_branch": None}
    head = LaneSegmentationHead(num_lanes=1, **parts).eval()
    head.classifier.forward = lambda _: certain_of_column(20)
    sample = head.predict(FEATURES, labelled(1))[1]
    expected = np.zeros(SIZE, dtype=np.uint8)
    expected[:, 16:25] = 1
    assert sample.pred_class_map.dtype == np.uint8
    np.testing.assert_array_equal(sample.pred_class_map, expected)


def test_losses_under_autocast_are_those_of_float32() -> None:
    torch.manual_seed(0)
    features = {name: torch.randn(x.shape) for name, x in FEATURES.items()}
    for parts in (ENET_PARTS, RESNET_PARTS):
        head = LaneSegmentationHead(num_lanes=4, **parts).eval()
        exact = head.loss(features, labelled(4))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            mixed = head.loss(features, labelled(4))
        for name, value in mixed.items():
            assert value.dtype == torch.float32, name
            # bfloat16 keeps eight bits of what the convolutions return.
            torch.testing.assert_close(value, exact[name], rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_extreme_logits_have_finite_losses_and_gradients(dtype: torch.dtype) -> None:
    parts = {**ENET_PARTS, "existence_branch": None}
    head = LaneSegmentationHead(num_lanes=1, **parts)
    logits = certain_of_column(50, background=3e4).to(dtype).requires_grad_()
    head.classifier.forward = lambda _: logits
    with torch.autocast("cpu", dtype=dtype):
        losses = head.loss(FEATURES, labelled(1))
    sum(losses.values()).backward()
    assert all(torch.isfinite(value) for value in losses.values())
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"losses": {"sge": {}}}, r"losses must be some of .*got \['sge'\]"),
        ({"losses": {"seg": None}}, "do without iou only, got seg=None"),
        (
            {"existence_branch": None, "losses": {"existence": {}}},
            r"some of \['iou', 'seg'\], got \['existence'\]",
        ),
        ({"num_lanes": 0}, "num_lanes and upsampling must be at least 1, got 0"),
        ({"upsampling": 0}, "must be at least 1, got 4 and 0"),
    ],
)
def test_bad_arguments(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LaneSegmentationHead(**{"num_lanes": 4, **ENET_PARTS, **changes})


def test_without_an_iou_loss() -> None:
    head = LaneSegmentationHead(num_lanes=4, losses={"iou": None}, **ENET_PARTS)
    assert set(head.loss(FEATURES, labelled(4))) == {"loss_seg", "loss_existence"}


def test_output_of_another_size_than_the_labels() -> None:
    parts = {**RESNET_PARTS, "upsampling": 4}
    head = LaneSegmentationHead(num_lanes=1, **parts)
    with pytest.raises(ValueError, match=r"\(24, 32\).*\(48, 64\).*upsampling \(now 4"):
        head.loss(FEATURES, labelled(1))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seg_stage": "D5"}, r"The head reads the stage 'D5'.*\['D2', 'E4'\]"),
        (
            {"existence_branch": {"type": ExistenceBranch, "stage": "E5"}},
            r"The existence branch reads the stage 'E5'.*\['D2', 'E4'\]",
        ),
    ],
)
def test_missing_stage(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LaneSegmentationHead(**{**ENET_PARTS, "num_lanes": 1, **changes})


@pytest.mark.parametrize("num_lanes", [256, 10**7, 2.5, True])
def test_lanes_have_an_end(num_lanes: Any) -> None:
    with pytest.raises(
        ValueError, match="num_lanes must be at least 1 and at most 255"
    ):
        LaneSegmentationHead(**{**ENET_PARTS, "num_lanes": num_lanes})


def test_logits_have_an_end() -> None:
    head = LaneSegmentationHead(**{**RESNET_PARTS, "num_lanes": 4, "upsampling": 4096})
    with pytest.raises(ValueError, match=r"enlarged 4096 times: more than 134217728"):
        head(FEATURES)
    with pytest.raises(ValueError, match=r"maps of \(8192, 8192\)"):
        LaneSegmentationHead(
            **{**RESNET_PARTS, "num_lanes": 4, "input_shape": (8192, 8192)}
        )
