"""Networks of torchvision and timm as backbones.

A config names the network and the places whose outputs are the stages. Only names that
the libraries list are ever built: a description of a model is data, never code.
"""

import copy
import importlib
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.feature_extraction import (
    create_feature_extractor,
    get_graph_node_names,
)

from lanedet.models.backbones.base_backbone import LaneBackbone, StageFeatures
from lanedet.models.backbones.pretrained import (
    IMAGENET,
    load_pretrained,
    read_state_dict,
    torchvision_state_dict,
    without_weights,
)

_PROBE_SIZE = (256, 384)
# Arguments of torchvision's builders that fetch weights.
_FETCHING = {"weights", "weights_backbone", "pretrained", "pretrained_backbone"}


class FeatureExtractor(LaneBackbone):
    """What torchvision's and timm's networks have in common as backbones.

    Args:
        network: Returns the outputs of the stages in the order of ``names``.
        names: Names of the stages.
        weights: What a training begins with.
        probe_size: (H, W) of an input that the network takes.

    Raises:
        ValueError: If a stage is no map whose size divides the input's.
    """

    def __init__(
        self,
        network: nn.Module,
        names: Sequence[str],
        weights: str | None,
        probe_size: tuple[int, int] = _PROBE_SIZE,
    ) -> None:
        super().__init__()
        # A stage's features must not change behind its back: the activation that
        # comes next would overwrite them.
        for module in network.modules():
            if hasattr(module, "inplace"):
                setattr(module, "inplace", False)  # noqa: B010
        self.network = network
        self.weights = weights
        self._names = tuple(names)
        # On the meta device shapes are computed and no numbers.
        probe = copy.deepcopy(network).eval().to("meta")
        with torch.no_grad():
            outputs = _in_order(probe(torch.zeros(1, 3, *probe_size, device="meta")))
        strides = []
        self.stage_channels = {}
        self._permuted = []
        for name, output in zip(self._names, outputs, strict=True):
            is_permuted, channels, stride = _layout(name, output.shape, probe_size)
            self._permuted.append(is_permuted)
            self.stage_channels[name] = channels
            strides.append(stride)
        self.stride = max(strides)

    def init_weights(self) -> None:
        """Load the pretrained weights; mmengine calls it when a training begins.

        Raises:
            FileNotFoundError: If ``weights`` names a file that is not there.
            ValueError: If the weights cannot be fetched or do not fit.
        """
        super().init_weights()
        if self.weights is not None:
            load_pretrained(
                self.network, self.pretrained_state(self.weights), self.weights
            )

    @abstractmethod
    def pretrained_state(self, weights: str) -> Mapping[str, Tensor]:
        """Return pretrained tensors by the names that the network gives them."""

    def forward(self, inputs: Tensor) -> StageFeatures:
        """Return the stages (B, C, h, w) of images (B, 3, H, W) by name.

        Raises:
            ValueError: If H or W is not a multiple of the largest stride.
        """
        self.check_size(inputs.shape[-2:])
        outputs = _in_order(self.network(inputs))
        return {
            name: output.permute(0, 3, 1, 2) if is_permuted else output
            for name, output, is_permuted in zip(
                self._names, outputs, self._permuted, strict=True
            )
        }


class TorchvisionFeatures(FeatureExtractor):
    """Any of torchvision's classification networks.

    Args:
        name: As ``torchvision.models.list_models`` has it, such as
            ``mobilenet_v3_large``.
        stages: Place in the network by name of the stage, as
            ``torchvision.models.feature_extraction.get_graph_node_names`` has them:
            ``dict(S2="features.6", S3="features.12")``.
        weights: ``"imagenet"`` for torchvision's weights, the path of a file with a
            state dict in torchvision's names, or None for random ones.
        options: More arguments of torchvision's builder, such as
            ``dict(replace_stride_with_dilation=[False, True, True])``.

    Raises:
        ValueError: If there is no such network or place, or an option is not allowed.
    """

    def __init__(
        self,
        *,
        name: str,
        stages: Mapping[str, str],
        weights: str | None = IMAGENET,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        known = torchvision.models.list_models(module=torchvision.models)
        if name not in known:
            raise ValueError(
                f"name must be a classification network of torchvision, got {name!r}. "
                f"There are {', '.join(known)}."
            )
        options = dict(options or {})
        if _FETCHING & options.keys():
            raise ValueError(
                f"options cannot hold {sorted(_FETCHING & options.keys())}. Choose "
                "pretrained weights by the backbone's argument weights."
            )
        network = torchvision.models.get_model(name, weights=None, **options)
        places = [*dict.fromkeys(place for place in get_graph_node_names(network)[1])]
        for stage, place in stages.items():
            if not any(f"{node}.".startswith(f"{place}.") for node in places):
                raise ValueError(
                    f"The stage {stage!r} must be a place in {name}, got {place!r}. "
                    f"Its outer places are {', '.join(_outer(places))}."
                )
        extractor = create_feature_extractor(
            network, {place: stage for stage, place in stages.items()}
        )
        super().__init__(extractor, tuple(stages), weights)
        self.name = name

    def pretrained_state(self, weights: str) -> Mapping[str, Tensor]:
        """Return torchvision's tensors; the network's are among them."""
        return torchvision_state_dict(self.name, weights)


class TimmFeatures(FeatureExtractor):
    """Any of timm's networks that give features. Needs ``pip install 'lanedet[timm]'``.

    Args:
        name: As ``timm.list_models`` has it, such as ``mobilenetv3_small_100``; a tag
            behind a dot chooses among timm's weights.
        stages: Index of timm's feature by name of the stage, in ascending order:
            ``dict(S1=1, S2=2)``.
        weights: ``"imagenet"`` for timm's weights, the path of a file with a state
            dict in timm's names, or None for random ones.
        output_stride: Stride at which the network goes on by dilation instead of
            shrinking, where it can; None for its own.
        img_size: (H, W) of the input for networks that are built for one size, such as
            most transformers; None for all others.

    Raises:
        ValueError: If timm is not installed, there is no such network, it gives no
            such features or cannot be built so.
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
        options: dict[str, Any] = {
            "features_only": True,
            "out_indices": indices,
            "output_stride": output_stride,
            "img_size": None if img_size is None else tuple(img_size),
        }
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
            _PROBE_SIZE if img_size is None else (img_size[0], img_size[1]),
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
        overlay = None
        if weights != IMAGENET:
            # timm renames what it reads; it gets tensors, so that it opens no file.
            overlay = {"state_dict": read_state_dict(weights)}
        try:
            network = _timm().create_model(
                self.name,
                pretrained=True,
                pretrained_cfg_overlay=overlay,
                **self._options,
            )
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


def _in_order(outputs: Mapping[str, Tensor] | Sequence[Tensor]) -> list[Tensor]:
    return [*outputs.values()] if isinstance(outputs, Mapping) else [*outputs]


def _layout(
    name: str, shape: Sequence[int], size: tuple[int, int]
) -> tuple[bool, int, int]:
    """Return whether a stage has its channels last, how many, and its stride.

    Raises:
        ValueError: If the stage is no map whose size divides the input's.
    """
    if len(shape) == 4:
        for is_permuted, (channels, height, width) in (
            (False, (shape[1], shape[2], shape[3])),
            (True, (shape[3], shape[1], shape[2])),
        ):
            stride = size[0] // height
            if (height * stride, width * stride) == size:
                return is_permuted, channels, stride
    raise ValueError(
        f"The stage {name!r} must be a map whose size divides the input's {size}, got "
        f"the shape {tuple(shape)}. Take it from another place."
    )


def _outer(places: Sequence[str]) -> list[str]:
    """Return the first two parts of every place, each once."""
    return [*dict.fromkeys(".".join(place.split(".")[:2]) for place in places)]
