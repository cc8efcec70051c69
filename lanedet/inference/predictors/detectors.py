"""Detectors for PyTorch: of configs and their weights, or there already."""

import copy
from pathlib import Path

import torch
from mmengine.config import Config

from lanedet.engine import load_config
from lanedet.inference.predictors.torch import TorchPredictor
from lanedet.models import LaneDetector, load_weights, usable_device


def open_detector(
    model: Path | str | Config | LaneDetector | None,
    weights: Path | str | None,
    *,
    device: str | None,
    half: bool,
) -> TorchPredictor:
    """Return a detector in PyTorch.

    Args:
        model: A detector, which is copied, or the config of one.
        weights: The weights for a config.
        device: Such as ``cpu`` or ``cuda:0``. If not given, a GPU where there is one.
        half: Whether to compute with float16: on a GPU only.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the arguments do not belong together, the weights are not the
            config's, there is no such device, or ``half`` is wanted on a CPU.
    """
    at = usable_device(device)
    return TorchPredictor(_load(model, weights, at), at, half=half)


def _load(
    model: Path | str | Config | LaneDetector | None,
    weights: Path | str | None,
    device: torch.device,
) -> LaneDetector:
    if isinstance(model, LaneDetector):
        if weights is not None:
            raise ValueError("A detector holds its weights: LaneInferencer(detector).")
        return copy.deepcopy(model).eval().to(device)
    if weights is None:
        raise ValueError("A config needs weights: LaneInferencer(config, weights).")
    if model is None:
        raise ValueError(
            "weights go with a config: LaneInferencer(config, weights). Weights "
            "that say what model they hold come alone: LaneInferencer(weights)."
        )
    config = model if isinstance(model, Config) else load_config(model)
    return load_weights(weights, device, config=config.model)
