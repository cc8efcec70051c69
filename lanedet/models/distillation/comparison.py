"""What distillers really optimise: their losses and gradients on the same features."""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.distiller import Distiller, attention_entropies
from lanedet.structures import LaneSample


class DistillerReport(NamedTuple):
    """A distiller on one batch of features."""

    loss: float
    """Loss of the distiller, times its weight."""

    gradient_norms: dict[str, list[float]]
    """Norm of the gradient of each image's loss at the output of each stage. Only what
    the loss puts there itself, not what flows on from there to shallower stages."""

    entropies: dict[str, float]
    """Entropy of each stage's map as a share of its maximum; empty where the distiller
    makes no spatial distribution."""


def report_distiller(
    distiller: Distiller, features: StageFeatures, data_samples: Sequence[LaneSample]
) -> DistillerReport:
    """Return a distiller's loss, gradients and entropies.

    Args:
        distiller: As if it had started, with its full weight.
        features: Stage features by name; their own gradients are left alone.
        data_samples: With ``gt_class_map``, for what is trained on labels.
    """
    leaves = {
        stage: feature.detach().clone().requires_grad_()
        for stage, feature in features.items()
    }
    distiller.progress = 1.0
    outputs = distiller(leaves, data_samples)
    loss = torch.stack(
        [value for name, value in outputs.items() if name.startswith("loss_")]
    ).sum()
    stages = distiller.stages
    gradients = torch.autograd.grad(
        loss,
        [leaves[stage] for stage in stages],
        allow_unused=True,
        materialize_grads=True,
    )
    return DistillerReport(
        loss=float(loss.detach()),
        gradient_norms={
            # The loss is a mean over the batch: an image's own is so many times larger.
            stage: (gradient.flatten(1).norm(dim=1) * len(gradient)).tolist()
            for stage, gradient in zip(stages, gradients, strict=True)
        },
        entropies=attention_entropies(outputs),
    )
