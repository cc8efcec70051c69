"""SAD as printed, as known ports have it, and as it trains, by name."""

from collections.abc import Callable
from typing import Any

from lanedet.models.distillation.attention import AttentionGenerator, choose
from lanedet.models.distillation.distiller import Distiller
from lanedet.models.distillation.label_regression import LabelRegression
from lanedet.models.distillation.sad import SelfAttentionDistiller


def _paper(**changes: Any) -> Distiller:
    return SelfAttentionDistiller(
        **{"attention": AttentionGenerator(energy_norm="none"), **changes}
    )


def _mean_reduced(**changes: Any) -> Distiller:
    as_released = {
        "paths": (("E1", "E2"), ("E2", "E3"), ("E3", "E4")),
        "attention": AttentionGenerator(energy_norm="none"),
        "reduction": "mean",
        "detach_target": False,
    }
    return SelfAttentionDistiller(**{**as_released, **changes})


SAD_PRESETS: dict[str, Callable[..., Distiller]] = {
    "standardized": SelfAttentionDistiller,
    "paper": _paper,
    "mean-reduced": _mean_reduced,
    "authors-lua": LabelRegression,
}


def sad_preset(name: str, **changes: Any) -> Distiller:
    """Return a distiller by name.

    * ``standardized``: what this project trains with, :class:`SelfAttentionDistiller`
      as it is.
    * ``paper``: Eq. (1) as printed, with raw energies.
    * ``mean-reduced``: the known PyTorch port
      (https://github.com/InhwanBae/ENet-SAD_Pytorch): raw energies, a mean over pixels,
      gradients into the targets too, and the path from E1 besides the paper's two.
    * ``authors-lua``: the authors' released code (:class:`LabelRegression`).

    In a config: ``distiller=dict(type=sad_preset, name="paper", weight=0.2)``.

    Args:
        name: Name of the preset.
        changes: Arguments of the preset's class to change.

    Raises:
        ValueError: If there is no such preset, or an argument is outside its range.
    """
    return choose(SAD_PRESETS, name, "name")(**changes)
