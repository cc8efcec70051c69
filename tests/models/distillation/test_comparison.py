"""The report of what a distiller optimises."""

import pytest
import torch

from lanedet.models import AttentionGenerator, SelfAttentionDistiller
from lanedet.models.distillation import report_distiller


def features() -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    return {stage: torch.randn(2, 4, 3, 5) for stage in ("E1", "E2", "E3")}


def test_gradients_are_those_of_each_image_alone() -> None:
    distiller = SelfAttentionDistiller(paths=[("E1", "E2"), ("E2", "E3")], start=0.9)
    together = report_distiller(distiller, features(), [])
    alone = [
        report_distiller(
            distiller, {stage: x[i : i + 1] for stage, x in features().items()}, []
        )
        for i in range(2)
    ]
    assert list(together.gradient_norms) == ["E1", "E2", "E3"]
    for stage, norms in together.gradient_norms.items():
        expected = [report.gradient_norms[stage][0] for report in alone]
        assert norms == pytest.approx(expected, rel=1e-4)
    assert together.loss == pytest.approx(sum(report.loss for report in alone) / 2)


def test_the_target_gets_nothing_and_the_features_are_left_alone() -> None:
    inputs = features()
    distiller = SelfAttentionDistiller(paths=[("E1", "E2")])
    report = report_distiller(distiller, inputs, [])
    assert min(report.gradient_norms["E1"]) > 0
    assert report.gradient_norms["E2"] == [0, 0]
    assert not any(x.requires_grad for x in inputs.values())


def test_entropies_are_those_of_the_distillers_own_maps() -> None:
    distiller = SelfAttentionDistiller(
        paths=[("E1", "E2")], attention=AttentionGenerator(temperature=1e6)
    )
    report = report_distiller(distiller, features(), [])
    assert report.entropies == pytest.approx({"E1": 1.0, "E2": 1.0})
