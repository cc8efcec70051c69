"""Attention maps of a detector, for looking at them: of stages, and of one pixel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lanedet.models.backbones import StageFeatures
from lanedet.models.context import AttentionLayer
from lanedet.models.distillation import attention_energy
from lanedet.models.lane_detector import LaneDetector


def encoder_stages(features: StageFeatures) -> list[str]:
    """Return the names of the encoder's stages, in order.

    An encoder never makes its features finer. The first stage that does begins the
    decoder, so any backbone is understood, whatever it calls its stages.

    Args:
        features: Output (B, C, h, w) of each stage, in the order of computation.

    Example:
        >>> import torch
        >>> sizes = {"E1": 8, "E2": 4, "E3": 4, "D1": 8}
        >>> encoder_stages({n: torch.zeros(1, 1, s, s) for n, s in sizes.items()})
        ['E1', 'E2', 'E3']
    """
    names: list[str] = []
    coarsest: int | None = None
    for name, feature in features.items():
        num_cells = feature.shape[-2] * feature.shape[-1]
        if coarsest is not None and num_cells > coarsest:
            break
        coarsest = num_cells
        names.append(name)
    return names


def stage_energies(
    features: StageFeatures, stages: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """Return the energy maps of stages, of which SAD makes its attention maps.

    Args:
        features: Output (B, C, h, w) of each stage by name.
        stages: Names of the stages wanted, in the order wanted. If not given, those
            of the encoder (:func:`encoder_stages`).

    Returns:
        (B, h, w) float32 by name, without gradient; see
        :func:`~lanedet.models.attention_energy`.

    Raises:
        ValueError: If there is no such stage.
    """
    names = encoder_stages(features) if stages is None else list(stages)
    unknown = [name for name in names if name not in features]
    if unknown or not names:
        raise ValueError(
            f"stages must name stages of the backbone, got {unknown or names}. "
            f"Its stages are {list(features)}."
        )
    return {name: attention_energy(features[name].detach()) for name in names}


# Parts of a module's name that do not tell where in the network it is.
_UNTOLD = {"backbone", "context", "layers", "layer", "conv2"}


def pixel_attention(
    detector: LaneDetector, inputs: Tensor, pixel: tuple[float, float]
) -> dict[str, Tensor]:
    """Return with which weights a pixel looks at others, in each layer that has such.

    Args:
        detector: In evaluation mode, with layers of self-attention behind stages of its
            backbone, in its blocks or in its neck.
        inputs: Normalised image, (1, 3, H, W).
        pixel: (x, y) in pixels of the network input, in [-0.5, W - 0.5) and
            [-0.5, H - 0.5).

    Returns:
        Weights (heads, h, w), float32 on the CPU, over the network input, of the cell
        of the layer's map that the pixel lies in. By where the layer is: ``E4.0`` is
        the first one behind E4. Those of a softmax sum to 1; what other layers have may
        be anything.

    Raises:
        ValueError: If the pixel lies outside of the input, or no layer has weights.
    """
    height, width = inputs.shape[-2:]
    x, y = (coordinate + 0.5 for coordinate in pixel)
    if not (0 <= x < width and 0 <= y < height):
        raise ValueError(
            f"The pixel must lie in the network input of {width}x{height} pixels, got "
            f"({pixel[0]:g}, {pixel[1]:g}) there. Choose one that the network sees."
        )
    seen: dict[AttentionLayer, tuple[Tensor, torch.Size]] = {}

    def keep(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        assert isinstance(layer, AttentionLayer)
        seen[layer] = inputs[0], output.shape[-2:]

    layers = {
        layer: name
        for name, layer in detector.named_modules()
        if isinstance(layer, AttentionLayer)
    }
    if not layers:
        raise ValueError(
            "The network has no layer whose pixels look at others: a layer of "
            "self-attention, which a config puts behind a stage (context) or in the "
            "neck; gates, convolutions and message passing have no such weights. Leave "
            "the pixel out, or take another network."
        )
    hooks = [layer.register_forward_hook(keep) for layer in layers]
    try:
        with torch.inference_mode():
            detector.extract_features(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    found = {}
    for layer, (features, (rows, columns)) in seen.items():
        weights = layer.attention_of(
            features, int(y * rows / height), int(x * columns / width)
        )
        place = [part for part in layers[layer].split(".") if part not in _UNTOLD]
        found[".".join(place)] = weights.float().cpu()
    return found
