"""Where in a backbone context layers go, as a config says it."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.registry import MODELS
from torch import nn

from lanedet.models.context.context_layer import Added, ContextLayer

AFTER, REPLACE = "after", "replace"

Context = Mapping[str, Mapping[str, Any] | Sequence[Mapping[str, Any]]]
"""Configs of context layers, one or several in their order, by name of the stage.

Each has what its class takes but for ``channels``, and ``where``: ``"after"`` the
stage, which is the default, or, in a ResNet, to ``"replace"`` the second convolution of
the blocks of the stage that ``blocks`` lists (-1, the last one, by default).
"""


class PlacedLayer(NamedTuple):
    """A context layer and where it goes."""

    stage: str
    where: str
    blocks: tuple[int, ...]
    layer: ContextLayer


def build_context(
    context: Context | None, stage_channels: Mapping[str, int]
) -> list[PlacedLayer]:
    """Build the layers that a config names, each with the channels of its stage.

    Their random numbers are drawn apart: what is built after them begins with the same
    weights as in a backbone without them.

    Args:
        context: The config, or None for none.
        stage_channels: Channels of each stage of the backbone, by name.

    Raises:
        ValueError: If a config names no such stage or place, or a class that is no
            context layer, or its stride is not 1.
    """
    placed: list[PlacedLayer] = []
    with torch.random.fork_rng(devices=[]):
        for stage, configs in (context or {}).items():
            if stage not in stage_channels:
                raise ValueError(
                    f"context names the stage {stage!r}, which the backbone does not "
                    f"have. Its stages are {list(stage_channels)}."
                )
            channels = stage_channels[stage]
            several = [configs] if isinstance(configs, Mapping) else configs
            placed += [_build(dict(config), stage, channels) for config in several]
    return placed


def _build(config: dict[str, Any], stage: str, channels: int) -> PlacedLayer:
    where = config.pop("where", AFTER)
    blocks = config.pop("blocks", None)
    if where not in (AFTER, REPLACE) or (blocks is not None and where != REPLACE):
        raise ValueError(
            f"context.{stage}.where must be {AFTER!r}, or {REPLACE!r} and then may "
            f"name blocks, got where={where!r} and blocks={blocks!r}."
        )
    layer = MODELS.build({**config, "channels": channels})
    if not isinstance(layer, ContextLayer):
        raise ValueError(
            f"context.{stage}.type must be a context layer, such as SelfAttention2d, "
            f"got {type(layer).__name__}."
        )
    if getattr(layer, "stride", 1) != 1:
        raise ValueError(f"context.{stage}.stride must be 1: stages keep their size.")
    return PlacedLayer(stage, where, (-1,) if blocks is None else tuple(blocks), layer)


def layers_after(placed: Sequence[PlacedLayer]) -> nn.ModuleDict:
    """Return what runs after each stage, in the order of the config."""
    after: dict[str, list[nn.Module]] = {}
    for each in placed:
        if each.where == AFTER:
            layer = each.layer
            added = layer if layer.is_refinement else Added(layer)
            after.setdefault(each.stage, []).append(added)
    return nn.ModuleDict(
        {stage: nn.Sequential(*layers) for stage, layers in after.items()}
    )
