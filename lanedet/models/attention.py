"""Attention maps of a detector's stages, for looking at them."""

from collections.abc import Sequence

from torch import Tensor

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation import attention_energy


def encoder_stages(features: StageFeatures) -> list[str]:
    """Return the names of the encoder's stages, in order.

    An encoder never makes its features finer. The first stage that does begins the
    decoder, so any backbone is understood, whatever it calls its stages.

    Args:
        features: Output (B, C, h, w) of each stage, in the order of computation.

    Example:
        >>> import torch
        >>> sizes = {"E1": 8, "E2": 4, "E3": 4, "D1": 8}
        >>> encoder_stages({n: torch.zeros(1, 1, s, s) for n, s in sizes.items()})
        ['E1', 'E2', 'E3']
    """
    names: list[str] = []
    coarsest: int | None = None
    for name, feature in features.items():
        num_cells = feature.shape[-2] * feature.shape[-1]
        if coarsest is not None and num_cells > coarsest:
            break
        coarsest = num_cells
        names.append(name)
    return names


def stage_energies(
    features: StageFeatures, stages: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """Return the energy maps of stages, of which SAD makes its attention maps.

    Args:
        features: Output (B, C, h, w) of each stage by name.
        stages: Names of the stages wanted, in the order wanted. If not given, those
            of the encoder (:func:`encoder_stages`).

    Returns:
        (B, h, w) float32 by name, without gradient; see
        :func:`~lanedet.models.attention_energy`.

    Raises:
        ValueError: If there is no such stage.
    """
    names = encoder_stages(features) if stages is None else list(stages)
    unknown = [name for name in names if name not in features]
    if unknown or not names:
        raise ValueError(
            f"stages must name stages of the backbone, got {unknown or names}. "
            f"Its stages are {list(features)}."
        )
    return {name: attention_energy(features[name].detach()) for name in names}
