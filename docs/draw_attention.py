"""Draw docs/attention_heads.jpg and docs/attention_pixel.jpg.

Run: python docs/draw_attention.py

Both look at docs/road.jpg. The first shows a convolution of the package's network as
the attention that it is: where the heads of one pixel look. For the second the same
network gets a layer of self-attention behind E4, which learns for a minute on generated
scenes while the rest stays as it is; a pixel's attention is shown below the energies
that SAD compares.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from torch import nn

from lanedet.arrays import ByteArray
from lanedet.datasets import (
    ApplyView,
    LoadImage,
    RasterizeLanes,
    RoadScenesDataset,
    ToTensors,
)
from lanedet.formats.models import MODEL_KEY
from lanedet.images import read_image, write_image
from lanedet.inference import (
    LaneInferencer,
    default_weights,
    draw_detector_attention,
    draw_pixel_attention,
)
from lanedet.models import (
    LaneDetector,
    attention_from_conv,
    build_model,
    load_weights,
    read_checkpoint,
)
from lanedet.ops import LetterboxView
from lanedet.visualization import stack_grids

DOCS = Path(__file__).parent
PIXEL = (420.0, 300.0)
NUM_SCENES, NUM_ITERS, BATCH = 16, 40, 4
TILE_WIDTH, QUALITY = 236, 85
ATTENTION = {"type": "SelfAttention2d", "heads": 4, "positions": "sinusoidal"}


def draw_heads(image: ByteArray) -> ByteArray:
    """Return the nine heads of the convolution of dilation 8 in E3."""
    detector = load_weights(default_weights())
    block = detector.backbone.e3[5].residual
    (number,) = (
        i
        for i, layer in enumerate(block)
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)
    )
    block[number] = attention_from_conv(block[number])
    return draw_pixel_attention(
        image, LaneInferencer(detector), PIXEL, tile_width=TILE_WIDTH
    )


def learn(detector: LaneDetector, view: dict[str, Any]) -> None:
    """Train the layer of attention, and nothing else, on scenes seen by a view."""
    detector.requires_grad_(requires_grad=False).eval()
    layer = detector.backbone.context.requires_grad_()
    optimizer = torch.optim.AdamW(layer.parameters(), lr=2e-3)
    with tempfile.TemporaryDirectory() as folder:
        dataset = RoadScenesDataset(
            data_root=folder,
            split="train",
            seed=0,
            num_scenes=NUM_SCENES,
            shape=(360, 640),
            category="culane",
            pipeline=[
                {"type": LoadImage},
                {"type": ApplyView, "view": view},
                {
                    "type": RasterizeLanes,
                    "num_lanes": detector.head.num_lanes,
                    "lane_width_px": 5,
                },
                {"type": ToTensors},
            ],
        )
        for number in range(NUM_ITERS):
            draws = range(number * BATCH, (number + 1) * BATCH)
            samples = [dataset[draw % NUM_SCENES] for draw in draws]
            data = detector.data_preprocessor(pseudo_collate(samples), training=True)
            loss, _ = detector.parse_losses(detector(**data, mode="loss"))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if number % 10 == 0:
                print(f"iteration {number}: loss {loss.item():.3f}")


def draw_pixel(image: ByteArray) -> ByteArray:
    """Return the energies of the encoder, and below them a pixel's attention."""
    torch.manual_seed(0)
    checkpoint = read_checkpoint(default_weights())
    description: dict[str, Any] = json.loads(json.dumps(checkpoint["meta"][MODEL_KEY]))
    description["backbone"]["context"] = {"E4": ATTENTION}
    detector = build_model(description)
    detector.load_state_dict(checkpoint["state_dict"], strict=False)
    learn(detector, {**description["view"], "type": LetterboxView})
    inferencer = LaneInferencer(detector.eval())
    return stack_grids(
        [
            draw_detector_attention(
                image, {"lanes": inferencer}, tile_width=TILE_WIDTH
            ),
            draw_pixel_attention(image, inferencer, PIXEL, tile_width=TILE_WIDTH),
        ]
    )


def main() -> None:
    """Draw both pictures."""
    image = read_image(DOCS / "road.jpg")
    heads = draw_heads(image)
    # Five tiles and five, the image first.
    width = (heads.shape[1] - 9 * 4) // 10
    cut = 5 * width + 4 * 4
    heads = np.concatenate(
        [heads[:, :cut], np.full((4, cut, 3), 255, np.uint8), heads[:, cut + 4 :]]
    )
    write_image(DOCS / "attention_heads.jpg", heads, jpeg_quality=QUALITY)
    write_image(DOCS / "attention_pixel.jpg", draw_pixel(image), jpeg_quality=QUALITY)


if __name__ == "__main__":
    main()
