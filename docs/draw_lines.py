"""Draw docs/lines.jpg: run `python docs/draw_lines.py`.

A line head with a curved sketch learns eight bends by heart, which takes some minutes
on a CPU, and shows how it finds them: the tangents of cells that see a lane, the
proposals that they make with their bends, and the lines of the first and of the second
refinement that become lanes; the labels in white.
"""

import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from lanedet.arrays import ByteArray, FloatArray
from lanedet.datasets import (
    ApplyView,
    EncodeLines,
    LoadImage,
    RoadScenesDataset,
    ToTensors,
)
from lanedet.images import read_image, write_image
from lanedet.models import ENet, LaneDetector, LineHead
from lanedet.models.heads.line.line_head import row_ys
from lanedet.models.heads.line.sketch import sketch_lines
from lanedet.ops import StretchView, decode_line, suppress_lines
from lanedet.structures import LaneSample

SHAPE, NUM_ROWS, NUM_ITERS = (64, 176), 36, 300
SHOWN = (0, 2, 5)
WIDTH, GAP, CAPTION, QUALITY = 300, 4, 20, 85
VIEW = {"type": StretchView, "input_shape": SHAPE}
TITLES = ("tangents of the sketch", "curved proposals", "one refinement", "two")


def scenes(folder: str) -> list[dict[str, Any]]:
    """Return eight bends, ready for a detector."""
    dataset = RoadScenesDataset(
        data_root=folder,
        split="test",
        seed=777_001,
        num_scenes=8,
        shape=(288, 800),
        category="curve",
        pipeline=[
            {"type": LoadImage},
            {"type": ApplyView, "view": VIEW},
            {"type": EncodeLines, "num_rows": NUM_ROWS},
            {"type": ToTensors},
        ],
    )
    return [dataset[i] for i in range(len(dataset))]


def learn(model: LaneDetector, data: dict[str, Any]) -> None:
    """Train a model on a batch until it knows it."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, NUM_ITERS)
    model.train()
    for _ in range(NUM_ITERS):
        optimizer.zero_grad()
        torch.stack([*model(**data, mode="loss").values()]).sum().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
    for module in model.modules():  # the statistics of these images alone
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model(data["inputs"])
    model.eval()


def kept(logits: Tensor, ends: Tensor, xs: Tensor, head: LineHead) -> list[FloatArray]:
    """Return the lines of one image that become lanes, in pixels of the input."""
    scores = logits.sigmoid().double().numpy()
    lines = torch.cat([ends, xs], dim=-1).double().numpy()
    chosen = scores >= head.decode.min_score
    scores, lines = scores[chosen], lines[chosen]
    best = suppress_lines(scores, lines, head.decode.min_distance * SHAPE[1])
    return [decode_line(lines[i], SHAPE) for i in best]


def panel(image: ByteArray, sample: LaneSample, lanes: list[FloatArray]) -> ByteArray:
    """Return a picture with labels in white and lines in color over them."""
    picture = image.copy()
    for lane in sample.gt_lanes:
        draw(picture, lane, (255, 255, 255), 5)
    for lane in lanes:
        draw(picture, sample.view.to_original(lane), (230, 60, 30), 2)
    height = round(WIDTH * picture.shape[0] / picture.shape[1])
    return cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)


def draw(picture: ByteArray, points: FloatArray, color: Any, width: int) -> None:
    """Draw a polyline."""
    if len(points) >= 2:
        pixels = [np.rint(points).astype(np.int32)]
        cv2.polylines(picture, pixels, False, color, width, cv2.LINE_AA)


def main() -> None:
    """Learn the bends, and draw some of them."""
    torch.manual_seed(0)
    model = LaneDetector(
        backbone={"type": ENet, "decoder": False, "dropout": 0.0},
        head={
            "type": LineHead,
            "num_slots": 8,
            "num_rows": NUM_ROWS,
            "stages": {
                "E1": {"stride": 4, "offset": 1.5},
                "E4": {"stride": 8, "offset": 3.5},
            },
            "num_extra_levels": 1,
            "curved_sketch": True,
            "hidden_channels": 96,
            "num_points": 18,
        },
        view=VIEW,
    )
    with tempfile.TemporaryDirectory() as folder:
        prepared = scenes(folder)
        samples = [each["data_samples"] for each in prepared]
        images = [read_image(sample.img_path) for sample in samples]
    inputs = [each["inputs"] for each in prepared]
    data = model.data_preprocessor({"inputs": inputs, "data_samples": samples})
    learn(model, data)
    with torch.no_grad():
        outputs = model(data["inputs"])
    head = model.head
    ys = row_ys(SHAPE[0], NUM_ROWS, torch.device("cpu"))
    sketches = outputs.sketch._replace(bends=None), outputs.sketch
    proposals = [
        sketch_lines(each, head.sketch.grid_shape, SHAPE, ys) for each in sketches
    ]
    rows = [titles()]
    for i in SHOWN:
        near = outputs.sketch.objectness[i] > 0
        whole = torch.tensor([0.0, NUM_ROWS - 1]).expand(int(near.sum()), 2)
        sketched = [
            torch.cat([whole, each[i][near]], dim=1).double().numpy()
            for each in proposals
        ]
        lanes = [
            *([decode_line(line, SHAPE) for line in each] for each in sketched),
            *(
                kept(*(each[i, stage] for each in outputs[:3]), head)
                for stage in range(2)
            ),
        ]
        panels = [panel(images[i], samples[i], each) for each in lanes]
        rows.append(beside(panels))
    path = Path(__file__).parent / "lines.jpg"
    write_image(path, np.concatenate(rows), QUALITY)


def beside(panels: list[ByteArray]) -> ByteArray:
    """Return pictures in a row, with a gap at the right and below."""
    spaced = [
        cv2.copyMakeBorder(each, 0, GAP, 0, GAP, cv2.BORDER_CONSTANT, value=(255,) * 3)
        for each in panels
    ]
    return np.concatenate(spaced, axis=1)


def titles() -> ByteArray:
    """Return the captions of the columns."""
    strips = []
    for title in TITLES:
        strip = np.full((CAPTION, WIDTH, 3), 255, dtype=np.uint8)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(strip, title, (2, 14), font, 0.45, (40,) * 3, 1, cv2.LINE_AA)
        strips.append(strip)
    return beside(strips)


if __name__ == "__main__":
    main()
