"""What holds of each runtime that runs exported files."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from exports import PARTS, PLACE, SHAPE, exported_file, images, weights_file

from lanedet.export import export_model
from lanedet.export.onnx_file import bare_onnx
from lanedet.formats.models import (
    EXPORT_KEY,
    MODEL_KEY,
    add_onnx_metadata,
    read_onnx_metadata,
)
from lanedet.inference import LaneInferencer, Predictor, default_weights, open_predictor
from lanedet.runtime import num_usable_cores
from lanedet.structures import LaneSample

pytest.importorskip("onnx", reason="needs the extra export")
REAL = Path(__file__).resolve().parents[4] / "shared" / "real" / "tusimple"
RUNTIMES = [
    pytest.param("onnxruntime", "onnx", id="ONNX Runtime"),
    pytest.param("openvino", "onnx", id="OpenVINO, ONNX"),
    pytest.param("openvino", "openvino", id="OpenVINO, IR"),
]
each_runtime = pytest.mark.parametrize(("runtime", "format_name"), RUNTIMES)


def _open(runtime: str, path: Path) -> Predictor:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    return open_predictor(path, runtime=runtime, device="cpu")


def _pictures() -> list[np.ndarray]:
    """Return pictures of several formats; some leave the input partly empty."""
    rng = np.random.default_rng(3)
    shapes = [(128, 192), (100, 300), (100, 300), (200, 180)]
    return [rng.integers(0, 256, (*shape, 3), dtype=np.uint8) for shape in shapes]


def _assert_same_lanes(found: list[LaneSample], expected: list[LaneSample]) -> None:
    for sample, other in zip(found, expected, strict=True):
        assert sample.pred_slots == other.pred_slots
        assert sample.pred_names == other.pred_names
        np.testing.assert_allclose(sample.pred_scores, other.pred_scores, atol=1e-3)
        for lane, other_lane in zip(sample.pred_lanes, other.pred_lanes, strict=True):
            np.testing.assert_allclose(lane, other_lane, atol=1e-2, rtol=0)


@each_runtime
@pytest.mark.parametrize("kind", PARTS)
def test_lanes_are_those_of_pytorch(kind: str, runtime: str, format_name: str) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    path, pictures = exported_file(kind, format_name), _pictures()
    expected = LaneInferencer(weights_file(kind), device="cpu").predict(pictures)
    assert sum(len(sample.pred_lanes) for sample in expected) >= 4
    inferencer = LaneInferencer(path, runtime=runtime, device="cpu")
    assert inferencer.device == "cpu"
    _assert_same_lanes(inferencer.predict(pictures), expected)
    _assert_same_lanes(inferencer.predict(pictures, batch_size=1), expected)


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's model, exported in float32."""
    path = tmp_path_factory.mktemp("packaged") / "lanes.onnx"
    export_model(default_weights(), path, "onnx")
    return path


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="There are no real frames here.")
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_lanes_of_real_frames_are_those_of_pytorch(
    runtime: str, packaged: Path
) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    frames = sorted(REAL.rglob("20.jpg"))[::8]
    assert len(frames) >= 6
    expected = LaneInferencer(default_weights(), device="cpu").predict(frames)
    found = LaneInferencer(packaged, runtime=runtime, device="cpu").predict(frames)
    assert sum(len(sample.pred_lanes) for sample in expected) >= 2 * len(frames)
    _assert_same_lanes(found, expected)  # within 0.01 px


@each_runtime
def test_a_fixed_batch_is_filled_up(runtime: str, format_name: str) -> None:
    predictor = _open(runtime, exported_file("rows", format_name, half=True, batch=2))
    pixels, place = images(3), np.array(PLACE)
    together = predictor.read(pixels, place)
    assert together["rows"].shape == (3, 4, SHAPE[0] // 2, 3)
    for number, picture in enumerate(pixels):
        alone = predictor.read(picture[None], place)
        np.testing.assert_array_equal(together["rows"][number], alone["rows"][0])


@each_runtime
@pytest.mark.skipif(
    not Path("/proc/self/task").is_dir() or num_usable_cores() < 2,
    reason="Needs Linux and two cores.",
)
def test_one_thread_of_several_cores_is_bound_to_none(
    runtime: str, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else all of several processes would compute on the same core.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    predictor = _open(runtime, exported_file("maps", format_name))
    pixels, place = images(16), np.array(PLACE)
    predictor.read(pixels[:1], place)
    reader = threading.Thread(target=lambda: predictor.read(pixels, place))
    everywhere, seen = os.sched_getaffinity(0), set()
    reader.start()
    while reader.is_alive():
        with suppress(ProcessLookupError):
            seen.add(frozenset(os.sched_getaffinity(reader.native_id or 0)))
    reader.join()
    assert seen == {frozenset(everywhere)}


@each_runtime
def test_threads_that_read_at_once_get_their_own(
    runtime: str, format_name: str
) -> None:
    predictor = _open(runtime, exported_file("maps", format_name))
    pixels, place = images(8), np.array(PLACE)
    expected = predictor.read(pixels, place)["lane_probs"]
    found: dict[int, np.ndarray] = {}

    def look(begin: Callable[[], None], numbers: range) -> None:
        begin()
        for number in numbers:
            readings = predictor.read(pixels[number : number + 1], place)
            found[number] = readings["lane_probs"][0]

    with predictor.concurrent(2) as begin:
        threads = [
            threading.Thread(target=look, args=(begin, range(first, 8, 2)))
            for first in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == [*range(8)]
    for number, probs in found.items():
        np.testing.assert_allclose(probs, expected[number], atol=1e-5)
    np.testing.assert_allclose(
        predictor.read(pixels, place)["lane_probs"], expected, atol=1e-5
    )


@each_runtime
def test_a_runtime_that_is_not_installed(
    runtime: str, format_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = exported_file("maps", format_name)
    monkeypatch.setitem(sys.modules, runtime, None)
    extra = "onnx" if runtime == "onnxruntime" else "openvino"
    message = f"needs {runtime}, which is not installed: pip install 'lanedet[{extra}]'"
    with pytest.raises(ValueError, match=re.escape(message)):
        open_predictor(path, runtime=runtime)


@each_runtime
def test_a_device_that_is_not_there(runtime: str, format_name: str) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    with pytest.raises(ValueError, match=r"has no device 'tpu' here\. It has "):
        open_predictor(
            exported_file("maps", format_name), runtime=runtime, device="tpu"
        )


@each_runtime
@pytest.mark.parametrize("content", [b"", b"junk" * 10], ids=["empty", "junk"])
def test_what_is_no_model(
    runtime: str, format_name: str, content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / exported_file("maps", format_name).name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"must be .* none or was cut off"):
        open_predictor(path, runtime=runtime)


@each_runtime
def test_no_file(runtime: str, format_name: str, tmp_path: Path) -> None:
    path = tmp_path / exported_file("maps", format_name).name
    with pytest.raises(FileNotFoundError, match=r"No model at .* lanedet export"):
        open_predictor(path, runtime=runtime)


@each_runtime
def test_a_file_that_was_cut_off(
    runtime: str, format_name: str, tmp_path: Path
) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    source = exported_file("maps", format_name)
    path = tmp_path / source.name
    for share in (0.1, 0.5, 0.9, 0.999):
        content = source.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises((ValueError, FileNotFoundError), match=re.escape(path.name)):
            open_predictor(path, runtime=runtime)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_foreign_graph_with_our_metadata(runtime: str, tmp_path: Path) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.UINT8
    for shape, names, message in (
        ((1, 64, 96, 3), ("pixels", "lane_probs"), "must take images and place"),
        ((1, 64, 96, 3), ("images", "boxes"), "must take images and place"),
        ((1, 32, 96, 3), ("images", "lane_probs"), "got a graph for"),
    ):
        ports = [helper.make_tensor_value_info(name, kind, shape) for name in names]
        more = helper.make_tensor_value_info("existence", kind, shape)
        nodes = [
            helper.make_node("Identity", [names[0]], [out])
            for out in (names[1], "existence")
        ]
        graph = helper.make_graph(nodes, "graph", ports[:1], [ports[1], more])
        opset = [helper.make_opsetid("", 20)]
        model = helper.make_model(graph, opset_imports=opset, ir_version=10)
        texts = read_onnx_metadata(exported_file("maps", "onnx"))
        path = tmp_path / "foreign.onnx"
        path.write_bytes(add_onnx_metadata(model.SerializeToString(), texts))
        with pytest.raises(ValueError, match=message):
            open_predictor(path, runtime=runtime)


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize(("said", "words"), [(None, "any number of"), (4, "4")])
def test_a_graph_for_another_batch_than_its_metadata_say(
    said: int | None, words: str, runtime: str, tmp_path: Path
) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    source = exported_file("rows", "onnx", half=True, batch=2)
    texts = read_onnx_metadata(source)
    texts[EXPORT_KEY] = json.dumps({**json.loads(texts[EXPORT_KEY]), "batch": said})
    path = tmp_path / "other.onnx"
    path.write_bytes(add_onnx_metadata(bare_onnx(source), texts))
    message = f"must take {words} images at once, as its metadata say, got a graph for"
    with pytest.raises(ValueError, match=f"{message} 2"):
        open_predictor(path, runtime=runtime, device="cpu")


@each_runtime
def test_a_graph_for_other_slots_than_its_metadata_say(
    runtime: str, format_name: str, tmp_path: Path
) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    source = exported_file("maps", format_name)
    path = tmp_path / source.name
    if format_name == "openvino":
        text = source.read_text()
        assert text.count("num_lanes\\&quot;: 1") == 1
        text = text.replace("num_lanes\\&quot;: 1", "num_lanes\\&quot;: 2")
        path.write_text(text)
        path.with_suffix(".bin").write_bytes(source.with_suffix(".bin").read_bytes())
    else:
        texts = read_onnx_metadata(source)
        description = json.loads(texts[MODEL_KEY])
        description["head"]["num_lanes"] = 2
        texts[MODEL_KEY] = json.dumps(description)
        path.write_bytes(add_onnx_metadata(bare_onnx(source), texts))
    message = r"must give \w+ of 2 slots, as its metadata say, got a graph for 1\."
    with pytest.raises(ValueError, match=message):
        open_predictor(path, runtime=runtime, device="cpu")


def test_a_graph_that_stops_while_it_runs(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    onnx = pytest.importorskip("onnx")
    helper, shape = onnx.helper, ("B", 64, 96, 3)
    names, kind = ("images", "lane_probs", "existence"), onnx.TensorProto.FLOAT
    shapes = shape, *2 * [("B", 1, 96, 3)]
    ports = list(map(helper.make_tensor_value_info, names, 3 * [kind], shapes))
    axis = onnx.numpy_helper.from_array(np.array([1]), "axis")
    nodes = [
        helper.make_node("ReduceMax", [names[0], "axis"], [name]) for name in names[1:]
    ]
    graph = helper.make_graph(nodes, "graph", ports[:1], ports[1:], [axis])
    opset = [helper.make_opsetid("", 20)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    texts = read_onnx_metadata(exported_file("maps", "onnx"))
    path = tmp_path / "floats.onnx"
    path.write_bytes(add_onnx_metadata(model.SerializeToString(), texts))
    predictor = open_predictor(path, runtime="onnxruntime", device="cpu")
    with pytest.raises(ValueError, match=r"cannot run .*floats\.onnx.* data type"):
        predictor.read(images(1), np.array(PLACE))


@pytest.mark.parametrize("device", ["cpu:3", "cuda:", "cuda:x"])
def test_a_device_with_a_number_that_there_is_not(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    with pytest.raises(ValueError, match=f"has no device '{device}' here"):
        open_predictor(
            exported_file("maps", "onnx"), runtime="onnxruntime", device=device
        )


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_provider_that_is_listed_and_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    onnxruntime = pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    name = "CUDAExecutionProvider"
    if name in onnxruntime.get_available_providers():
        pytest.skip("it may start here")
    there = [name, "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: there)
    with pytest.raises(ValueError, match=f"lists {name} and cannot start it"):
        open_predictor(exported_file("maps", "onnx"), runtime="onnxruntime")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_graph_of_unknown_operators(runtime: str, tmp_path: Path) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto.UINT8
    shape = (1, 64, 96, 3)
    names = ("images", "lane_probs", "existence")
    ports = [helper.make_tensor_value_info(name, kind, shape) for name in names]
    node = helper.make_node("Run", ["images"], names[1:], domain="of.a.stranger")
    graph = helper.make_graph([node], "graph", ports[:1], ports[1:])
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("of.a.stranger", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    texts = read_onnx_metadata(exported_file("maps", "onnx"))
    path = tmp_path / "foreign.onnx"
    path.write_bytes(add_onnx_metadata(model.SerializeToString(), texts))
    with pytest.raises(ValueError, match=r"cannot run .*foreign\.onnx"):
        open_predictor(path, runtime=runtime)


_DROP_TWO = """
import signal, sys
from pathlib import Path
from lanedet.inference import open_predictor
path = Path(sys.argv[1])
first, second = (open_predictor(path, runtime="openvino") for _ in range(2))
del first
del second
try:
    signal.raise_signal(signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such stacks.")
def test_ctrl_c_after_two_models_in_openvino() -> None:
    pytest.importorskip("openvino", reason="needs the extra openvino")
    command = [sys.executable, "-c", _DROP_TWO, str(exported_file("maps", "onnx"))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr


def test_an_openvino_model_without_its_weights(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="needs the extra openvino")
    path = tmp_path / "lanes.xml"
    path.write_bytes(exported_file("maps", "openvino").read_bytes())
    with pytest.raises(FileNotFoundError, match=r"in 'lanes\.bin': copy both files"):
        open_predictor(path)


def test_bfloat16_where_the_cpu_has_it() -> None:
    openvino = pytest.importorskip("openvino", reason="needs the extra openvino")
    path = exported_file("maps", "onnx")
    kinds = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    if "BF16" not in kinds:
        with pytest.raises(ValueError, match="half needs a device that computes with"):
            open_predictor(path, runtime="openvino", half=True)
        return
    predictor = open_predictor(path, runtime="openvino", half=True)
    whole = open_predictor(path, runtime="openvino")
    readings = [
        each.read(images(1), np.array(PLACE))["lane_probs"]
        for each in (predictor, whole)
    ]
    difference = np.abs(readings[0] - readings[1])
    assert 0 < np.median(difference) < 0.02
