"""A trained detector as one graph: pictures in, what lanes are made of out."""

import torch
from torch import Tensor, nn

from lanedet.models.heads import Readings
from lanedet.models.lane_detector import LaneDetector


class LaneGraph(nn.Module):
    """Normalise pictures, run a detector, and read its outputs.

    Args:
        detector: A fused one (:meth:`LaneDetector.fused`), in float32 or in float16.
        raw: Whether whole maps are read where the head makes maps.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, detector: LaneDetector, *, raw: bool = False) -> None:
        super().__init__()
        preprocessor = detector.data_preprocessor
        for name in ("mean", "std"):
            numbers = getattr(preprocessor, name).detach().float().flatten()
            self.register_buffer(name, numbers.clone(), persistent=False)
        self.backbone, self.neck, self.head = (
            detector.backbone,
            detector.neck,
            detector.head,
        )
        self.reader = self.head.reader(raw=raw)
        self.dtype: torch.dtype = next(detector.parameters()).dtype

    def forward(self, images: Tensor, place: Tensor) -> Readings:
        """Return the readings of a batch, as the head's reader names them.

        Args:
            images: Network inputs (B, H, W, 3) uint8, RGB.
            place: (top, bottom, left, right) of the images in them, bottom and right
                exclusive, (4,) int64.
        """
        width = images.shape[2]
        # Rows of numbers, as runtimes are slow with three to a pixel.
        rows = images.float().flatten(2)
        rows = (rows - self.mean.repeat(width)) / self.std.repeat(width)
        inputs = rows.unflatten(2, (-1, 3)).permute(0, 3, 1, 2).to(self.dtype)
        features = self.backbone(inputs)
        if self.neck is not None:
            features = self.neck(features)
        readings: Readings = self.reader(self.head(features), place)
        return readings
