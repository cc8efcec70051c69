"""How strong SAD's gradient is beside that of the other losses."""

import math

import torch
from torch import Tensor


class GradientMonitor:
    """Compare SAD's gradient with the others' at the stages it acts on.

    SAD reads a stage through a view of its own, so during the one ordinary backward
    pass the gradient at the view is that of the stage's own SAD path, and the rest of
    the gradient at the stage belongs to the losses behind it. No second backward pass
    is needed. The price: at a stage before others that SAD acts on, the rest holds
    what their paths send back. At the weights in use this is small. Where SAD
    outweighs the other losses many times, the share at such a stage is too small but
    still over 1.
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
        """Return by stage the norm of SAD's own gradient over that of the rest.

        Empty before a backward pass. Stages whose gradients are not finite, which is
        normal under mixed precision now and then, are left out. The numbers are
        forgotten once returned.
        """
        shares = {}
        for stage, rest in self._rest.items():
            sad_norm, rest_norm = float(self._sad[stage].norm()), float(rest)
            if math.isfinite(sad_norm) and math.isfinite(rest_norm):
                tiny = torch.finfo(torch.float32).tiny
                shares[stage] = sad_norm / max(rest_norm, tiny)
        self._sad.clear()
        self._rest.clear()
        return shares
