"""The lane detector: backbone, head and, while training, a distiller."""

import copy
from collections.abc import Callable, Sequence
from typing import Any, Self

import torch
from mmengine.model import BaseModel, ImgDataPreprocessor
from mmengine.registry import MODELS
from torch import Tensor, nn

from lanedet.models.backbones import LaneBackbone, StageFeatures
from lanedet.models.distillation import Distiller
from lanedet.models.fuse import fuse
from lanedet.models.heads import LaneHead
from lanedet.ops import ViewTransform
from lanedet.structures import LaneSample

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
_MAX_NORMALISATION = 10_000  # far from what moves pixels in [0, 255] to about [-3, 3]

Part = dict[str, Any] | nn.Module


class LaneDetector(BaseModel):
    """Compose a backbone, a head and an optional distiller.

    The distiller adds terms to the training loss. Prediction never touches it, so a
    detector predicts the same, bit for bit, with it and without it.

    Args:
        backbone: Module or config: images (B, 3, H, W) to stage features by name.
        head: :class:`~lanedet.models.heads.LaneHead` or config.
        view: Config of the view, for example
            ``dict(type=LetterboxView, input_shape=(192, 320))``: how an image of any
            size becomes the network input.
        distiller: :class:`~lanedet.models.distillation.Distiller` or config, or None
            for training without one.
        mean: Mean of R, G and B in [0, 255], subtracted from the input. In
            [-10,000, 10,000].
        std: Standard deviation of R, G and B in [0, 255], divides the input. In
            [1/10,000, 10,000].

    Raises:
        ValueError: If the parts do not fit together: the backbone or the head cannot
            take the view's inputs, or a stage is read that is not there or has another
            number of channels. Parts that are no :class:`LaneBackbone`,
            :class:`LaneHead` or :class:`Distiller` are not judged. Or if ``mean`` or
            ``std`` is out of range: then all images would look alike, or be NaN.
    """

    def __init__(
        self,
        *,
        backbone: Part,
        head: Part,
        view: dict[str, Any] | Callable[[tuple[int, int]], ViewTransform],
        distiller: Part | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        with torch.device("cpu"):  # its numbers are in no file: they must be there
            preprocessor = ImgDataPreprocessor(mean=mean, std=std)
        _check_normalisation(preprocessor)
        super().__init__(data_preprocessor=preprocessor)
        self.backbone = _built(backbone)
        self.head = _built(head)
        self.view: Callable[[tuple[int, int]], ViewTransform] = _built(view)
        self.distiller = None if distiller is None else _built(distiller)
        self._check_parts()
        # Once the weights have their channels last, so have all activations behind
        # them. Tensor cores want it, and a CPU gains too.
        self.to(memory_format=torch.channels_last)

    def _check_parts(self) -> None:
        input_shape = getattr(self.view, "input_shape", None)
        if input_shape is not None:
            if isinstance(self.backbone, LaneBackbone):
                self.backbone.check_size(input_shape)
            if isinstance(self.head, LaneHead):
                self.head.check_input_shape(input_shape)
        if not isinstance(self.backbone, LaneBackbone):
            return
        if isinstance(self.head, LaneHead):
            self.backbone.check_channels(self.head.stages, "The head")
        if isinstance(self.distiller, Distiller):
            self.distiller.check_stages(list(self.backbone.stage_channels))
            self.backbone.check_channels(
                self.distiller.stage_channels, type(self.distiller).__name__
            )

    def extract_features(self, inputs: Tensor) -> StageFeatures:
        """Map normalised images (B, 3, H, W) to stage features."""
        features: StageFeatures = self.backbone(inputs)
        return features

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[LaneSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Run the network (the contract of mmengine's ``BaseModel``).

        Args:
            inputs: Normalised images, (B, 3, H, W).
            data_samples: One for each image; not needed in mode ``tensor``.
            mode: ``tensor`` for the head's raw outputs, ``loss`` for a dict of
                training losses, ``predict`` for the samples with predicted lanes.

        Raises:
            ValueError: If ``mode`` is none of these or needs samples and gets none.
        """
        if mode == "tensor":
            return self.head(self.extract_features(inputs))
        if mode not in ("loss", "predict"):
            raise ValueError(
                f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}."
            )
        if data_samples is None:
            raise ValueError(f"Mode {mode!r} needs data_samples.")
        if mode == "predict":
            return self.head.predict(self.extract_features(inputs), data_samples)
        return self.loss(inputs, data_samples)

    def loss(
        self, inputs: Tensor, data_samples: Sequence[LaneSample]
    ) -> dict[str, Tensor]:
        """Return the head's losses and the distiller's."""
        features = self.extract_features(inputs)
        distilled: dict[str, Tensor] = {}
        if self.distiller is not None:
            distilled = self.distiller(features, data_samples)
        losses: dict[str, Tensor] = self.head.loss(features, data_samples)
        return losses | distilled

    def fused(self) -> Self:
        """Return a detector that finds the same lanes in less time.

        Batch normalisations are folded into the convolutions before them, in the head
        and in a backbone that knows how. The outputs of the stages stay the same too,
        up to the rounding of floats.

        Returns:
            A detector of its own memory, without a distiller, in evaluation mode. It
            cannot be trained, and its tensors have other names than this one's.
        """
        fused = copy.deepcopy(self)
        fused.distiller = None
        fused.eval().requires_grad_(False)
        if isinstance(fused.backbone, LaneBackbone):
            fused.backbone = fused.backbone.fuse()
        fused.head = fuse(fused.head)
        return fused.to(memory_format=torch.channels_last)


def _check_normalisation(preprocessor: ImgDataPreprocessor) -> None:
    """Raise ValueError unless pixels in [0, 255] become numbers to compute with."""
    mean = preprocessor.mean.flatten().tolist()
    std = preprocessor.std.flatten().tolist()
    largest = _MAX_NORMALISATION
    if (
        len(mean) != 3
        or len(std) != 3
        or not all(abs(value) <= largest for value in mean)
        or not all(1 / largest <= value <= largest for value in std)
    ):
        raise ValueError(
            f"mean and std must be three numbers each, mean in [-{largest}, {largest}] "
            f"and std in [1/{largest}, {largest}], got {f'{mean}':.80} and "
            f"{f'{std}':.80}."
        )


def _built(part: Any) -> Any:
    return MODELS.build(part) if isinstance(part, dict) else part
