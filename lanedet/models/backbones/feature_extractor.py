"""What networks of other libraries have in common as backbones.

A config names the network and the places whose outputs are the stages. Only names that
the libraries list are ever built: a description of a model is data, never code.
"""

import copy
from abc import abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from lanedet.models.backbones.base_backbone import LaneBackbone, StageFeatures
from lanedet.models.backbones.pretrained import load_pretrained

PROBE_SIZE = (256, 384)
"""(H, W) of an input that any network takes that is not built for one size."""


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
        probe_size: tuple[int, int] = PROBE_SIZE,
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
