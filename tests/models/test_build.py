import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS

from lanedet.inference import LaneInferencer
from lanedet.models import LaneDetector, SelfAttentionDistiller, build_detector
from lanedet.ops import LetterboxView, StretchView

REPOSITORY = Path(__file__).resolve().parents[2]
DEEPER = {"resnet34": ("resnet18_sad", {"depth": 34})}


def of_config(network: str) -> LaneDetector:
    file, changes = DEEPER.get(network, (f"{network}_sad", {}))
    config = Config.fromfile(REPOSITORY / f"configs/_base_/models/{file}.py").model
    config.backbone.update(changes)
    config.view = {"type": StretchView, "input_shape": (96, 160)}
    config.head.num_lanes = 4
    model: LaneDetector = MODELS.build(config)
    return model


@pytest.mark.parametrize("network", ["enet", "resnet18", "resnet34"])
def test_it_is_the_network_of_the_configs(network: str) -> None:
    with torch.device("meta"):
        theirs = of_config(network)
        ours = build_detector(
            network,
            num_lanes=4,
            view=StretchView((96, 160)),
            distiller=theirs.distiller,
        )
    assert str(ours) == str(theirs)
    shapes = [
        {name: tensor.shape for name, tensor in model.state_dict().items()}
        for model in (ours, theirs)
    ]
    assert shapes[0] == shapes[1]


def test_unknown_network_and_stages_that_it_does_not_have() -> None:
    arguments: dict[str, Any] = {"num_lanes": 4, "view": StretchView((96, 160))}
    with pytest.raises(ValueError, match="one of enet, resnet18, resnet34, got 'unet'"):
        build_detector("unet", **arguments)
    with pytest.raises(ValueError, match=r"names stages \['E2', 'E3', 'E4'\]"):
        build_detector("resnet18", distiller=SelfAttentionDistiller(), **arguments)


def test_it_is_used_as_it_is() -> None:
    torch.manual_seed(0)
    detector = build_detector("enet", num_lanes=2, view=LetterboxView((32, 64)))
    detector.head.decode.existence_threshold = 0.0
    detector.head.decode.threshold = 0.01
    detector.head.decode.smoothing = 1
    image = np.random.default_rng(0).integers(0, 256, (64, 128, 3), dtype=np.uint8)
    inferencer = LaneInferencer(detector)
    assert inferencer.num_slots == 2
    (sample,) = inferencer(image)
    assert sample.pred_lanes
    assert detector.training, "the detector itself is left as it was"
    with pytest.raises(ValueError, match="holds its weights"):
        LaneInferencer(detector, "weights.safetensors")


def test_the_documents_code_runs() -> None:
    text = (REPOSITORY / "docs/configs.md").read_text()
    (code,) = re.findall(
        r"```python\n(.*?)```", text.partition("## Without a config")[2], re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(code, names)
    assert isinstance(names["detector"].distiller, SelfAttentionDistiller)
    assert names["detector"].head.num_lanes == 6
