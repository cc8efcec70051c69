import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lanedet.export import ExportOptions, export_model
from lanedet.export.graph import make_graph
from lanedet.formats.models import ModelMetadata, read_onnx_metadata
from lanedet.models import build_model, save_weights

onnx = pytest.importorskip("onnx", reason="needs the extra export")
pytest.importorskip("onnxscript", reason="needs the extra export")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")

SEGMENTATION = {
    "type": "LaneSegmentationHead",
    "num_lanes": 4,
    "seg_stage": "D2",
    "classifier": {"type": "TransposedConvClassifier"},
    "existence_branch": {"type": "ExistenceBranch", "stage": "E4"},
}
ONE_CLASS = {
    **SEGMENTATION,
    "num_lanes": 1,
    "existence_branch": None,
    "decoder": {"type": "ComponentLaneDecoder"},
}
LINES = {
    "type": "LineHead",
    "num_slots": 4,
    "num_rows": 36,
    "stages": {
        "E1": {"stride": 4, "offset": 1.5},
        "E4": {"stride": 8, "offset": 3.5},
    },
}
HEADS = {"rows": SEGMENTATION, "maps": ONE_CLASS, "lines": LINES}


def _weights(head: dict[str, Any], folder: Path) -> Path:
    torch.manual_seed(0)
    description = {
        "type": "LaneDetector",
        "backbone": {"type": "ENet"},
        "head": head,
        "view": {"type": "LetterboxView", "input_shape": [64, 96]},
    }
    path = folder / "weights.safetensors"
    state = build_model(description).state_dict()
    save_weights(path, description, state, {"licence": "MIT", "seed": "0"})
    return path


def _run(path: Path, batch: int) -> tuple[dict[str, np.ndarray], torch.Tensor]:
    torch.manual_seed(1)
    images = torch.randint(0, 256, (batch, 64, 96, 3), dtype=torch.uint8)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {"images": images.numpy(), "place": np.array([2, 62, 0, 96])}
    wanted = {each.name for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    inputs = {name: array for name, array in given.items() if name in wanted}
    return dict(zip(names, session.run(None, inputs), strict=True)), images


@pytest.mark.parametrize("kind", HEADS)
def test_each_head_gives_what_it_gives_in_pytorch(kind: str, tmp_path: Path) -> None:
    weights, out = _weights(HEADS[kind], tmp_path), tmp_path / "lanes.onnx"
    assert export_model(weights, out, "onnx", ExportOptions()) == [out]
    metadata = ModelMetadata.read(read_onnx_metadata(out), out)
    assert metadata.facts.readings == kind
    for batch in (1, 3):
        outputs, images = _run(out, batch)
        made = make_graph(weights)
        with torch.no_grad():
            expected = made.graph(images, torch.tensor([2, 62, 0, 96]))
        assert [*outputs] == [*expected] == [*metadata.facts.outputs]
        for name, tensor in expected.items():
            difference = np.abs(outputs[name].astype(float) - tensor.double().numpy())
            # A near tie may move a pixel of ENet's unpooling.
            assert np.quantile(difference, 0.99) < 1e-3, name


def test_the_metadata_are_those_of_the_weights(tmp_path: Path) -> None:
    weights, out = _weights(SEGMENTATION, tmp_path), tmp_path / "lanes.onnx"
    export_model(weights, out, "onnx", ExportOptions(batch=2, half=True))
    read = ModelMetadata.read(read_onnx_metadata(out), out)
    assert read.description["head"] == json.loads(json.dumps(SEGMENTATION))
    assert read.provenance == {"licence": "MIT", "seed": "0"}
    assert (read.facts.batch, read.facts.precision) == (2, "float16")


def test_nothing_tells_of_the_machine_that_exported(tmp_path: Path) -> None:
    weights, out = _weights(SEGMENTATION, tmp_path), tmp_path / "lanes.onnx"
    export_model(weights, out, "onnx", ExportOptions())
    content = out.read_bytes()
    for text in (str(Path.cwd()), str(tmp_path), "line ", ".py", "aten"):
        assert text.encode() not in content, text


def test_maps_leave_where_they_are_wanted(tmp_path: Path) -> None:
    weights, out = _weights(SEGMENTATION, tmp_path), tmp_path / "lanes.onnx"
    export_model(weights, out, "onnx", ExportOptions(raw=True))
    outputs, _ = _run(out, 1)
    assert outputs["lane_probs"].shape == (1, 4, 64, 96)
    assert outputs["existence"].shape == (1, 4)


def test_half_precision_keeps_what_is_outside_of_the_network(tmp_path: Path) -> None:
    weights, out = _weights(SEGMENTATION, tmp_path), tmp_path / "lanes.onnx"
    whole = tmp_path / "whole.onnx"
    export_model(weights, out, "onnx", ExportOptions(half=True))
    export_model(weights, whole, "onnx", ExportOptions())
    model = onnx.load(out)
    kinds = {each.data_type for each in model.graph.initializer if len(each.dims) == 4}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert out.stat().st_size < 0.6 * whole.stat().st_size
    outputs, _ = _run(out, 1)
    assert outputs["rows"].dtype == np.float32


def test_a_fixed_batch(tmp_path: Path) -> None:
    weights, out = _weights(SEGMENTATION, tmp_path), tmp_path / "lanes.onnx"
    export_model(weights, out, "onnx", ExportOptions(batch=2))
    outputs, _ = _run(out, 2)
    assert outputs["existence"].shape == (2, 4)
    with pytest.raises(Exception, match="Got invalid dimensions"):
        _run(out, 1)


def test_another_ending(tmp_path: Path) -> None:
    weights = _weights(SEGMENTATION, tmp_path)
    with pytest.raises(ValueError, match=r"must end in \.onnx, got"):
        export_model(weights, tmp_path / "lanes.pth", "onnx", ExportOptions())
