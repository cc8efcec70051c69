import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exports import SHAPE, exported_file, weights_file
from mmengine.config import Config

from lanedet.engine import Evaluation, evaluate, load_config, set_work_dir
from lanedet.inference import evaluate_exported, open_predictor
from lanedet.inference.predictor_model import PredictorModel
from lanedet.models import load_weights

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"


def _config(scenes_root: Path, work_dir: Path) -> Config:
    options = {
        "test_dataloader.num_workers": 0,
        "test_dataloader.dataset.ann_files": ["label_data_0313.json"],
        "test_dataloader.dataset.indices": 3,
    }
    config = load_config(SCENES, options, scenes_root)
    set_work_dir(config, work_dir)
    return config


def _expected(kind: str, scenes_root: Path, folder: Path) -> tuple[Evaluation, Any]:
    """Return what the test of the weights themselves finds, in PyTorch's modules."""
    config = _config(scenes_root, folder / "weights")
    detector = load_weights(weights_file(kind))
    config.model.view.input_shape = SHAPE
    out = folder / "weights.json"
    found = evaluate(config, weights_file(kind), model=detector, out=out)
    return found, _read(out)


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.usefixtures("configs_laid_out")
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("kind", ["rows", "lines"])
def test_an_exported_file_has_the_score_of_its_weights(
    kind: str, runtime: str, scenes_root: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnx", reason="needs the extra export")
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    expected, frames = _expected(kind, scenes_root, tmp_path)
    out, drawn = tmp_path / "exported.json", tmp_path / "drawn"
    config = _config(scenes_root, tmp_path / "exported")
    assert tuple(config.model.view.input_shape) != SHAPE  # the file's view counts
    found = evaluate_exported(
        config, exported_file(kind, "onnx"), runtime=runtime, out=out, show_dir=drawn
    )
    assert found.num_images == expected.num_images == 3
    assert found.metrics == pytest.approx(expected.metrics, abs=1e-6)
    assert len(list(drawn.rglob("*.jpg"))) == 3
    assert sum(len(frame["lanes"]) for frame in frames) >= 3
    for frame, other in zip(_read(out), frames, strict=True):
        assert frame["raw_file"] == other["raw_file"]
        np.testing.assert_allclose(frame["lanes"], other["lanes"], atol=0.02)


def test_a_predictor_cannot_be_trained() -> None:
    pytest.importorskip("onnx", reason="needs the extra export")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    path = exported_file("rows", "onnx")
    predictor = open_predictor(path, runtime="onnxruntime", device="cpu")
    model = PredictorModel(predictor, path)
    assert model.num_slots == 4
    with pytest.raises(ValueError, match="predicts only, got mode='loss'"):
        model([], [], mode="loss")
