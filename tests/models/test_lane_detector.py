from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch.utils._python_dispatch import TorchDispatchMode

from lanedet.models import (
    ConvClassifier,
    DeepSupervision,
    ENet,
    ExpandedSelfAttention,
    LaneDetector,
    LaneSegmentationHead,
    LogitsExistenceBranch,
    ResNet,
    SelfAttentionDistiller,
    without_training_parts,
)

REPOSITORY = Path(__file__).resolve().parents[2]
Batch = Callable[[int], dict[str, Any]]


def build(config: dict[str, Any]) -> LaneDetector:
    torch.manual_seed(0)
    model: LaneDetector = MODELS.build(config)
    return model


def losses(model: LaneDetector, batch: dict[str, Any]) -> dict[str, torch.Tensor]:
    data = model.data_preprocessor(batch, training=True)
    outputs: dict[str, torch.Tensor] = model(**data, mode="loss")
    return outputs


def test_losses_are_finite_and_reach_every_parameter(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    model = build(model_config).train()
    outputs = losses(model, make_batch(2))
    assert {name for name in outputs if "loss" in name} == {
        "loss_seg",
        "loss_iou",
        "loss_existence",
        "loss_sad",
    }
    total, _ = model.parse_losses(outputs)
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_monitored_values_are_not_added_to_the_loss(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    model = build(model_config).train()
    outputs = losses(model, make_batch(2))
    total, _ = model.parse_losses(outputs)
    parts = [value for name, value in outputs.items() if name.startswith("loss_")]
    torch.testing.assert_close(total, torch.stack(parts).sum())
    assert "attention_entropy_E2" in outputs


class RecordOperations(TorchDispatchMode):
    """Keeps the name of every operation and the shapes that come out of it."""

    def __init__(self) -> None:
        super().__init__()
        self.record: list[tuple[str, Any]] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        shape = tuple(result.shape) if isinstance(result, torch.Tensor) else None
        self.record.append((str(func), shape))
        return result


DISTILLERS = {
    "sad": dict(type=SelfAttentionDistiller, start=0.0),
    "deep supervision": dict(type=DeepSupervision, stages=["E2", "E3"]),
    "esa": dict(type=ExpandedSelfAttention, stages=["E1", "E2", "E3", "E4"]),
}


@pytest.mark.parametrize("name", DISTILLERS)
def test_a_distiller_adds_exactly_nothing_to_inference(
    model_config: dict[str, Any], make_batch: Batch, name: str
) -> None:
    trained = build({**model_config, "distiller": DISTILLERS[name]}).eval()
    plain = build({**model_config, "distiller": None}).eval()
    plain.load_state_dict(without_training_parts(trained.state_dict()))
    modules = [
        (name, type(module))
        for name, module in trained.named_modules()
        if not name.startswith("distiller")
    ]
    assert modules == [(name, type(module)) for name, module in plain.named_modules()]
    records = []
    for model in (trained, plain):
        data = model.data_preprocessor(make_batch(2))
        with torch.no_grad(), RecordOperations() as operations:
            outputs = model(**data, mode="tensor")
            samples = model(**data, mode="predict")
        records.append((operations.record, outputs, samples))
    (ours, our_outputs, our_samples), (theirs, their_outputs, their_samples) = records
    assert ours == theirs
    assert len(ours) > 100
    for output, other in zip(our_outputs, their_outputs, strict=True):
        assert torch.equal(output, other)
    for sample, other in zip(our_samples, their_samples, strict=True):
        np.testing.assert_array_equal(sample.pred_class_map, other.pred_class_map)
        assert sample.pred_scores == other.pred_scores


def test_what_weighs_the_head_s_maps_trains_with_the_rest(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    distillers = [dict(DISTILLERS["esa"], along=along) for along in ("rows", "columns")]
    model = build({**model_config, "distiller": [*distillers, DISTILLERS["sad"]]})
    outputs = losses(model.train(), make_batch(2))
    assert {"loss_esa_rows", "loss_esa_columns", "loss_sad"} <= outputs.keys()
    outputs["loss_esa_rows"].backward()
    assert model.head.classifier.weight.grad.abs().sum() > 0
    assert not model.head._forward_hooks


def test_deep_supervision_trains_with_the_rest(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    model_config["distiller"] = DISTILLERS["deep supervision"]
    model = build(model_config).train()
    outputs = losses(model, make_batch(2))
    assert "loss_deep_supervision" in outputs
    model.parse_losses(outputs)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name


RESNET_HEAD = dict(
    type=LaneSegmentationHead,
    num_lanes=4,
    seg_stage="layer4",
    classifier=dict(type=ConvClassifier),
    upsampling=8,
    existence_branch=dict(type=LogitsExistenceBranch),
)


def test_resnet_sad_trains(model_config: dict[str, Any], make_batch: Batch) -> None:
    model_config |= dict(
        backbone=dict(type=ResNet, weights=None),
        head=RESNET_HEAD,
        distiller=dict(
            type=SelfAttentionDistiller,
            paths=[("layer2", "layer3"), ("layer3", "layer4")],
            start=0.0,
        ),
    )
    model = build(model_config).train()
    outputs = losses(model, make_batch(2))
    assert {"loss_seg", "loss_iou", "loss_existence", "loss_sad"} <= outputs.keys()
    model.parse_losses(outputs)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


def test_pretrained_weights_are_loaded_when_training_begins(
    model_config: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "resnet18.pth"
    torch.manual_seed(1)
    reference = ResNet(weights=None).state_dict()
    torch.save(reference, path)
    model_config |= dict(
        backbone=dict(type=ResNet, weights=str(path)), head=RESNET_HEAD, distiller=None
    )
    model = build(model_config)
    assert not torch.equal(model.backbone.conv1.weight, reference["conv1.weight"])
    model.init_weights()  # what mmengine's Runner does
    for name, tensor in model.backbone.state_dict().items():
        assert torch.equal(tensor, reference[name]), name


def test_ready_config_of_torchvisions_network_trains(make_batch: Batch) -> None:
    config = Config.fromfile(REPOSITORY / "configs/sad/mobilenet_v3_sad_scenes.py")
    model_config = config.model.to_dict()
    model_config["view"]["input_shape"] = (32, 64)
    model_config["head"]["num_lanes"] = 4
    model_config["distiller"]["start"] = 0.0
    model = build(model_config).train()
    model.distiller.progress = 0.9
    outputs = losses(model, make_batch(2))
    assert outputs["loss_sad"] > 0
    model.parse_losses(outputs)[0].backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        pytest.param(
            "view.input_shape",
            (36, 64),
            "height 36 is not a multiple of 8. Use 32 or 40",
            id="size",
        ),
        pytest.param(
            "view.input_shape",
            (40, 64),
            r"multiple of 16 for the existence branch, got \(40, 64\)",
            id="existence size",
        ),
        pytest.param(
            "head.seg_stage",
            "layer4",
            r"The head reads the stage 'layer4'.*Its stages are \['E1', 'E2'",
            id="stage of the head",
        ),
        pytest.param(
            "head.existence_branch.stage",
            "E5",
            "The existence branch reads the stage 'E5'",
            id="stage of the existence branch",
        ),
        pytest.param(
            "distiller.paths",
            [("E3", "E5")],
            r"names stages \['E5'\] that the backbone does not have",
            id="stage of SAD",
        ),
        pytest.param(
            "distiller",
            dict(type=DeepSupervision, stages=["E5"]),
            r"DeepSupervision names stages \['E5'\] that the backbone does not have",
            id="stage of deep supervision",
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_when_built(
    model_config: dict[str, Any], place: str, value: Any, message: str
) -> None:
    *parents, key = place.split(".")
    part = model_config
    for parent in parents:
        part = part[parent]
    part[key] = value
    with pytest.raises(ValueError, match=message):
        build(model_config)


def test_the_view_and_the_backbone_decide_the_sizes_of_all_parts(
    model_config: dict[str, Any],
) -> None:
    model_config["view"]["input_shape"] = (64, 96)
    model_config["backbone"] = ENet(dropout=0.2)
    model_config["head"]["num_lanes"] = 3
    model_config["distiller"] = DeepSupervision(stages=["E1"])
    model = build(model_config)
    assert model.head.classifier.weight.shape[:2] == (16, 4)
    # Five maps of the stage at stride 8, pooled by two: 4x6 pixels.
    assert model.head.existence.classify[0].in_features == 5 * 4 * 6
    assert model.head.existence.reduce[0].in_channels == 128
    assert model.distiller.classifiers[0].weight.shape[:2] == (4, 64)


def test_prediction_fills_the_samples(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    model = build(model_config).eval()
    with torch.no_grad():  # certain of slot 1 in column 40, and of nothing else
        model.head.forward = lambda features: _certain_outputs(column=40)
    samples = model.test_step(make_batch(2))
    assert [sample.pred_slots for sample in samples] == [[1], [1]]
    # Twice as large an original: column 40 of the input is 2 * 40.5 - 0.5 there.
    assert abs(samples[0].pred_lanes[0][:, 0] - 80.5).max() < 1
    assert 0.3 < samples[0].pred_scores[0] <= 1


def _certain_outputs(column: int) -> Any:
    from lanedet.models.heads import SegmentationOutputs

    seg_logits = torch.zeros(2, 5, 32, 64)
    seg_logits[:, 0] = 20
    seg_logits[:, 2, :, column - 4 : column + 5] = 40
    existence_logits = torch.tensor([[-9.0, 9.0, -9.0, -9.0]]).expand(2, 4)
    return SegmentationOutputs(seg_logits, existence_logits)


def test_overfits_one_batch(model_config: dict[str, Any], make_batch: Batch) -> None:
    model = build(model_config).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    history = []
    for _ in range(30):
        total, _ = model.parse_losses(losses(model, make_batch(2)))
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        history.append(total.item())
    assert history[-1] < 0.3 * history[0]


def test_unknown_mode_and_missing_samples(model_config: dict[str, Any]) -> None:
    model = build(model_config)
    with pytest.raises(ValueError, match=r"mode must be 'tensor'.*got 'train'"):
        model(torch.zeros(1, 3, 32, 64), mode="train")
    with pytest.raises(ValueError, match="needs data_samples"):
        model(torch.zeros(1, 3, 32, 64), mode="predict")
