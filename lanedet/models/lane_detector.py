"""The lane detector: backbone, neck, head and, while training, distillers."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import torch
from mmengine.model import BaseModel, ImgDataPreprocessor
from mmengine.registry import MODELS
from torch import Tensor, nn

from lanedet.models.backbones import LaneBackbone, StageFeatures
from lanedet.models.distillation import Distiller
from lanedet.models.fuse import fuse
from lanedet.models.heads import LaneHead
from lanedet.models.neck import LaneNeck
from lanedet.ops import View
from lanedet.structures import LaneSample

IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_STD = (58.395, 57.12, 57.375)
_MAX_NORMALISATION = 10_000  # far from what moves pixels in [0, 255] to about [-3, 3]


class LaneDetector(BaseModel):
    """Compose a backbone, a head and, if wanted, a neck and distillers.

    What one part says another need not repeat: the detector tells the neck the channels
    of the backbone's stages, the head the size of the network input and the channels of
    all stages, and distillers these and the number of lanes.

    Distillers add terms to the training loss. Prediction never touches them, so a
    detector predicts the same, bit for bit, with them and without them.

    Args:
        backbone: Images (B, 3, H, W) to stage features by name. Or its config.
        head: Config of a :class:`~lanedet.models.heads.LaneHead`, ``input_shape`` and
            ``stage_channels`` left out.
        view: :class:`~lanedet.ops.StretchView`, :class:`~lanedet.ops.LetterboxView` or
            the like: how an image of any size becomes the network input. Or its config,
            for example ``dict(type=LetterboxView, input_shape=(192, 320))``.
        neck: Config of a :class:`LaneNeck`, ``stage_channels`` left out, which adds a
            stage to the backbone's. None for none.
        distiller: What adds to the loss, or its config, or a list of several, or None
            for training without.
        mean: Mean of R, G and B in [0, 255], subtracted from the input. In
            [-10,000, 10,000].
        std: Standard deviation of R, G and B in [0, 255], divides the input. In
            [1/10,000, 10,000].

    Raises:
        ValueError: If the backbone cannot take the view's inputs, neck, head or
            distiller read a stage that is not there, or ``mean`` or ``std`` is out of
            range: then all images would look alike, or be NaN.
    """

    def __init__(
        self,
        *,
        backbone: LaneBackbone | dict[str, Any],
        head: dict[str, Any],
        view: View | dict[str, Any],
        neck: dict[str, Any] | None = None,
        distiller: Distiller | dict[str, Any] | Sequence[Any] | None = None,
        mean: Sequence[float] = IMAGENET_MEAN,
        std: Sequence[float] = IMAGENET_STD,
    ) -> None:
        with torch.device("cpu"):  # its numbers are in no file: they must be there
            preprocessor = ImgDataPreprocessor(mean=mean, std=std)
        _check_normalisation(preprocessor)
        super().__init__(data_preprocessor=preprocessor)
        self.view: View = _built(view)
        self.backbone: LaneBackbone = _built(backbone)
        self.backbone.check_size(self.view.input_shape)
        stage_channels = self.backbone.stage_channels
        self.neck: LaneNeck | None = None
        if neck is not None:
            self.neck = MODELS.build({**neck, "stage_channels": stage_channels})
            stage_channels = self.neck.with_neck(stage_channels)
        self.head: LaneHead = MODELS.build(
            {
                **head,
                "input_shape": self.view.input_shape,
                "stage_channels": stage_channels,
            }
        )
        self.distiller: nn.Module | None = None
        if isinstance(distiller, list | tuple):
            self.distiller = nn.ModuleList(_built(part) for part in distiller)
        elif distiller is not None:
            self.distiller = _built(distiller)
        for part in self.distillers:
            part.attach(stage_channels, self.head.num_lanes, self.view.input_shape)
        # Once the weights have their channels last, so have all activations behind
        # them. Tensor cores want it, and a CPU gains too.
        self.to(memory_format=torch.channels_last)

    @property
    def distillers(self) -> list[Distiller]:
        """The distillers: none, one, or those of a list."""
        if isinstance(self.distiller, nn.ModuleList):
            return cast(list[Distiller], [*self.distiller])
        return [] if self.distiller is None else [cast(Distiller, self.distiller)]

    def extract_features(self, inputs: Tensor) -> StageFeatures:
        """Map normalised images (B, 3, H, W) to stage features."""
        features = cast(StageFeatures, self.backbone(inputs))
        return features if self.neck is None else self.neck(features)

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
        """Return the head's losses and the distillers'."""
        features = self.extract_features(inputs)
        distilled: dict[str, Tensor] = {}
        for distiller in self.distillers:
            if not distiller.reads_outputs:
                distilled |= distiller(features, data_samples)
        with _kept_outputs(self.head) as outputs:
            losses: dict[str, Tensor] = self.head.loss(features, data_samples)
        for distiller in self.distillers:
            if distiller.reads_outputs:
                distilled |= distiller(features, data_samples, outputs[0])
        return losses | distilled

    def fused(self) -> Self:
        """Return a copy of the detector in the form that :meth:`fuse` gives it.

        Returns:
            A detector of its own memory.
        """
        return copy.deepcopy(self).fuse()

    def fuse(self) -> Self:
        """Change the detector so that it finds the same lanes in less time.

        Batch normalisations are folded into the convolutions before them, in the neck,
        the head and a backbone that knows how. The outputs of the stages stay the same
        too, up to the rounding of floats.

        Returns:
            This detector, without distillers, in evaluation mode. It cannot be trained
            any more, and its tensors have other names than before.
        """
        self.distiller = None
        self.eval().requires_grad_(False)
        self.backbone = self.backbone.fuse()
        self.neck = None if self.neck is None else self.neck.fuse()
        self.head = cast(LaneHead, fuse(self.head))
        return self.to(memory_format=torch.channels_last)


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


@contextmanager
def _kept_outputs(head: LaneHead) -> Iterator[list[Any]]:
    """Keep what a head returns: its loss makes it, and others may want it too."""
    kept: list[Any] = []
    hook = head.register_forward_hook(
        lambda _head, _inputs, outputs: kept.append(outputs)
    )
    try:
        yield kept
    finally:
        hook.remove()


def _built(part: Any) -> Any:
    return MODELS.build(part) if isinstance(part, dict) else part
