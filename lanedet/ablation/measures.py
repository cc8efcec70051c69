"""What a finished run of an ablation looks like inside."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from lanedet.engine.runner import LaneRunner
from lanedet.models import AttentionGenerator, LaneDetector, encoder_stages
from lanedet.models.distillation.attention import entropy_share
from lanedet.models.distillation.sad import squared_difference, sum_over_pixels

_MEASURED_IMAGES = 64
_LAST_VALUES = 50
_DISTILLER_LOSSES = (
    *("loss_sad", "loss_deep_supervision", "loss_label_regression"),
    *("loss_esa_rows", "loss_esa_columns"),
)
_SHARE = "sad_gradient_share_"
_ENTROPY = "attention_entropy_"


def measure_run(runner: LaneRunner) -> dict[str, Any]:
    """Return what a finished run's losses and attention look like.

    Returns:
        What :func:`measure_scalars` returns, and of the first test images:
        ``entropy``: of each encoder stage's standardised attention map, as a share of
        its maximum. ``map_distance``: squared distance of neighbouring stages'
        standardised maps, of those of one size. Both are made alike for all rows,
        whatever a row trained with.
    """
    scalars = {
        name: np.asarray(history.data[0])
        for name, history in runner.message_hub.log_scalars.items()
    }
    return {
        **measure_scalars(scalars),
        **_measure_attention(runner.model, runner.test_dataloader),
    }


def measure_scalars(scalars: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the logged values say of a distiller.

    Args:
        scalars: Logged values, oldest first, by their names in mmengine's message hub.

    Returns:
        ``loss_ratio``: the distiller's weighted loss over the segmentation's, means
        over the last iterations, None where one of the two is not there. For SAD, by
        stage: ``gradient_share``, its gradient over all others', ``median`` and
        ``largest`` of the last values; ``own_entropy``, the entropy of the maps that it
        compares, as a share of its maximum, mean of the last values.
    """
    last = {
        name.removeprefix("train/"): np.asarray(values)[-_LAST_VALUES:]
        for name, values in scalars.items()
    }
    losses = [np.mean(last[name]) for name in _DISTILLER_LOSSES if name in last]
    ratio = None
    if losses and "loss_seg" in last:
        ratio = float(losses[0] / np.mean(last["loss_seg"]))
    return {
        "loss_ratio": ratio,
        "gradient_share": {
            name.removeprefix(_SHARE): {
                "median": float(np.median(values)),
                "largest": float(np.max(values)),
            }
            for name, values in sorted(last.items())
            if name.startswith(_SHARE)
        },
        "own_entropy": {
            name.removeprefix(_ENTROPY): float(np.mean(values))
            for name, values in sorted(last.items())
            if name.startswith(_ENTROPY)
        },
    }


@torch.no_grad()
def _measure_attention(model: LaneDetector, loader: DataLoader[Any]) -> dict[str, Any]:
    generator = AttentionGenerator()
    entropies: dict[str, list[float]] = {}
    distances: dict[str, list[float]] = {}
    model.eval()
    for batch_number, batch in enumerate(loader):
        if batch_number * (loader.batch_size or 1) >= _MEASURED_IMAGES:
            break
        inputs = model.data_preprocessor(batch, training=False)["inputs"]
        features = model.extract_features(inputs)
        stages = encoder_stages(features)
        log_maps = {
            stage: generator.log_attention(generator.energy(features[stage]))
            for stage in stages
        }
        for stage, log_map in log_maps.items():
            entropies.setdefault(stage, []).append(float(entropy_share(log_map)))
        for pupil, target in itertools.pairwise(stages):
            if log_maps[pupil].shape == log_maps[target].shape:
                squares = squared_difference(log_maps[pupil], log_maps[target])
                distances.setdefault(f"{pupil}-{target}", []).append(
                    float(sum_over_pixels(squares))
                )
    return {
        "entropy": {name: float(np.mean(entropies[name])) for name in entropies},
        "map_distance": {name: float(np.mean(distances[name])) for name in distances},
    }
