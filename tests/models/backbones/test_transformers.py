"""Transformers as whole backbones: what works on others works on them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS

from lanedet.engine import load_config
from lanedet.models import (
    LaneDetector,
    build_model,
    describe_model,
    load_weights,
    save_weights,
)
from lanedet.structures import LaneSample

SHAPE = (64, 96)


def config_of(name: str) -> Any:
    if name == "vit_tiny":
        pytest.importorskip("timm", reason="Needs the extra lanedet[timm].")
    model = load_config(f"sad/{name}_sad_scenes").model
    model.view.input_shape = SHAPE
    if name == "vit_tiny":
        model.backbone.img_size = SHAPE
    return model


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("vit_tiny", {"S1": (192, 4, 6), "S2": (192, 4, 6), "S3": (192, 4, 6)}),
        ("swin_t", {"S1": (96, 16, 24), "S2": (192, 8, 12), "S3": (384, 4, 6)}),
    ],
)
def test_sad_and_weights_files_work_on_a_transformer(
    name: str, sizes: dict[str, tuple[int, ...]], tmp_path: Path
) -> None:
    config = config_of(name)
    torch.manual_seed(0)
    detector: LaneDetector = MODELS.build(config).train()
    images = torch.randn(1, 3, *SHAPE, generator=torch.Generator().manual_seed(1))
    features = detector.extract_features(images)
    assert {key: tuple(x.shape[1:]) for key, x in features.items()} == sizes
    sample = LaneSample()
    sample.gt_class_map = np.zeros(SHAPE, np.uint8)
    sample.gt_class_map[32:, 40:44] = 3
    sample.gt_existence = np.array([0, 0, 1, 0, 0, 0], np.float32)
    detector.distillers[0].progress = 1.0
    losses = detector.loss(images, [sample])
    assert losses["loss_sad"] > 0
    losses["loss_sad"].backward()
    learned = [
        key
        for key, each in detector.backbone.named_parameters()
        if each.grad is not None and each.grad.abs().sum() > 0
    ]
    assert len(learned) > 20

    detector.eval()
    path = tmp_path / "weights.safetensors"
    save_weights(path, describe_model(config), detector.state_dict(), {})
    with torch.inference_mode():
        expected = detector(images)
        loaded = load_weights(path)
        torch.testing.assert_close(loaded(images), expected)
        torch.testing.assert_close(
            loaded.fuse()(images), expected, atol=1e-4, rtol=1e-3
        )


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        # timm's whole ViT-Ti without the classifier of 1,000 classes and the class
        # token; 24 positions in place of 197.
        ("vit_tiny", 5_717_416 - 1000 * 193 - 192 - (197 - 24) * 192),
        # torchvision's Swin-T without the classifier, the last norm, two blocks of 768
        # channels and the merging of patches before them.
        (
            "swin_t",
            28_288_354
            - 1000 * 769
            - 2 * 768
            - 2 * (12 * 768**2 + 13 * 768 + 24 * 13**2)
            - (1536 * 768 + 2 * 1536),
        ),
    ],
)
def test_published_sizes(name: str, parameters: int) -> None:
    with torch.device("meta"):
        model = build_model(describe_model(config_of(name)))
    assert sum(each.numel() for each in model.backbone.parameters()) == parameters
