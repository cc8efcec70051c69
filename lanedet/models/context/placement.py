"""Where in a backbone context layers go, as a config says it."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

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

PLACEMENT_KEYS: dict[str, Any] = {
    "where": Literal["after", "replace"],
    "blocks": Sequence[int],
}
"""The keys of a layer's config that say where it goes, and of what kind they are."""


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
        ValueError: If a config is none, names no such stage or place, or no context
            layer, or its stride is not 1.
    """
    placed: list[PlacedLayer] = []
    with torch.random.fork_rng(devices=[]):
        for stage, configs in (context or {}).items():
            if isinstance(configs, str) or not isinstance(configs, Mapping | Sequence):
                raise ValueError(
                    f"context.{stage} must be the config of a layer, such as "
                    f"dict(type=SelfAttention2d), or a list of such, got {configs!r}."
                )
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
    layer = build_layer(config, channels, f"context.{stage}")
    return PlacedLayer(stage, where, (-1,) if blocks is None else tuple(blocks), layer)


def build_layer(config: Mapping[str, Any], channels: int, place: str) -> ContextLayer:
    """Return the context layer of a config, for maps of these channels.

    Args:
        config: ``type``, and what the class takes but for ``channels``.
        channels: C.
        place: Dotted key of the config, for the error messages.

    Raises:
        ValueError: If the config says the channels, names no class or one that is no
            context layer, or its stride is not 1; or the layer's own.
    """
    for key in ("channels", *PLACEMENT_KEYS):
        if key in config:
            raise ValueError(
                f"{place}.{key} must be left out: it follows from the map that the "
                "layer gets and from its place in the config."
            )
    if "type" not in config:
        raise ValueError(
            f"{place}.type must name a context layer, such as SelfAttention2d, got "
            f"only {list(config)}."
        )
    try:
        layer = MODELS.build({**config, "channels": channels})
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    if not isinstance(layer, ContextLayer):
        raise ValueError(
            f"{place}.type must be a context layer, such as SelfAttention2d, got "
            f"{type(layer).__name__}."
        )
    if getattr(layer, "stride", 1) != 1:
        raise ValueError(f"{place}.stride must be 1: maps keep their size.")
    return layer


def layers_after(placed: Sequence[PlacedLayer]) -> nn.ModuleDict:
    """Return what runs after each stage, in the order of the config."""
    after: dict[str, list[nn.Module]] = {}
    for each in placed:
        if each.where == AFTER:
            after.setdefault(each.stage, []).append(refining(each.layer))
    return nn.ModuleDict(
        {stage: nn.Sequential(*layers) for stage, layers in after.items()}
    )


def refining(layer: ContextLayer) -> nn.Module:
    """Return what a layer does to its input: itself if it changes it, else a sum."""
    return layer if layer.is_refinement else Added(layer)
