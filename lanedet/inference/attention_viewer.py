"""Pictures of where detectors look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lanedet.arrays import ByteArray
from lanedet.inference.lane_inferencer import LaneInferencer
from lanedet.models import AttentionGenerator
from lanedet.models.distillation.attention import entropy_share
from lanedet.ops import map_to_original
from lanedet.visualization import (
    MapScale,
    draw_attention_grid,
    robust_scale,
    stack_grids,
    unit_scale,
)


@dataclass(frozen=True)
class EnergyMaps:
    """Show energies, each scaled to its own range: the paper's Fig. 2."""

    scale: MapScale = robust_scale

    def __call__(self, energies: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the maps (h, w) to show by caption, of energies (h, w) by stage."""
        return dict(energies)


@dataclass(frozen=True)
class SoftmaxMaps:
    """Show what SAD compares: the spatial softmax of normalised energies.

    The caption tells the map's entropy as a share of the largest possible, ln(hw):
    near 0 the map has collapsed to a cell or two, and SAD has no gradient. Values are
    relative to the map's largest, so a uniform map is light all over. The largest may
    lie in the padding of a letterbox; then the image remains dark, as it should.

    Args:
        generator: Makes the maps from energies, as in the distiller.
        scale: Of values in [0, 1].
    """

    generator: AttentionGenerator = field(default_factory=AttentionGenerator)
    scale: MapScale = unit_scale

    def __call__(self, energies: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the maps (h, w) to show by caption, of energies (h, w) by stage."""
        maps = {}
        for stage, energy in energies.items():
            log_attention = self.generator.log_attention(energy[None])
            # Rounding can leave a collapsed map a hair below 0.
            share = max(0.0, float(entropy_share(log_attention)))
            relative = (log_attention[0] - log_attention.max()).exp()
            maps[f"{stage}  entropy {share:.2f}"] = relative
        return maps


def draw_pixel_attention(
    image: ByteArray,
    inferencer: LaneInferencer,
    pixel: tuple[float, float],
    *,
    heads: Sequence[int] | None = None,
    tile_width: int = 480,
) -> ByteArray:
    """Draw with which weights a pixel looks at others, a row for each layer.

    Each map is shown relative to its largest weight. Weights below 0, which attention
    by patches has alone, are dark.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        inferencer: Of a network with layers of self-attention.
        pixel: (x, y) in pixels of ``image``; it is marked in every tile.
        heads: Heads to show; all if not given.
        tile_width: Width of a tile in pixels.

    Returns:
        (h, w, 3) uint8, RGB. The first tile of a row is the image with its lanes.

    Raises:
        ValueError: If ``image`` is of another kind, the network does not see the pixel,
            has no such layers or one without such a head, or ``tile_width`` is below 1.
    """
    [sample] = inferencer.predict([image])
    grids = []
    for layer, weights in inferencer.pixel_attention(image, pixel).items():
        chosen = range(len(weights)) if heads is None else heads
        for head in chosen:
            if not 0 <= head < len(weights):
                raise ValueError(
                    f"The layer {layer} must have the head {head}, and has "
                    f"{len(weights)}, counted from 0."
                )
        shown = {
            f"head {head}": weights[head].clamp(min=0)
            / weights[head].max().clamp(min=torch.finfo(torch.float32).tiny)
            for head in chosen
        }
        grids.append(
            draw_attention_grid(
                image,
                {
                    text: map_to_original(values.double().numpy(), sample.view)
                    for text, values in shown.items()
                },
                lanes=sample.pred_lanes,
                slots=sample.pred_slots,
                num_slots=inferencer.num_slots,
                caption=layer,
                scale=unit_scale,
                mark=pixel,
                tile_width=tile_width,
            )
        )
    return stack_grids(grids)


def draw_detector_attention(
    image: ByteArray,
    inferencers: Mapping[str, LaneInferencer],
    *,
    stages: Sequence[str] | None = None,
    maps: EnergyMaps | SoftmaxMaps | None = None,
    tile_width: int = 480,
) -> ByteArray:
    """Draw the lanes and the attention of detectors, one under another.

    Args:
        image: (H, W, 3) uint8, RGB, of any size.
        inferencers: At least one, by the caption of its row.
        stages: Names of the stages to show; the encoder's if not given.
        maps: What of the stages to show; their energies if not given.
        tile_width: Width of a tile in pixels.

    Returns:
        (h, w, 3) uint8, RGB, one row of tiles a detector.

    Raises:
        ValueError: If ``image`` is of another kind, there is no such stage or
            ``tile_width`` is below 1.
    """
    maps = EnergyMaps() if maps is None else maps
    grids = []
    for caption, inferencer in inferencers.items():
        sample, energies = inferencer.attention(image, stages)
        shown = maps(energies)
        grids.append(
            draw_attention_grid(
                image,
                {
                    text: map_to_original(values.double().numpy(), sample.view)
                    for text, values in shown.items()
                },
                lanes=sample.pred_lanes,
                slots=sample.pred_slots,
                num_slots=inferencer.num_slots,
                caption=caption,
                scale=maps.scale,
                tile_width=tile_width,
            )
        )
    return stack_grids(grids)
