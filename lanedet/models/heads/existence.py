"""Branches that say which lane slots hold a lane."""

from abc import ABC, abstractmethod
from typing import cast

from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.models.backbones import StageFeatures
from lanedet.ops import MAX_INPUT_SIDE, MAX_LANES, check_count


class ExistencePredictor(nn.Module, ABC):
    """Pool a map of class probabilities and classify it as a whole (SCNN, SAD's P1).

    A head builds it, and knows the number of lanes, the size of the network input and
    the channels of the stage that it names.

    Args:
        num_classes: Channels of the map that :meth:`logits` returns.
        input_shape: (H, W) of the network input.
        num_lanes: Number of slots K.
        stride: Ratio of the network input's size to the map's.

    Raises:
        ValueError: If ``input_shape`` is not a multiple of twice the stride, or
            ``num_lanes`` is not in [1, 255].
    """

    def __init__(
        self,
        *,
        num_classes: int,
        input_shape: tuple[int, int],
        num_lanes: int,
        stride: int,
    ) -> None:
        super().__init__()
        check_count("stride", stride, MAX_INPUT_SIDE)
        check_count("num_lanes", num_lanes, MAX_LANES)
        height, width = input_shape
        if height % (2 * stride) or width % (2 * stride):
            raise ValueError(
                f"input_shape must be a multiple of {2 * stride} for the existence "
                f"branch, got {tuple(input_shape)}."
            )
        pooled_pixels = (height // (2 * stride)) * (width // (2 * stride))
        self.classify = nn.Sequential(
            nn.Linear(num_classes * pooled_pixels, 128),
            nn.ReLU(),
            nn.Linear(128, num_lanes),
        )

    @abstractmethod
    def logits(self, features: StageFeatures, class_logits: Tensor) -> Tensor:
        """Return the map to pool, (B, num_classes, H / stride, W / stride)."""

    def forward(self, features: StageFeatures, class_logits: Tensor) -> Tensor:
        """Return existence logits (B, K).

        Args:
            features: Stage features of the backbone.
            class_logits: What the head's classifier returned, (B, K + 1, h, w).
        """
        maps = F.avg_pool2d(self.logits(features, class_logits).softmax(dim=1), 2)
        return cast(Tensor, self.classify(maps.flatten(1)))


class ExistenceBranch(ExistencePredictor):
    """Read a stage of the backbone (P1 in SAD's Fig. 3).

    The layers are those of the SAD authors' ``Lane_exist`` in
    https://github.com/cardwing/Codes-for-Lane-Detection (ERFNet-CULane-PyTorch), with
    SCNN's average pooling, and logits instead of a sigmoid that the loss repeats.

    Args:
        stage: Name of the stage.
        in_channels: Its channels.
        input_shape: (H, W) of the network input, multiples of twice the stride.
        num_lanes: Number of slots K.
        stride: Ratio of the network input's size to the stage's.
        dropout: Probability of dropping a channel.

    Raises:
        ValueError: If ``input_shape`` is not a multiple of twice the stride.
    """

    def __init__(
        self,
        *,
        stage: str,
        in_channels: int,
        input_shape: tuple[int, int],
        num_lanes: int,
        stride: int = 8,
        dropout: float = 0.1,
    ) -> None:
        super().__init__(
            num_classes=5,
            input_shape=input_shape,
            num_lanes=num_lanes,
            stride=stride,
        )
        self.stage = stage
        self.reduce = nn.Sequential(
            nn.Conv2d(in_channels, 32, 3, padding=4, dilation=4, bias=False),
            nn.BatchNorm2d(32),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(32, 5, 1),
        )

    def logits(self, features: StageFeatures, class_logits: Tensor) -> Tensor:  # noqa: ARG002
        """Return five maps of the stage, (B, 5, h, w)."""
        return cast(Tensor, self.reduce(features[self.stage]))


class LogitsExistenceBranch(ExistencePredictor):
    """Read the classes of the pixels, before they are enlarged (SCNN).

    https://arxiv.org/abs/1712.06080, as in https://github.com/XingangPan/SCNN.

    Args:
        input_shape: (H, W) of the network input, multiples of twice the stride.
        num_lanes: Number of slots K.
        stride: Ratio of the network input's size to the classifier's output.

    Raises:
        ValueError: If ``input_shape`` is not a multiple of twice the stride.
    """

    def __init__(
        self, *, input_shape: tuple[int, int], num_lanes: int, stride: int = 8
    ) -> None:
        super().__init__(
            num_classes=num_lanes + 1,
            input_shape=input_shape,
            num_lanes=num_lanes,
            stride=stride,
        )

    def logits(self, features: StageFeatures, class_logits: Tensor) -> Tensor:  # noqa: ARG002
        """Return the classifier's output, (B, K + 1, h, w)."""
        return class_logits
