r"""AT-GEN, the attention generator of Self Attention Distillation.

Hou et al., "Learning Lightweight Lane Detection CNNs by Self Attention Distillation",
ICCV 2019, https://arxiv.org/abs/1908.00821, section 3.1 and Fig. 3.

A stage's features A, (B, C, h, w), become an attention map in two steps. A *mapping
function* G turns the channels of a pixel into its *energy*; the paper names three,

.. math:: G_{sum} = \sum_i |A_i|, \quad G_{sum}^p = \sum_i |A_i|^p, \quad
          G_{max}^p = \max_i |A_i|^p,

and chooses the second with p = 2. A softmax :math:`\Phi` over all pixels then makes a
distribution of the energies. Where two stages differ in size, the energies of one are
resized bilinearly, B, before the softmax:

.. math:: \Psi(A) = \Phi(B(G^2_{sum}(A))).

As printed this does not work: the energies of an ENet spread over thousands, so the
softmax is one-hot. Its gradient is then zero, but in the few images where two pixels
have nearly the largest energy it is large (docs/sad.md has the numbers). What stands
between energy and softmax here, none of it in the paper, is the *energy norm* and the
*temperature*.
"""

import math
from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

import torch
from torch import Tensor
from torch.nn import functional as F

_Choice = TypeVar("_Choice")


def _sum(powers: Tensor) -> Tensor:
    return powers.sum(dim=1)


def _mean(powers: Tensor) -> Tensor:
    return powers.mean(dim=1)


def _max(powers: Tensor) -> Tensor:
    return powers.amax(dim=1)


def raw_energy(energy: Tensor) -> Tensor:
    """Leave energies (B, h, w) as they are: the formula as printed."""
    return energy


def standardize_energy(energy: Tensor) -> Tensor:
    """Give each map of energies (B, h, w) zero mean and unit variance."""
    flat = energy.flatten(1)
    deviation, mean = torch.std_mean(flat, dim=1, correction=0, keepdim=True)
    # A constant map has no attention: it becomes 0, without a gradient, and what it
    # differs by is rounding, which must not be blown up.
    is_constant = deviation <= 1e-6 * mean.abs()
    normalized = (flat - mean) / deviation.masked_fill(is_constant, 1.0)
    return normalized.masked_fill(is_constant, 0.0).view_as(energy)


MAPPINGS: dict[str, Callable[[Tensor], Tensor]] = {
    "sum": _sum,
    "mean": _mean,
    "max": _max,
}
"""Reductions of |A_i|^p over its channels: (B, C, h, w) to (B, h, w)."""

ENERGY_NORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "standardize": standardize_energy,
    "none": raw_energy,
}


def choose(table: Mapping[str, _Choice], name: str, argument: str) -> _Choice:
    """Return an entry of a table; raise ValueError that lists them if there is none."""
    if name not in table:
        raise ValueError(f"{argument} must be one of {sorted(table)}, got {name!r}.")
    return table[name]


class AttentionGenerator:
    """Features to energies, energies to attention maps.

    Args:
        mapping: ``"sum"`` for G_sum and G_sum^p, ``"max"`` for G_max^p, ``"mean"`` for
            G_sum^p divided by the number of channels (not in the paper).
        power: Exponent p, at least 1. 1 with ``"sum"`` is the paper's G_sum. Below 1
            its gradient is not finite where a feature is 0.
        energy_norm: ``"standardize"`` gives the energies of each map zero mean and unit
            variance; ``"none"`` is the formula as printed.
        temperature: Divides the normalised energies, positive. Larger is softer.

    Raises:
        ValueError: If an argument is outside its range.
    """

    def __init__(
        self,
        *,
        mapping: Literal["sum", "mean", "max"] = "sum",
        power: float = 2.0,
        energy_norm: Literal["standardize", "none"] = "standardize",
        temperature: float = 1.0,
    ) -> None:
        if not power >= 1:
            raise ValueError(f"power must be at least 1, got {power}.")
        if not temperature > 0:
            raise ValueError(f"temperature must be positive, got {temperature}.")
        self.map_channels = choose(MAPPINGS, mapping, "mapping")
        self.normalize = choose(ENERGY_NORMS, energy_norm, "energy_norm")
        self.power = power
        self.temperature = temperature

    def energy(self, features: Tensor) -> Tensor:
        """Return the energy of each pixel, G(A).

        Args:
            features: Output of a stage, (B, C, h, w).

        Returns:
            (B, h, w), not negative, float32 also under autocast: sums of 128 squares
            leave the range of float16.
        """
        with torch.autocast(features.device.type, enabled=False):
            return self.map_channels(features.float().abs().pow(self.power))

    def log_attention(
        self, energy: Tensor, shape: tuple[int, int] | None = None
    ) -> Tensor:
        """Return the logarithm of the attention maps.

        Args:
            energy: (B, h, w).
            shape: Size (h, w) to resize the energies to, before all else.

        Returns:
            (B, h, w), float32; its exponential sums to 1 over h and w.
        """
        with torch.autocast(energy.device.type, enabled=False):
            energy = energy.float()
            if shape is not None and shape != tuple(energy.shape[1:]):
                energy = F.interpolate(
                    energy[:, None], shape, mode="bilinear", align_corners=False
                )[:, 0]
            logits = self.normalize(energy) / self.temperature
            return logits.flatten(1).log_softmax(dim=1).view_as(logits)

    def attention(self, features: Tensor) -> Tensor:
        """Return the attention maps Psi(A), (B, h, w), of features (B, C, h, w)."""
        return self.log_attention(self.energy(features)).exp()


def attention_energy(features: Tensor) -> Tensor:
    """Return G^2_sum of features (B, C, h, w), the paper's choice: (B, h, w)."""
    return AttentionGenerator().energy(features)


def entropy_share(log_attention: Tensor) -> Tensor:
    """Return the mean entropy of maps as a share of its maximum, ln(hw).

    1 is a uniform map, 0 a one-hot one. A softmax at entropy 0 has no gradient.

    Args:
        log_attention: Logarithm of the maps, (B, h, w).

    Returns:
        Scalar in [0, 1], detached.
    """
    log_maps = log_attention.detach()
    entropy = -(log_maps.exp() * log_maps).sum(dim=(1, 2)).mean()
    return entropy / math.log(log_maps.shape[1] * log_maps.shape[2])
