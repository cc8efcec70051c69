import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from exports import PARTS, exported_file

from lanedet.export import export_model, trtexec_line
from lanedet.formats.models import MODEL_KEY

onnx = pytest.importorskip("onnx", reason="needs the extra export")

_FLOATS = frozenset(["FLOAT", "FLOAT16"])
_NUMBERS = _FLOATS | {"INT32", "INT64"}
_ALL = _NUMBERS | {"BOOL"}
# The operators that these networks need, with the types that they take, as in the
# table of https://github.com/onnx/onnx-tensorrt (docs/operators.md) for TensorRT 10.15,
# which goes from opset 9 to 24. Not among them: MaxUnpool, and MaxPool with its second
# output, which ENet has elsewhere. Of bytes, TensorRT knows those of the network's
# inputs and outputs alone.
TENSORRT_10: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        [
            "AveragePool",
            "Ceil",
            "Clip",
            "Conv",
            "ConvTranspose",
            "Cos",
            "Exp",
            "Gemm",
            "GridSample",
            "LeakyRelu",
            "MatMul",
            "MaxPool",
            "ReduceMean",
            "Resize",
            "Sigmoid",
            "Sin",
            "Softmax",
            "Sqrt",
            "Tan",
            "Tanh",
        ],
        _FLOATS,
    ),
    **dict.fromkeys(
        [
            "Add",
            "DepthToSpace",
            "Div",
            "Equal",
            "Greater",
            "GreaterOrEqual",
            "Less",
            "Max",
            "Min",
            "Mul",
            "Pad",
            "Pow",
            "ReduceMax",
            "ReduceMin",
            "ReduceSum",
            "Relu",
            "Sub",
        ],
        _NUMBERS,
    ),
    **dict.fromkeys(
        [
            "Concat",
            "Expand",
            "Flatten",
            "Gather",
            "GatherElements",
            "GatherND",
            "Identity",
            "Reshape",
            "Shape",
            "Slice",
            "Split",
            "Squeeze",
            "Transpose",
            "Unsqueeze",
            "Where",
        ],
        _ALL,
    ),
    "And": frozenset(["BOOL"]),
    "Cast": _ALL | {"UINT8"},
}


def _model(kind: str, **options: Any) -> Any:
    return onnx.load(exported_file(kind, "onnx", **options))


def _types(graph: Any) -> dict[str, str]:
    """Return the types of tensors by name."""
    numbers = {each.name: each.data_type for each in graph.initializer}
    for each in (*graph.input, *graph.output, *graph.value_info):
        numbers[each.name] = each.type.tensor_type.elem_type
    return {
        name: onnx.TensorProto.DataType.Name(number) for name, number in numbers.items()
    }


@pytest.mark.parametrize("kind", PARTS)
def test_tensorrt_10_has_every_operator_for_its_types(kind: str) -> None:
    model = onnx.shape_inference.infer_shapes(_model(kind))
    assert {(each.domain, each.version) for each in model.opset_import} == {("", 20)}
    types = _types(model.graph)
    for node in model.graph.node:
        assert node.op_type in TENSORRT_10
        given = node.input[1 if node.op_type == "Where" else 0]
        if given != "images":
            assert types[given] in TENSORRT_10[node.op_type], node.op_type
        assert node.op_type != "MaxPool" or len(node.output) == 1
        if node.op_type.startswith("Reduce") and len(node.input) > 1:
            assert node.input[1] in {each.name for each in model.graph.initializer}


@pytest.mark.parametrize("kind", PARTS)
def test_bytes_come_in_and_go_out_by_casts_alone(kind: str) -> None:
    # TensorRT's layers know no uint8: it is cast before anything else, and last.
    graph = _model(kind).graph
    readers = {node.op_type for node in graph.node if "images" in node.input}
    assert readers - {"Shape"} == {"Cast"}
    for node in graph.node:
        if "lane_bits" in node.output:
            assert node.op_type == "Cast"


def test_int8_is_signed_and_symmetric() -> None:
    pytest.importorskip("nncf", reason="needs the extra export")
    model = _model("maps", int8=True)
    numbers = {each.name: each for each in model.graph.initializer}
    steps = [
        node
        for node in model.graph.node
        if node.op_type in ("QuantizeLinear", "DequantizeLinear")
    ]
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert len(steps) > 2 * len(convolutions)  # what they read and what they hold
    for node in steps:
        zeros = onnx.numpy_helper.to_array(numbers[node.input[2]])
        assert zeros.dtype == "int8"
        assert not zeros.any()


def test_without_tensorrt_what_it_is_built_of_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    out = tmp_path / "lanes.engine"
    written = export_model(exported_file("maps", "onnx"), out, "tensorrt")
    names = ["lanes.engine.onnx", "lanes.engine.json"]
    assert [path.name for path in written] == names
    assert json.loads((tmp_path / names[1]).read_text())[MODEL_KEY]
    assert trtexec_line(out) == (
        "trtexec --onnx=lanes.engine.onnx --saveEngine=lanes.engine --stronglyTyped "
        "--minShapes=images:1x64x96x3 --optShapes=images:1x64x96x3 "
        "--maxShapes=images:8x64x96x3"
    )


def test_files_of_other_names_stay_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    own = [tmp_path / "lanes.onnx", tmp_path / "lanes.json"]
    for path in own:
        path.write_text("somebody's")
    out = tmp_path / "lanes.engine"
    export_model(exported_file("maps", "onnx"), out, "tensorrt")
    assert [path.read_text() for path in own] == ["somebody's"] * 2


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Put a TensorRT in place that notes what it is asked to build."""
    notes: list[Any] = []

    class Builder:
        def __init__(self, log: Any) -> None:
            pass

        def create_network(self, flags: int) -> str:
            notes.append(flags)
            return "network"

        def create_builder_config(self) -> Any:
            return SimpleNamespace(add_optimization_profile=notes.append)

        def create_optimization_profile(self) -> Any:
            shapes: dict[str, Any] = {}
            return SimpleNamespace(
                shapes=shapes, set_shape=lambda name, *each: shapes.update({name: each})
            )

        def build_serialized_network(self, network: str, config: Any) -> bytes | None:
            return notes[-1] if notes[-1] is None else b"an engine"

    class OnnxParser:
        num_errors = 1

        def __init__(self, network: str, log: Any) -> None:
            pass

        def parse(self, content: bytes) -> bool:
            return b"lane_probs" in content

    tensorrt = ModuleType("tensorrt")
    logger = type("Logger", (), {"ERROR": 1, "__init__": lambda self, level: None})
    tensorrt.__dict__.update(
        __version__="10.9.0",
        Builder=Builder,
        Logger=logger,
        NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=4),
        OnnxParser=OnnxParser,
    )
    monkeypatch.setitem(sys.modules, "tensorrt", tensorrt)
    return notes


def test_with_tensorrt_the_engine_is_built(built: list[Any], tmp_path: Path) -> None:
    out = tmp_path / "lanes.engine"
    written = export_model(exported_file("maps", "onnx"), out, "tensorrt")
    assert written[-1] == out
    assert out.read_bytes() == b"an engine"
    flags, profile = built
    assert flags == 1 << 4
    assert profile.shapes["images"] == ((1, 64, 96, 3), (1, 64, 96, 3), (8, 64, 96, 3))
