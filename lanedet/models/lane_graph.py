"""A trained detector as one graph: pictures in, what lanes are made of out."""

import torch
from torch import Tensor, nn

from lanedet.models.backbones import StageFeatures
from lanedet.models.heads import Readings
from lanedet.models.lane_detector import LaneDetector


class LaneGraph(nn.Module):
    """Normalise pictures, run a detector, and read its outputs.

    Args:
        detector: A fused one (:meth:`LaneDetector.fused`), in float32.
        raw: Whether whole maps are read where the head makes maps.
        half: Whether the network computes with float16; the detector's parts then do
            from now on. Pictures are normalised, and outputs read, in float32.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self, detector: LaneDetector, *, raw: bool = False, half: bool = False
    ) -> None:
        super().__init__()
        preprocessor = detector.data_preprocessor
        for name in ("mean", "std"):
            numbers = getattr(preprocessor, name).detach().flatten()
            self.register_buffer(name, numbers.clone(), persistent=False)
        self.backbone, self.neck, self.head = (
            detector.backbone,
            detector.neck,
            detector.head,
        )
        if half:
            for part in (self.backbone, self.neck, self.head):
                if part is not None:
                    part.half()
        self.dtype = torch.float16 if half else torch.float32
        self.reader = self.head.reader(raw=raw)

    def forward(self, images: Tensor, place: Tensor) -> Readings:
        """Return the readings of a batch, as the head's reader names them.

        Args:
            images: Network inputs (B, H, W, 3) uint8, RGB.
            place: (top, bottom, left, right) of the images in them, bottom and right
                exclusive, (4,) int64.
        """
        readings: Readings = self.reader(self.head(self.features(images)), place)
        return readings

    def features(self, images: Tensor) -> StageFeatures:
        """Return the stage features of network inputs, as :meth:`forward` takes them.

        They are those of the backbone and the neck.
        """
        features: StageFeatures = self.backbone(self.normalise(images))
        return features if self.neck is None else self.neck(features)

    def normalise(self, images: Tensor) -> Tensor:
        """Return what the backbone takes, (B, 3, H, W), channels last in memory.

        It is what the detector's own preprocessor does, bit for bit.

        Args:
            images: As :meth:`forward` takes them.
        """
        width = images.shape[2]
        # Rows of numbers, as PyTorch and others are slow with three to a pixel; and in
        # place, as memory takes longer to get than to fill.
        rows = images.float().flatten(2)
        rows.sub_(self.mean.repeat(width)).div_(self.std.repeat(width))
        # Cast first: only a permutation that is the last step can be undone for free.
        return rows.to(self.dtype).unflatten(2, (-1, 3)).permute(0, 3, 1, 2)
