from collections.abc import Callable
from typing import Any

import pytest
import torch
from mmengine.registry import MODELS

from lanedet.models import LaneDetector

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


def test_predictions_without_the_distiller_are_bit_identical(
    model_config: dict[str, Any],
) -> None:
    inputs = torch.randn(2, 3, 32, 64)
    with_sad = build(model_config).eval()
    without_sad = build({**model_config, "distiller": None}).eval()
    assert with_sad.state_dict().keys() == without_sad.state_dict().keys()
    without_sad.load_state_dict(with_sad.state_dict())
    for ours, theirs in zip(with_sad(inputs), without_sad(inputs), strict=True):
        assert torch.equal(ours, theirs)


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


def test_lane_count_that_differs_from_the_labels(
    model_config: dict[str, Any], make_batch: Batch
) -> None:
    model_config["head"]["num_lanes"] = 6
    with pytest.raises(ValueError, match="num_lanes=6, but the labels were made for 4"):
        losses(build(model_config).train(), make_batch(2))


def test_unknown_mode_and_missing_samples(model_config: dict[str, Any]) -> None:
    model = build(model_config)
    with pytest.raises(ValueError, match=r"mode must be 'tensor'.*got 'train'"):
        model(torch.zeros(1, 3, 32, 64), mode="train")
    with pytest.raises(ValueError, match="needs data_samples"):
        model(torch.zeros(1, 3, 32, 64), mode="predict")
