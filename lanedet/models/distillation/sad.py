r"""Self Attention Distillation (SAD).

Hou et al., "Learning Lightweight Lane Detection CNNs by Self Attention Distillation",
ICCV 2019, https://arxiv.org/abs/1908.00821, section 3.1.

A stage's features A become an attention map in two steps. The *energy* of a pixel is
the sum of squares over channels, :math:`G^2_{sum}(A) = \sum_i |A_i|^2`. A softmax over
all pixels then makes a distribution of it:

.. math:: \Psi(A) = \Phi(B(G^2_{sum}(A)))

with B a bilinear resize where two stages differ in size. The loss of Eq. (1) lets each
stage mimic the next deeper one, whose map is the target and gets no gradient:

.. math:: L_{distill} = \sum_m \| \Psi(A_m) - \Psi(A_{m+1}) \|^2_2

Two readings decide whether this trains anything at all:

* The squared differences are *summed* over pixels, never averaged. Both maps sum to 1,
  so a mean over the pixels of a 36x100 map divides a loss that is at most 2 by 3,600.
* Raw energies make the softmax one-hot: at initialisation an ENet's energies spread
  over thousands, the entropy of the map is 0 and so is its gradient, exactly. By
  default each map's energies are therefore standardised first. ``energy_norm="none"``
  is the formula as printed.
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures


def attention_energy(features: Tensor) -> Tensor:
    """Return the energy of each pixel, G^2_sum, the paper's choice.

    Args:
        features: Output of a stage, (B, C, h, w).

    Returns:
        Sum of squares over channels, (B, h, w), float32 also under autocast: sums of
        128 squares leave the range of float16.
    """
    with torch.autocast(features.device.type, enabled=False):
        return features.float().square().sum(dim=1)


def raw_energy(energy: Tensor) -> Tensor:
    """Leave energies (B, h, w) as they are: the formula as printed."""
    return energy


def standardize_energy(energy: Tensor) -> Tensor:
    """Give each map of energies (B, h, w) zero mean and unit variance."""
    flat = energy.flatten(1)
    deviation, mean = torch.std_mean(flat, dim=1, correction=0, keepdim=True)
    # A constant map has no attention to mimic: it becomes 0 instead of 0 / 0.
    return ((flat - mean) / deviation.clamp_min(1e-6)).view_as(energy)


ENERGY_NORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "standardize": standardize_energy,
    "none": raw_energy,
}


def spatial_softmax(energy: Tensor) -> Tensor:
    """Return maps (B, h, w) that are positive and sum to 1 over h and w, float32."""
    with torch.autocast(energy.device.type, enabled=False):
        return energy.float().flatten(1).softmax(dim=1).view_as(energy)


def sad_loss(attention: Tensor, target: Tensor) -> Tensor:
    """Return the squared distance of two attention maps, Eq. (1).

    Args:
        attention: Maps of the shallower stage, (B, h, w), each summing to 1.
        target: Maps of the deeper stage, same shape. Gets no gradient.

    Returns:
        Scalar in [0, 2]: summed over pixels, averaged over the batch.
    """
    return (attention - target.detach()).square().sum(dim=(1, 2)).mean()


def entropy_share(attention: Tensor) -> Tensor:
    """Return the mean entropy of maps (B, h, w) as a share of its maximum, ln(hw).

    1 is a uniform map, 0 a one-hot one. A softmax at entropy 0 has no gradient.
    """
    log_max = math.log(attention.shape[1] * attention.shape[2])
    return torch.special.entr(attention.detach()).sum(dim=(1, 2)).mean() / log_max


class SelfAttentionDistiller(nn.Module):
    """Let stages mimic the attention of deeper stages while training.

    It has no parameters and takes no part in inference. The training loop tells it
    how far training is (:attr:`progress`), which decides the weight of its loss.

    Args:
        paths: (shallower, deeper) stage names. The default is what the paper used,
            after the author's answer in
            https://github.com/cardwing/Codes-for-Lane-Detection/issues/150.
        weight: Weight of the loss, gamma in Eq. (2).
        start: Share of training, in [0, 1), after which distillation begins: deep
            attention must mean something before it is worth mimicking. The paper
            starts at 40,000 of 60,000 iterations on CULane.
        ramp: Share of training, in [0, 1], over which the weight grows linearly from
            0 after ``start``. 0 switches it on at once.
        energy_norm: ``"standardize"``, or ``"none"`` for the formula as printed, which
            trains nothing (see the module's docstring).

    Raises:
        ValueError: If an argument is outside its range or there is no path.
    """

    def __init__(
        self,
        *,
        paths: Sequence[tuple[str, str]] = (("E2", "E3"), ("E3", "E4")),
        weight: float = 0.1,
        start: float = 2 / 3,
        ramp: float = 0.0,
        energy_norm: str = "standardize",
    ) -> None:
        super().__init__()
        if not paths:
            raise ValueError("paths must name at least one (shallower, deeper) pair.")
        if not weight > 0:
            raise ValueError(
                f"weight must be positive, got {weight}. "
                "For a model without SAD set distiller=None."
            )
        if not 0 <= start < 1 or not 0 <= ramp <= 1:
            raise ValueError(
                "start must lie in [0, 1) and ramp in [0, 1] (shares of training), "
                f"got {start} and {ramp}."
            )
        if energy_norm not in ENERGY_NORMS:
            raise ValueError(
                f"energy_norm must be one of {sorted(ENERGY_NORMS)}, "
                f"got {energy_norm!r}."
            )
        self.paths = [(shallow, deep) for shallow, deep in paths]
        self.weight = weight
        self.start = start
        self.ramp = ramp
        self.normalize_energy = ENERGY_NORMS[energy_norm]
        self.progress = 0.0
        self.monitor: GradientMonitor | None = None

    @property
    def stages(self) -> list[str]:
        """Names of the stages whose attention is used, in order of appearance."""
        return list(dict.fromkeys(stage for path in self.paths for stage in path))

    def current_weight(self) -> float:
        """Return the weight of the loss at the present :attr:`progress`."""
        if self.progress < self.start:
            return 0.0
        if self.ramp == 0:
            return self.weight
        return self.weight * min(1.0, (self.progress - self.start) / self.ramp)

    def forward(self, features: StageFeatures) -> dict[str, Tensor]:
        """Return the terms to add to the training loss and the values to log.

        Args:
            features: Stage features of the backbone by name.

        Returns:
            ``loss_sad``, weighted, and for each stage ``attention_entropy_<stage>``,
            which is no loss. Empty while the weight is 0.

        Raises:
            ValueError: If a path names a stage that the backbone does not have.
        """
        missing = [stage for stage in self.stages if stage not in features]
        if missing:
            raise ValueError(
                f"SAD paths name stages {missing} that the backbone does not have. "
                f"Its stages are {list(features)}."
            )
        weight = self.current_weight()
        if weight == 0:
            return {}
        energies = {stage: self._energy(features, stage) for stage in self.stages}
        maps = {stage: self.attention(energies[stage]) for stage in self.stages}
        terms = []
        for shallow, deep in self.paths:
            target = maps[deep]
            if target.shape != maps[shallow].shape:
                target = self.attention(_resize(energies[deep], maps[shallow].shape))
            terms.append(sad_loss(maps[shallow], target))
        outputs = {"loss_sad": weight * torch.stack(terms).sum()}
        for stage in self.stages:
            outputs[f"attention_entropy_{stage}"] = entropy_share(maps[stage])
        return outputs

    def attention(self, energy: Tensor) -> Tensor:
        """Return attention maps (B, h, w), float32, of energies (B, h, w)."""
        return spatial_softmax(self.normalize_energy(energy))

    def _energy(self, features: StageFeatures, stage: str) -> Tensor:
        feature = features[stage]
        if all(stage != shallow for shallow, _ in self.paths):
            return attention_energy(feature.detach())  # only ever a target
        if self.monitor is not None:
            feature = self.monitor.tap(stage, feature)
        return attention_energy(feature)


def _resize(energy: Tensor, shape: torch.Size) -> Tensor:
    """Resize energies (B, h, w) to the last two of ``shape``, bilinear."""
    return F.interpolate(
        energy[:, None], shape[-2:], mode="bilinear", align_corners=False
    )[:, 0]


class GradientMonitor:
    """Compare SAD's gradient with the others' at the stages it acts on.

    SAD reads a stage through a view of its own, so during the one ordinary backward
    pass the gradient at the view is that of the stage's own SAD path, and the rest of
    the gradient at the stage belongs to the losses behind it. No second backward pass
    is needed. The price: at a stage before others that SAD acts on, the rest holds
    what their paths send back. At the weights in use this is small (0.18 was seen at
    E2 where full separation gives 0.22); where SAD outweighs the other losses many
    times, the share at such a stage is too small but still over 1.
    """

    def __init__(self) -> None:
        self._sad: dict[str, Tensor] = {}
        self._rest: dict[str, Tensor] = {}

    def tap(self, stage: str, features: Tensor) -> Tensor:
        """Return ``features`` (B, C, h, w) as a view whose gradient is watched."""
        if not features.requires_grad:
            return features
        view = features.view_as(features)

        def keep_sad(gradient: Tensor) -> None:
            self._sad[stage] = gradient.detach().float()

        def keep_rest(gradient: Tensor) -> None:
            self._rest[stage] = (gradient.detach().float() - self._sad[stage]).norm()

        view.register_hook(keep_sad)
        features.register_hook(keep_rest)
        return view

    def shares(self) -> dict[str, float]:
        """Return |gradient of SAD's path| / |rest of the gradient| by stage.

        Empty before a backward pass. The numbers are forgotten once returned.
        """
        shares = {}
        for stage, rest in self._rest.items():
            sad_norm = float(self._sad[stage].norm())
            shares[stage] = sad_norm / max(float(rest), torch.finfo(torch.float32).tiny)
        self._sad.clear()
        self._rest.clear()
        return shares
