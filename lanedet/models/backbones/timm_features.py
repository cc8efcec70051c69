"""Networks of timm as backbones. timm is an extra: ``pip install 'lanedet[timm]'``."""

import importlib
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from torch import Tensor

from lanedet.models.backbones.feature_extractor import PROBE_SIZE, FeatureExtractor
from lanedet.models.backbones.pretrained import (
    IMAGENET,
    read_state_dict,
    without_weights,
)
from lanedet.ops import MAX_INPUT_SIDE, check_count


class TimmFeatures(FeatureExtractor):
    """Any of timm's networks that give features. Needs ``pip install 'lanedet[timm]'``.

    Args:
        name: As ``timm.list_models`` has it, such as ``mobilenetv3_small_100``; a tag
            behind a dot chooses among timm's weights.
        stages: Index of timm's feature by name of the stage, in ascending order:
            ``dict(S1=1, S2=2)``.
        weights: ``"imagenet"`` for timm's weights, the path of a file with a state
            dict of the whole network in timm's names, or None for random ones.
        output_stride: Stride at which the network goes on by dilation instead of
            shrinking, where it can; None for its own.
        img_size: (H, W) of the input for networks that are built for one size, such as
            most transformers; None for all others.

    Raises:
        ValueError: If timm is not installed, there is no such network, it gives no
            such features or cannot be built so; or it is a ConViT, whose positions are
            wrong on images that are no squares.
    """

    def __init__(
        self,
        *,
        name: str,
        stages: Mapping[str, int],
        weights: str | None = IMAGENET,
        output_stride: int | None = None,
        img_size: tuple[int, int] | None = None,
    ) -> None:
        timm = _timm()
        if name.partition(".")[0] not in timm.list_models():
            raise ValueError(
                f"name must be a network of timm, got {name!r}. "
                "timm.list_models('*part of the name*') finds them."
            )
        indices = tuple(stages.values())
        if not indices or list(indices) != sorted(set(indices)):
            raise ValueError(
                "stages must give ascending indices of timm's features, got "
                f"{dict(stages)}."
            )
        if img_size is not None:
            for side in img_size:
                check_count("Each side of img_size", side, MAX_INPUT_SIDE)
        options: dict[str, Any] = {
            "features_only": True,
            "out_indices": indices,
            "output_stride": output_stride,
            "img_size": None if img_size is None else tuple(img_size),
        }
        if name.startswith("convit") and (
            img_size is None or img_size[0] != img_size[1]
        ):
            # timm's positions are those of a square of as many patches, without a word.
            raise ValueError(
                f"{name} of timm takes every image for a square, got img_size="
                f"{img_size}. Use vit_tiny_patch16_224, or its attention as a context "
                "layer of ResNet or ENet: context=dict(layer4=dict("
                "type=GatedPositionalAttention))."
            )
        try:
            network = timm.create_model(name, pretrained=False, **options)
        except (AssertionError, LookupError, RuntimeError, TypeError) as error:
            raise ValueError(
                f"timm cannot build {name} with the features {indices}, "
                f"output_stride={output_stride} and img_size={img_size}: {error}"
            ) from error
        super().__init__(
            network,
            tuple(stages),
            weights,
            PROBE_SIZE if img_size is None else (img_size[0], img_size[1]),
        )
        self.name = name
        self.img_size = None if img_size is None else tuple(img_size)
        self._options = options

    def check_size(self, size: Sequence[int]) -> None:
        """Raise ValueError unless the network takes inputs of (H, W) = ``size``."""
        super().check_size(size)
        if self.img_size is not None and tuple(size) != self.img_size:
            raise ValueError(
                f"The network was built for img_size={self.img_size}, got inputs of "
                f"{tuple(size)}. Use one size for both."
            )

    def pretrained_state(self, weights: str) -> Mapping[str, Tensor]:
        """Return the tensors of the same network, built with pretrained weights."""
        create = _timm().create_model
        overlay: dict[str, Any] = {}
        try:
            if weights != IMAGENET:
                # timm renames what it reads; it gets tensors, so that it opens no file.
                overlay = {"state_dict": read_state_dict(weights)}
                # For features timm takes whatever fits, for the whole network it
                # wants all of it.
                create(self.name, pretrained=True, pretrained_cfg_overlay=overlay)
            network = create(
                self.name,
                pretrained=True,
                pretrained_cfg_overlay=overlay,
                **self._options,
            )
        except FileNotFoundError:
            raise
        except (OSError, LookupError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError(self._no_weights(weights, error)) from error
        state: Mapping[str, Tensor] = network.state_dict()
        return state

    def _no_weights(self, weights: str, error: Exception) -> str:
        reason = str(error).partition("\n")[0]
        if weights != IMAGENET:
            return (
                f"The pretrained weights {weights!r} do not fit {self.name}: {reason}"
            )
        source: Any = self.network.pretrained_cfg
        file = source.get("url") or f"model.safetensors of {source.get('hf_hub_id')}"
        return (
            f"The ImageNet weights of {self.name} could not be fetched ({reason}). "
            f"Fetch {file} and name the file: "
            "--cfg-options model.backbone.weights=FILE, or begin without them: "
            f"{without_weights()}."
        )


def _timm() -> ModuleType:
    try:
        return importlib.import_module("timm")
    except ModuleNotFoundError as error:
        raise ValueError(
            "TimmFeatures needs timm, which is not installed: "
            "pip install 'lanedet[timm]'."
        ) from error
