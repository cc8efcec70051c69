import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exports import PARTS, PLACE, exported_file, images, weights_file

from lanedet.export import ExportOptions, export_model
from lanedet.export.graph import make_graph
from lanedet.formats.models import ModelMetadata, read_onnx_metadata
from lanedet.inference import open_predictor
from lanedet.models import build_model, save_weights

onnx = pytest.importorskip("onnx", reason="needs the extra export")
pytest.importorskip("onnxscript", reason="needs the extra export")
onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")


def _run(path: Path, pixels: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    given = {"images": pixels, "place": np.array(PLACE)}
    wanted = {each.name for each in session.get_inputs()}
    names = [each.name for each in session.get_outputs()]
    inputs = {name: array for name, array in given.items() if name in wanted}
    return dict(zip(names, session.run(None, inputs), strict=True))


@pytest.mark.parametrize("kind", PARTS)
def test_each_head_gives_what_it_gives_in_pytorch(kind: str) -> None:
    out = exported_file(kind, "onnx")
    facts = ModelMetadata.read(read_onnx_metadata(out), out).facts
    assert (facts.readings, facts.batch) == (kind, None)
    graph = make_graph(weights_file(kind)).graph
    for batch in (1, 3):
        pixels = images(batch)
        outputs = _run(out, pixels)
        with torch.no_grad():
            expected = graph(torch.from_numpy(pixels), torch.tensor(PLACE))
        assert [*outputs] == [*expected] == [*facts.outputs]
        for name, tensor in expected.items():
            difference = np.abs(outputs[name].astype(float) - tensor.double().numpy())
            # A near tie may move a pixel of ENet's unpooling.
            assert np.quantile(difference, 0.99) < 1e-3, name


def test_the_metadata_are_those_of_the_weights() -> None:
    out = exported_file("rows", "onnx", half=True, batch=2)
    read = ModelMetadata.read(read_onnx_metadata(out), out)
    assert read.description["head"] == json.loads(json.dumps(PARTS["rows"][1]))
    assert read.provenance == {"licence": "MIT", "seed": "0"}
    assert (read.facts.batch, read.facts.precision) == (2, "float16")


@pytest.mark.parametrize("kind", PARTS)
def test_nothing_tells_of_the_machine_that_exported(kind: str) -> None:
    content = exported_file(kind, "onnx").read_bytes()
    for text in (
        str(Path.cwd()),
        str(weights_file(kind).parent),
        "File",
        ".py:",
        "aten",
    ):
        assert text.encode() not in content, text


@pytest.mark.slow  # test_torch_file.py has the same graph in another format
def test_maps_leave_where_they_are_wanted() -> None:
    outputs = _run(exported_file("rows", "onnx", raw=True, batch=1), images(1))
    assert outputs["lane_probs"].shape == (1, 4, 64, 96)
    assert outputs["existence"].shape == (1, 4)


def test_half_precision_keeps_what_is_outside_of_the_network() -> None:
    out = exported_file("rows", "onnx", half=True, batch=2)
    model = onnx.load(out)
    kinds = {each.data_type for each in model.graph.initializer if len(each.dims) == 4}
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert out.stat().st_size < 0.6 * exported_file("rows", "onnx").stat().st_size
    outputs = _run(out, images(2))
    assert outputs["rows"].dtype == np.float32
    with pytest.raises(Exception, match="Got invalid dimensions"):
        _run(out, images(1))


@pytest.mark.parametrize("options", [{}, {"half": True, "batch": 2}], ids=str)
def test_no_order_is_changed_there_and_back(options: dict[str, Any]) -> None:
    graph = onnx.load(exported_file("rows", "onnx", **options)).graph
    made = {name: node for node in graph.node for name in node.output}
    transposes = [node for node in graph.node if node.op_type == "Transpose"]
    assert transposes
    for node in transposes:
        source = made.get(node.input[0])
        while source is not None and source.op_type == "Cast":
            source = made.get(source.input[0])
        if source is not None and source.op_type == "Transpose":
            there, back = source.attribute[0].ints, node.attribute[0].ints
            assert [there[axis] for axis in back] != sorted(there)


_HEAD = {
    "type": "LaneSegmentationHead",
    "num_lanes": 4,
    "existence_branch": None,
    "decoder": {"type": "LaneDecoder", "threshold": 0.1},
}
_CONV_HEAD = {**_HEAD, "classifier": {"type": "ConvClassifier"}}
_MOBILENET = {
    "type": "TorchvisionFeatures",
    "name": "mobilenet_v3_small",
    "stages": {"layer1": "features.1"},
}
_ATTENDING_ENET = {
    "type": "ENet",
    "context": {
        "E2": [
            {"type": "SelfAttention2d", "positions": "sinusoidal"},
            {"type": "WindowSelfAttention", "shift": 3},
            {"type": "GatedPositionalAttention"},
            {"type": "NonLocalAttention"},
        ],
        "E3": [
            {"type": "LocalSelfAttention", "kernel_size": 3},
            {"type": "QuadraticSelfAttention", "heads": 2},
            {"type": "ACmix", "kernel_size": 3},
        ],
    },
}
NETWORKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "ResNet-18": (
        {"type": "ResNet", "depth": 18},
        {**_CONV_HEAD, "seg_stage": "layer4", "upsampling": 8},
    ),
    "ResNet-18 with a neck": (
        {"type": "ResNet", "depth": 18},
        {**_CONV_HEAD, "seg_stage": "neck", "upsampling": 8},
    ),
    "torchvision's MobileNet": (
        _MOBILENET,
        {**_CONV_HEAD, "seg_stage": "layer1", "upsampling": 4},
    ),
    "timm's ResNet-10": (
        {"type": "TimmFeatures", "name": "resnet10t", "stages": {"layer1": 1}},
        {**_CONV_HEAD, "seg_stage": "layer1", "upsampling": 4},
    ),
    "ENet with self-attention": (
        _ATTENDING_ENET,
        {
            **_HEAD,
            "seg_stage": "D2",
            "classifier": {"type": "TransposedConvClassifier"},
        },
    ),
}


NECKS = {
    "ResNet-18 with a neck": {
        "type": "LaneNeck",
        "stage": "layer4",
        "channels": 64,
        "layers": [{"type": "SelfAttention2d"}, {"type": "SpatialPropagation"}],
    }
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_other_networks_give_what_they_give_in_pytorch(
    name: str, tmp_path: Path
) -> None:
    if name.startswith("timm"):
        pytest.importorskip("timm", reason="needs the extra timm")
    backbone, head = NETWORKS[name]
    view = {"type": "LetterboxView", "input_shape": [64, 96]}
    description = {"type": "LaneDetector", "backbone": backbone, "head": head}
    description["view"] = view
    description["neck"] = NECKS.get(name)
    torch.manual_seed(0)
    state = build_model(description).state_dict()
    weights, out = tmp_path / "weights.safetensors", tmp_path / "lanes.onnx"
    for tensor_name, tensor in state.items():
        if tensor_name.endswith("gamma"):
            tensor.fill_(1.0)  # it begins with 0, and the layer with nothing
    save_weights(weights, description, state, {})
    export_model(weights, out, "onnx", ExportOptions(raw=True))
    pixels = images(2)
    outputs = _run(out, pixels)
    expected = open_predictor(weights, device="cpu").read(pixels, np.array(PLACE))
    assert [*outputs] == [*expected]
    for key, array in expected.items():
        # A near tie may move a pixel of ENet's unpooling.
        assert np.quantile(np.abs(outputs[key] - array), 0.99) < 1e-4, key
    assert np.ptp(outputs["lane_probs"][:, 0]) > 1e-3
