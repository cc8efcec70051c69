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

# Those of the table of https://github.com/onnx/onnx-tensorrt (docs/operators.md at
# release/10.1-GA) that these networks could need, marked as supported there. Not among
# them: MaxUnpool, and MaxPool with its second output, which ENet has elsewhere.
TENSORRT_10 = frozenset(
    [
        "Abs",
        "Add",
        "And",
        "ArgMax",
        "AveragePool",
        "BatchNormalization",
        "Cast",
        "Ceil",
        "Clip",
        "Concat",
        "Constant",
        "ConstantOfShape",
        "Conv",
        "ConvTranspose",
        "Cos",
        "DepthToSpace",
        "DequantizeLinear",
        "Div",
        "Einsum",
        "Equal",
        "Erf",
        "Exp",
        "Expand",
        "Flatten",
        "Floor",
        "Gather",
        "GatherElements",
        "GatherND",
        "Gemm",
        "GlobalAveragePool",
        "Greater",
        "GreaterOrEqual",
        "GridSample",
        "HardSigmoid",
        "Identity",
        "LayerNormalization",
        "LeakyRelu",
        "Less",
        "LessOrEqual",
        "Log",
        "MatMul",
        "Max",
        "MaxPool",
        "Mean",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Or",
        "PRelu",
        "Pad",
        "Pow",
        "QuantizeLinear",
        "Range",
        "Reciprocal",
        "ReduceMax",
        "ReduceMean",
        "ReduceMin",
        "ReduceProd",
        "ReduceSum",
        "Relu",
        "Reshape",
        "Resize",
        "Round",
        "Shape",
        "Sigmoid",
        "Sign",
        "Sin",
        "Size",
        "Slice",
        "Softmax",
        "SpaceToDepth",
        "Split",
        "Sqrt",
        "Squeeze",
        "Sub",
        "Sum",
        "Tan",
        "Tanh",
        "Tile",
        "Transpose",
        "Unsqueeze",
        "Where",
        "Xor",
    ]
)


def _model(kind: str, **options: Any) -> Any:
    return onnx.load(exported_file(kind, "onnx", **options))


@pytest.mark.parametrize("kind", PARTS)
def test_tensorrt_10_has_every_operator(kind: str) -> None:
    model = _model(kind)
    assert {node.op_type for node in model.graph.node} <= TENSORRT_10
    assert {(each.domain, each.version) for each in model.opset_import} == {("", 20)}
    for node in model.graph.node:
        assert node.op_type != "MaxPool" or len(node.output) == 1


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
    assert [path.name for path in written] == ["lanes.onnx", "lanes.json"]
    assert json.loads((tmp_path / "lanes.json").read_text())[MODEL_KEY]
    assert trtexec_line(out) == (
        "trtexec --onnx=lanes.onnx --saveEngine=lanes.engine --stronglyTyped "
        "--minShapes=images:1x64x96x3 --optShapes=images:1x64x96x3 "
        "--maxShapes=images:8x64x96x3"
    )


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
