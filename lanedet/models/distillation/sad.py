r"""Self Attention Distillation (SAD).

Hou et al., "Learning Lightweight Lane Detection CNNs by Self Attention Distillation",
ICCV 2019, https://arxiv.org/abs/1908.00821, section 3.1. The attention maps
:math:`\Psi` are those of :mod:`lanedet.models.distillation.attention`. The loss of
Eq. (1) lets each stage mimic the next deeper one, whose map is the target and gets no
gradient:

.. math:: L_{distill} = \sum_m \| \Psi(A_m) - \Psi(A_{m+1}) \|^2_2

Two readings decide whether this trains anything at all:

* The squared differences are *summed* over pixels, never averaged, as the first author
  says (https://github.com/cardwing/Codes-for-Lane-Detection/issues/180). Both maps sum
  to 1, so a mean over the pixels of a 36x100 map divides a loss that is at most 2 by
  3,600.
* The energies must be normalised before the softmax: raw ones make it one-hot.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import torch
from mmengine.registry import MODELS
from torch import Tensor

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.attention import (
    AttentionGenerator,
    choose,
    entropy_share,
)
from lanedet.models.distillation.distiller import Distiller, entropy_name
from lanedet.structures import LaneSample


def squared_difference(log_attention: Tensor, log_target: Tensor) -> Tensor:
    """Return (Psi(A_m) - Psi(A_n))^2 of each pixel, Eq. (1).

    Args:
        log_attention: Logarithm of the maps that mimic, (B, h, w).
        log_target: Logarithm of the maps that are mimicked, same shape.
    """
    return (log_attention.exp() - log_target.exp()).square()


def kl_divergence(log_attention: Tensor, log_target: Tensor) -> Tensor:
    """Return each pixel's term of KL(target || attention). Not in the paper.

    Arguments as in :func:`squared_difference`. Summed over a map it is not negative
    and 0 only for equal maps.
    """
    return log_target.exp() * (log_target - log_attention)


def sum_over_pixels(terms: Tensor) -> Tensor:
    """Sum (B, h, w) over the pixels, average over the batch: Eq. (1)."""
    return terms.sum(dim=(1, 2)).mean()


def mean_over_pixels(terms: Tensor) -> Tensor:
    """Average (B, h, w) over batch and pixels, as ``nn.MSELoss`` does."""
    return terms.mean()


DIVERGENCES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "l2": squared_difference,
    "kl": kl_divergence,
}
REDUCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": sum_over_pixels,
    "mean": mean_over_pixels,
}


class SelfAttentionDistiller(Distiller):
    """Let stages mimic the attention of other stages while training.

    It has no parameters and takes no part in inference.

    Args:
        paths: (pupil, target) stage names: the pupil mimics the target. Any two
            stages, neighbours or not; a target shallower than its pupil is the paper's
            backward distillation. Where sizes differ, the target's energies are resized
            to the pupil's. The default is what the paper used, after the author's
            answer in
            https://github.com/cardwing/Codes-for-Lane-Detection/issues/150.
        attention: How features become attention maps; by default
            an :class:`AttentionGenerator` with its defaults. Or its config, in which
            ``type`` may be left out.
        divergence: ``"l2"``, Eq. (1), or ``"kl"``, KL(target || pupil).
        reduction: ``"sum"`` over pixels, Eq. (1), or ``"mean"``.
        detach_target: Whether targets get no gradient. In the paper they are targets.
        weight: Weight of the loss, gamma in Eq. (2).
        start: Share of training, in [0, 1), after which distillation begins: deep
            attention must mean something before it is worth mimicking. The paper
            starts at 40,000 of 60,000 iterations on CULane.
        ramp: Share of training, in [0, 1], over which the weight grows linearly from
            0 after ``start``. 0 switches it on at once.

    Raises:
        ValueError: If an argument is outside its range, or there is no path.
    """

    def __init__(
        self,
        *,
        paths: Sequence[tuple[str, str]] = (("E2", "E3"), ("E3", "E4")),
        attention: AttentionGenerator | dict[str, Any] | None = None,
        divergence: Literal["l2", "kl"] = "l2",
        reduction: Literal["sum", "mean"] = "sum",
        detach_target: bool = True,
        weight: float = 0.1,
        start: float = 2 / 3,
        ramp: float = 0.0,
    ) -> None:
        super().__init__(weight=weight, start=start, ramp=ramp)
        if not paths:
            raise ValueError("paths must name at least one (pupil, target) pair.")
        if any(isinstance(path, str) or len(path) != 2 for path in paths):
            raise ValueError(
                f"paths must be pairs (pupil, target) of stage names, got {paths!r}."
            )
        self.paths = [(pupil, target) for pupil, target in paths]
        for pupil, target in self.paths:
            if pupil == target:
                raise ValueError(f"A stage cannot mimic itself, got path {pupil!r}.")
        if isinstance(attention, dict):
            attention = cast(
                AttentionGenerator,
                MODELS.build({"type": AttentionGenerator, **attention}),
            )
        self.generator = attention or AttentionGenerator()
        self.divergence = choose(DIVERGENCES, divergence, "divergence")
        self.reduce = choose(REDUCTIONS, reduction, "reduction")
        self.detach_target = detach_target

    @property
    def stages(self) -> list[str]:
        """Names of the stages whose attention is used, in order of appearance."""
        return list(dict.fromkeys(stage for path in self.paths for stage in path))

    @property
    def pupils(self) -> list[str]:
        """Names of the stages that mimic another, in order of appearance."""
        return list(dict.fromkeys(pupil for pupil, _ in self.paths))

    def forward(
        self,
        features: StageFeatures,
        data_samples: Sequence[LaneSample] = (),  # noqa: ARG002
        outputs: Any = None,
    ) -> dict[str, Tensor]:
        """Return the terms to add to the training loss and the values to log.

        Args:
            features: Stage features of the backbone by name.
            data_samples: Not used: SAD needs no labels.
            outputs: Not used.

        Returns:
            ``loss_sad``, weighted, and for each stage ``attention_entropy_<stage>``,
            which is no loss. Empty while the weight is 0.

        Raises:
            ValueError: If a path names a stage that the backbone does not have.
        """
        self.check_stages(list(features))
        weight = self.current_weight()
        if weight == 0:
            return {}
        energies = {stage: self._energy(features, stage) for stage in self.stages}
        log_maps = {
            stage: self.generator.log_attention(energy)
            for stage, energy in energies.items()
        }
        terms = [
            self.reduce(
                self.divergence(
                    log_maps[pupil], self._target(target, energies, log_maps[pupil])
                )
            )
            for pupil, target in self.paths
        ]
        outputs = {"loss_sad": weight * torch.stack(terms).sum()}
        for stage, log_map in log_maps.items():
            outputs[entropy_name(stage)] = entropy_share(log_map)
        return outputs

    def _target(
        self, stage: str, energies: dict[str, Tensor], log_pupil: Tensor
    ) -> Tensor:
        height, width = log_pupil.shape[1:]
        log_map = self.generator.log_attention(energies[stage], (height, width))
        return log_map.detach() if self.detach_target else log_map

    def _energy(self, features: StageFeatures, stage: str) -> Tensor:
        feature = features[stage]
        if self.detach_target and stage not in self.pupils:
            return self.generator.energy(feature.detach())
        if self.monitor is not None:
            feature = self.monitor.tap(stage, feature)
        return self.generator.energy(feature)
