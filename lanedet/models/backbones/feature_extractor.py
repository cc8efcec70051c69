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
        network: Returns the outputs of the stages in the order of computation: by name,
            or in the order of ``names``.
        names: Names of the stages.
        weights: What a training begins with.
        probe_size: (H, W) of an input that the network takes.

    Raises:
        ValueError: If there is no stage, the network does not take the probe, or a
            stage is no map whose size divides the input's.
    """

    def __init__(
        self,
        network: nn.Module,
        names: Sequence[str],
        weights: str | None,
        probe_size: tuple[int, int] = PROBE_SIZE,
    ) -> None:
        super().__init__()
        if not names:
            raise ValueError("stages must name at least one place in the network.")
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
        try:
            with torch.no_grad():
                outputs = self._by_name(
                    probe(torch.zeros(1, 3, *probe_size, device="meta"))
                )
        except (AssertionError, RuntimeError) as error:
            raise ValueError(
                f"The network does not take images of {probe_size}: {error} Those of "
                "timm that are built for one size need img_size."
            ) from error
        strides = []
        self.stage_channels = {}
        self._permuted = {}
        for name, output in outputs.items():
            is_permuted, channels, stride = _layout(name, output.shape, probe_size)
            self._permuted[name] = is_permuted
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
        return {
            name: output.permute(0, 3, 1, 2) if self._permuted[name] else output
            for name, output in self._by_name(self.network(inputs)).items()
        }

    def _by_name(
        self, outputs: Mapping[str, Tensor] | Sequence[Tensor]
    ) -> Mapping[str, Tensor]:
        if isinstance(outputs, Mapping):
            return outputs
        return dict(zip(self._names, outputs, strict=True))


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
