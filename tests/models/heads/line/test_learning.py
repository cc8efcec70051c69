"""A line head learns scenes by heart."""

from pathlib import Path

import pytest
import torch
from torch import nn

from lanedet.datasets import (
    ApplyView,
    EncodeLines,
    LoadImage,
    RoadScenesDataset,
    ToTensors,
)
from lanedet.evaluation import CULaneMetric
from lanedet.models import ENet, LaneDetector, LineHead
from lanedet.ops import StretchView

VIEW = dict(type=StretchView, input_shape=(64, 176))
NUM_ITERS = 300


def detector() -> LaneDetector:
    torch.manual_seed(0)
    return LaneDetector(
        backbone=dict(type=ENet, decoder=False, dropout=0.0),
        head=dict(
            type=LineHead,
            num_slots=8,
            num_rows=36,
            stages=dict(E1=dict(stride=4, offset=1.5), E4=dict(stride=8, offset=3.5)),
            num_extra_levels=1,
            hidden_channels=96,
            num_points=18,
        ),
        view=VIEW,
    )


@pytest.mark.slow
@pytest.mark.parametrize("category", ["normal", "curve"])
def test_eight_scenes_are_learned_by_heart(tmp_path: Path, category: str) -> None:
    scenes = RoadScenesDataset(
        data_root=str(tmp_path),
        split="test",
        seed=777_001,
        num_scenes=8,
        shape=(288, 800),
        category=category,
        pipeline=[
            dict(type=LoadImage),
            dict(type=ApplyView, view=VIEW),
            dict(type=EncodeLines, num_rows=36),
            dict(type=ToTensors),
        ],
    )
    packed = [scenes[i] for i in range(8)]
    model = detector()
    data = model.data_preprocessor(
        {
            "inputs": [each["inputs"] for each in packed],
            "data_samples": [each["data_samples"] for each in packed],
        }
    )
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
        model.extract_features(data["inputs"])
        model(data["inputs"])
    found = model.eval()(**data, mode="predict")
    metric = CULaneMetric()
    metric.process(None, found)
    scores = metric.compute_metrics(metric.results)
    assert scores["tp"] >= 20
    assert scores["f1"] == 1.0
