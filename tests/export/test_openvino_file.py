from pathlib import Path

import numpy as np
import pytest
from exports import PARTS, PLACE, exported_file, images

from lanedet.export import export_model
from lanedet.export.openvino_file import openvino_model, write_openvino
from lanedet.formats.models import ModelMetadata, read_onnx_metadata
from lanedet.inference import default_weights, open_predictor

onnx = pytest.importorskip("onnx", reason="needs the extra export")
openvino = pytest.importorskip("openvino", reason="needs the extra export")


def _metadata() -> ModelMetadata:
    path = exported_file("maps", "onnx")
    return ModelMetadata.read(read_onnx_metadata(path), path)


def _written(model: openvino.Model, out: Path) -> tuple[openvino.Model, int]:
    """Return a model as it is read from its files, and the size of its weights."""
    write_openvino(model, out)
    return openvino.Core().read_model(out), out.with_suffix(".bin").stat().st_size


def _onnx_of(
    operator: str,
    shape: tuple[int, ...],
    result: tuple[int, ...],
    numbers: list[np.ndarray],
) -> bytes:
    """Return an ONNX file of one operator, which reads an input and numbers."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    names = [f"number{n}" for n in range(len(numbers))]
    stored = list(map(onnx.numpy_helper.from_array, numbers, names))
    node = helper.make_node(operator, ["images", *names], ["found"])
    ports = [
        helper.make_tensor_value_info("images", kind, shape),
        helper.make_tensor_value_info("found", kind, result),
    ]
    graph = helper.make_graph([node], "graph", ports[:1], ports[1:], stored)
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    content: bytes = model.SerializeToString()
    return content


def _run(model: openvino.Model, images: np.ndarray) -> np.ndarray:
    hints = {"INFERENCE_PRECISION_HINT": "f32"}
    return openvino.Core().compile_model(model, "CPU", hints)(images)[0]


@pytest.mark.parametrize("kind", PARTS)
def test_it_computes_what_the_onnx_file_does(kind: str) -> None:
    pixels, place = images(2), np.array(PLACE)
    found, expected = (
        open_predictor(
            exported_file(kind, name), runtime="openvino", device="cpu"
        ).read(pixels, place)
        for name in ("openvino", "onnx")
    )
    assert found.keys() == expected.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, expected[name])


def test_the_shape_of_a_bias_is_not_computed(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = rng.standard_normal((5, 3, 3, 3)).astype(np.float32)
    bias = np.arange(5, dtype=np.float32)
    content = _onnx_of("Conv", (1, 3, 9, 9), (1, 5, 7, 7), [weight, bias])
    kinds = [
        node.get_type_name() for node in openvino.Core().read_model(content).get_ops()
    ]
    assert kinds.count("ShapeOf") > 0
    model, size = _written(openvino_model(content, _metadata()), tmp_path / "a.xml")
    kinds = [node.get_type_name() for node in model.get_ops()]
    assert sorted(kinds) == sorted(
        ["Parameter", "Constant", "Convolution", "Constant", "Add", "Result"]
    )
    assert size == weight.nbytes + bias.nbytes
    pixels = np.zeros((1, 3, 9, 9), dtype=np.float32)
    found = _run(model, pixels)
    np.testing.assert_array_equal(
        found, np.broadcast_to(bias[:, None, None], (1, 5, 7, 7))
    )


def test_int8_stays_int8() -> None:
    written, source = (
        openvino.Core().read_model(exported_file("maps", name, int8=True))
        for name in ("openvino", "onnx")
    )
    assert _num_int8_bytes(written) == _num_int8_bytes(source) > 10_000


def _num_int8_bytes(model: openvino.Model) -> int:
    return sum(
        node.data.nbytes
        for node in model.get_ops()
        if node.get_type_name() == "Constant"
        if node.get_element_type() == openvino.Type.i8
    )


_EXACT = np.linspace(-2, 2, 4096, endpoint=False, dtype=np.float32).reshape(64, 64)


@pytest.mark.parametrize(
    ("weights", "num_bytes"),
    [
        pytest.param(_EXACT, 2, id="exact"),
        pytest.param(_EXACT * np.float32(1 + 2**-20), 4, id="finer"),
        pytest.param(_EXACT * np.float32(1e6), 4, id="larger"),
        pytest.param(_EXACT[:8, :8].copy(), 4, id="too small to be worth it"),
    ],
)
def test_what_float16_holds_is_stored_in_it(
    weights: np.ndarray, num_bytes: int, tmp_path: Path
) -> None:
    size = len(weights)
    content = _onnx_of("MatMul", (size, size), (size, size), [weights])
    model, written = _written(openvino_model(content, _metadata()), tmp_path / "a.xml")
    assert written == num_bytes * weights.size
    found = _run(model, np.eye(size, dtype=np.float32))
    np.testing.assert_array_equal(found, weights)


@pytest.mark.slow
def test_the_packages_model_is_small(tmp_path: Path) -> None:
    files = export_model(default_weights(), tmp_path / "lanes.xml", "openvino")
    assert sum(path.stat().st_size for path in files) <= 3.1e6
