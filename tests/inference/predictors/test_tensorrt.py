"""TensorRT's part of the predictor, on an engine that NumPy runs."""

import ctypes
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from exports import PARTS, SHAPE, images

from lanedet.formats.models import (
    MODEL_KEY,
    ExportFacts,
    ModelMetadata,
    read_sidecar,
    sidecar_of,
    sidecar_text,
)
from lanedet.inference import LaneInferencer, open_predictor
from lanedet.inference.predictors.tensorrt import TensorRtPredictor

PLACE = np.array([0, *SHAPE[:1], 0, *SHAPE[1:]])


class FakeMemory(ModuleType):
    """The functions of ``cuda.bindings.runtime`` that are used, on the host."""

    cudaMemcpyKind = SimpleNamespace(  # noqa: N815
        cudaMemcpyHostToDevice=1, cudaMemcpyDeviceToHost=2
    )

    def __init__(self) -> None:
        super().__init__("cuda.bindings.runtime")
        self.blocks: dict[int, Any] = {}
        self.device: int | None = None
        self.num_devices = 2

    def cudaGetDeviceCount(self) -> tuple[int, int]:  # noqa: N802
        return 0, self.num_devices

    def cudaSetDevice(self, number: int) -> tuple[int]:  # noqa: N802
        self.device = number
        return (0,)

    def cudaMalloc(self, size: int) -> tuple[int, int]:  # noqa: N802
        block = ctypes.create_string_buffer(size)
        address = ctypes.addressof(block)
        self.blocks[address] = block
        return 0, address

    def cudaFree(self, address: int) -> tuple[int]:  # noqa: N802
        del self.blocks[address]
        return (0,)

    def cudaMemcpy(  # noqa: N802
        self, target: int, source: int, size: int, _kind: int
    ) -> tuple[int]:
        ctypes.memmove(target, source, size)
        return (0,)


class FakeEngine:
    """Says that a pixel is a lane where its green is above 128."""

    def __init__(self, batch: int) -> None:
        self.shapes = {
            "images": (batch, *SHAPE, 3),
            "lane_probs": (batch, 1, *SHAPE),
            "existence": (batch, 1),
        }
        self.num_io_tensors = 3

    def get_tensor_name(self, number: int) -> str:
        return [*self.shapes][number]

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def get_tensor_mode(self, name: str) -> int:
        return 0 if name == "images" else 1

    def get_tensor_dtype(self, name: str) -> type:
        return np.uint8 if name == "images" else np.float32

    def get_tensor_profile_shape(self, name: str, number: int) -> list[Any]:
        assert (name, number) == ("images", 0)
        return [(size, *SHAPE, 3) for size in (1, 1, 2)]

    def create_execution_context(self) -> "FakeContext":
        return FakeContext(self)


class FakeContext:
    def __init__(self, engine: FakeEngine) -> None:
        self._shapes, self._addresses = dict(engine.shapes), {}
        self.batches: list[int] = []

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> None:
        assert name == "images"
        self._shapes = {key: (shape[0], *s[1:]) for key, s in self._shapes.items()}

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self._shapes[name]

    def set_tensor_address(self, name: str, address: int) -> None:
        self._addresses[name] = address

    def _array(self, name: str, kind: type) -> np.ndarray:
        size = int(np.prod(self._shapes[name])) * np.dtype(kind).itemsize
        block = (ctypes.c_char * size).from_address(self._addresses[name])
        return np.frombuffer(block, dtype=kind).reshape(self._shapes[name])

    def execute_async_v3(self, stream: int) -> bool:
        assert stream == 0
        pixels = self._array("images", np.uint8)
        self.batches.append(len(pixels))
        self._array("lane_probs", np.float32)[:, 0] = pixels[..., 1] > 128
        self._array("existence", np.float32)[:] = 1
        return True


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> FakeMemory:
    """Put a TensorRT and a CUDA of NumPy in place of the real ones."""

    class Logger:
        Severity = SimpleNamespace(ERROR=1, WARNING=2)

    class Runtime:
        def __init__(self, log: Any) -> None:
            self._log = log

        def deserialize_cuda_engine(self, content: bytes) -> FakeEngine | None:
            if content.startswith(b"engine"):
                return FakeEngine(int(content[6:]))
            self._log.log(2, "a warning")
            self._log.log(1, "Version tag does\n not match.")
            return None

    tensorrt = ModuleType("tensorrt")
    tensorrt.__dict__.update(
        __version__="10.9.0",
        ILogger=Logger,
        Runtime=Runtime,
        TensorIOMode=SimpleNamespace(INPUT=0, OUTPUT=1),
        nptype=lambda kind: kind,
    )
    fake, bindings = FakeMemory(), ModuleType("cuda.bindings")
    bindings.runtime = fake  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tensorrt", tensorrt)
    monkeypatch.setitem(sys.modules, "cuda", ModuleType("cuda"))
    monkeypatch.setitem(sys.modules, "cuda.bindings", bindings)
    monkeypatch.setitem(sys.modules, "cuda.bindings.runtime", fake)
    return fake


def _engine(folder: Path, batch: int = -1, content: bytes | None = None) -> Path:
    backbone, head = PARTS["maps"]
    description = {
        "type": "LaneDetector",
        "backbone": backbone,
        "head": {**head, "decoder": {"type": "ComponentLaneDecoder"}},
        "view": {"type": "LetterboxView", "input_shape": [*SHAPE]},
    }
    facts = ExportFacts("maps", "float16", batch if batch > 0 else None)
    path = folder / "lanes.engine"
    path.write_bytes(b"engine%d" % batch if content is None else content)
    texts = ModelMetadata(description, facts, {}).texts()
    sidecar_of(path).write_text(sidecar_text(texts))
    return path


@pytest.mark.parametrize("batch", [-1, 2])
def test_an_engine_gives_its_readings(
    batch: int, memory: FakeMemory, tmp_path: Path
) -> None:
    predictor = open_predictor(_engine(tmp_path, batch), device="cuda:1")
    assert isinstance(predictor, TensorRtPredictor)
    assert (predictor.runtime, predictor.device) == ("TensorRT 10.9.0", "cuda:1")
    assert memory.device == 1
    for number in (1, 3, 2):
        pixels = images(number)
        readings = predictor.read(pixels, PLACE)
        expected = (pixels[..., 1] > 128)[:, None]
        np.testing.assert_array_equal(readings["lane_probs"], expected)
        assert readings["existence"].shape == (number, 1)
    expected_batches = [2, 2, 2, 2] if batch == 2 else [1, 2, 2, 2]
    assert predictor._context.batches == expected_batches
    assert len(memory.blocks) == 3  # those that were too small are free again


def test_it_finds_lanes(memory: FakeMemory, tmp_path: Path) -> None:
    image = np.zeros((*SHAPE, 3), dtype=np.uint8)
    image[:, 40:43] = 255
    [sample] = LaneInferencer(_engine(tmp_path)).predict(image)
    [lane] = sample.pred_lanes
    np.testing.assert_allclose(lane[:, 0], 41, atol=0.01)


def test_an_engine_of_another_version_or_gpu(
    memory: FakeMemory, tmp_path: Path
) -> None:
    message = (
        r"does not match\. An engine holds for one version .* trtexec --onnx=lanes"
    )
    with pytest.raises(ValueError, match=message):
        open_predictor(_engine(tmp_path, content=b"of another version"))


@pytest.mark.parametrize("device", ["cpu", "cuda:2", "cuda:x"])
def test_a_device_that_is_not_there(
    device: str, memory: FakeMemory, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="TensorRT has no device"):
        open_predictor(_engine(tmp_path), device=device)


def test_an_engine_for_other_slots_than_its_sidecar_says(
    memory: FakeMemory, tmp_path: Path
) -> None:
    path = _engine(tmp_path)
    texts = read_sidecar(path)
    description = json.loads(texts[MODEL_KEY])
    description["head"]["num_lanes"] = 3
    sidecar_of(path).write_text(
        sidecar_text({**texts, MODEL_KEY: json.dumps(description)})
    )
    message = r"must give lane_probs of 3 slots, .* got a graph for 1\."
    with pytest.raises(ValueError, match=message):
        open_predictor(path)


def test_an_engine_without_its_sidecar(tmp_path: Path) -> None:
    path = _engine(tmp_path)
    sidecar_of(path).unlink()
    with pytest.raises(FileNotFoundError, match="needs its metadata beside it"):
        open_predictor(path)


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', "[" * 99_999])
def test_a_sidecar_that_is_none(content: str, tmp_path: Path) -> None:
    path = _engine(tmp_path)
    sidecar_of(path).write_text(content)
    with pytest.raises(ValueError, match="must be the metadata of an engine"):
        open_predictor(path)


def test_a_foreign_sidecar(tmp_path: Path) -> None:
    path = _engine(tmp_path)
    sidecar_of(path).write_text(json.dumps({"author": "a stranger"}))
    with pytest.raises(ValueError, match="must be a model that lanedet export wrote"):
        open_predictor(path)


@pytest.mark.parametrize("name", ["tensorrt", "cuda.bindings"])
def test_tensorrt_is_not_installed(
    name: str, memory: FakeMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    message = rf"needs {name}.* pip install 'lanedet\[tensorrt\]'"
    with pytest.raises(ValueError, match=message):
        open_predictor(_engine(tmp_path))


def test_half_is_the_engines_own(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"precision of .* is its own"):
        open_predictor(_engine(tmp_path), half=True)
