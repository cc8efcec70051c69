"""What may stand in a detector's ``distiller``: losses on stages, while training."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from lanedet.models.backbones import StageFeatures
from lanedet.models.distillation.gradient_monitor import GradientMonitor
from lanedet.structures import LaneSample

_ENTROPY = "attention_entropy_"


class Distiller(nn.Module, ABC):
    """Add terms on the backbone's stages to the training loss, on a schedule.

    It takes no part in inference. The training loop tells it how far training is
    (:attr:`progress`), which decides the weight of its loss.

    Args:
        weight: Weight of the loss, positive.
        start: Share of training, in [0, 1), after which the loss is added.
        ramp: Share of training, in [0, 1], over which the weight grows linearly from
            0 after ``start``. 0 switches it on at once.

    Attributes:
        progress: How far training is, in [0, 1].
        monitor: Measures the share of the gradient at the stages that the distiller
            taps with it, None where nobody wants to know. One whose gradient may be too
            small or too large taps what it reads.

    Raises:
        ValueError: If an argument is outside its range.
    """

    def __init__(self, *, weight: float, start: float, ramp: float = 0.0) -> None:
        super().__init__()
        if not weight > 0:
            raise ValueError(
                f"weight must be positive, got {weight}. "
                "For a model without distillation set distiller=None."
            )
        if not 0 <= start < 1 or not 0 <= ramp <= 1:
            raise ValueError(
                "start must lie in [0, 1) and ramp in [0, 1] (shares of training), "
                f"got {start} and {ramp}."
            )
        self.weight = weight
        self.start = start
        self.ramp = ramp
        self.progress = 0.0
        self.monitor: GradientMonitor | None = None

    has_parameters: bool = False
    """Whether it has parameters of its own, once it is attached."""

    reads_outputs: bool = False
    """Whether it reads what the head returned, beside the stages."""

    @property
    @abstractmethod
    def stages(self) -> list[str]:
        """Names of the stages that are read, each once."""

    def attach(
        self,
        stage_channels: Mapping[str, int],
        num_lanes: int,  # noqa: ARG002
        input_shape: tuple[int, int],  # noqa: ARG002
    ) -> None:
        """Learn what network it trains; a detector calls it once.

        Args:
            stage_channels: Channels of the backbone's stages by name.
            num_lanes: Number of slots K of the labels.
            input_shape: (H, W) of the network input.

        Raises:
            ValueError: If a stage is read that the backbone does not have.
        """
        self.check_stages(list(stage_channels))

    @abstractmethod
    def forward(
        self,
        features: StageFeatures,
        data_samples: Sequence[LaneSample] = (),
        outputs: Any = None,
    ) -> dict[str, Tensor]:
        """Return the terms to add to the loss (``loss_*``) and values to log.

        Args:
            features: Stage features of the backbone by name.
            data_samples: The batch's labels, for terms that need them.
            outputs: What the head returned, where it is read
                (:attr:`reads_outputs`).
        """

    def current_weight(self) -> float:
        """Return the weight of the loss at the present :attr:`progress`."""
        if self.progress < self.start:
            return 0.0
        if self.ramp == 0:
            return self.weight
        return self.weight * min(1.0, (self.progress - self.start) / self.ramp)

    def check_stages(self, available: Sequence[str]) -> None:
        """Raise ValueError if a stage is read that the backbone does not have."""
        missing = [stage for stage in self.stages if stage not in available]
        if missing:
            raise ValueError(
                f"{type(self).__name__} names stages {missing} that the backbone does "
                f"not have. Its stages are {list(available)}."
            )


def entropy_name(stage: str) -> str:
    """Return the name under which the entropy of a stage's attention is logged."""
    return f"{_ENTROPY}{stage}"


def attention_entropies(outputs: Mapping[str, Tensor]) -> dict[str, float]:
    """Return the entropies of attention maps by stage, as shares of the largest.

    Args:
        outputs: What a distiller returned, perhaps among other values. Empty without
            maps.
    """
    return {
        name.removeprefix(_ENTROPY): float(value)
        for name, value in outputs.items()
        if name.startswith(_ENTROPY)
    }
