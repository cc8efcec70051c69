import sys
from pathlib import Path
from types import ModuleType

import pytest

from lanedet.inference import default_weights, open_predictor
from lanedet.inference.predictors import choice
from lanedet.inference.predictors.choice import (
    choose_runtime,
    onnx_providers,
    runtimes_of,
    sees_gpu,
)


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        ("a.onnx", None, ("openvino", "onnxruntime")),
        ("a.onnx", "cpu", ("openvino", "onnxruntime")),
        ("a.onnx", "cuda:0", ("onnxruntime", "openvino")),
        ("a.onnx", "CoreMLExecutionProvider", ("onnxruntime", "openvino")),
        ("a.xml", None, ("openvino",)),
        ("a.engine", None, ("tensorrt",)),
        ("a.plan", "cuda", ("tensorrt",)),
        ("a.safetensors", None, ("torch",)),
        ("a.pth", "cuda", ("torch",)),
    ],
)
def test_the_fastest_comes_first(
    name: str, device: str | None, expected: tuple[str, ...]
) -> None:
    assert runtimes_of(Path(name), device) == expected


def test_of_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "is_installed", {"onnxruntime"}.__contains__)
    assert choose_runtime(Path("a.onnx"), None) == "onnxruntime"
    monkeypatch.setattr(choice, "is_installed", {"openvino"}.__contains__)
    assert choose_runtime(Path("a.onnx"), None, "cuda") == "openvino"
    monkeypatch.setattr(choice, "is_installed", set().__contains__)
    assert choose_runtime(Path("a.onnx"), None) == "openvino"  # says what to install


@pytest.mark.parametrize(
    ("providers", "device", "expected"),
    [
        (["CPUExecutionProvider"], None, "openvino"),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], None, "onnxruntime"),
        (["CUDAExecutionProvider", "CPUExecutionProvider"], "cpu", "openvino"),
        ([], None, "openvino"),
    ],
)
def test_a_gpu_comes_before_the_cpu(
    providers: list[str],
    device: str | None,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        choice, "is_installed", {"onnxruntime", "openvino"}.__contains__
    )
    path = Path("a.onnx")
    assert choose_runtime(path, None, device, providers=providers) == expected
    chosen = choose_runtime(path, "openvino", device, providers=providers)
    assert chosen == "openvino"
    assert choose_runtime(Path("a.xml"), None, providers=providers) == "openvino"


def test_onnx_runtime_is_asked_where_there_is_a_gpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = tmp_path / "nvidiactl"
    assert not sees_gpu([str(driver)])
    driver.touch()
    assert sees_gpu(["/nowhere", str(driver)])
    there = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    onnxruntime = ModuleType("onnxruntime")
    onnxruntime.get_available_providers = lambda: there  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "onnxruntime", onnxruntime)
    installed = {"onnxruntime", "openvino"}
    monkeypatch.setattr(choice, "is_installed", installed.__contains__)
    for has_gpu, expected in ((True, "onnxruntime"), (False, "openvino")):
        monkeypatch.setattr(choice, "sees_gpu", lambda seen=has_gpu: seen)
        assert onnx_providers() == (tuple(there) if has_gpu else ())
        assert choose_runtime(Path("a.onnx"), None) == expected


@pytest.mark.parametrize(
    ("name", "runtime", "message"),
    [
        ("a.onnx", "torch", "run by openvino or onnxruntime, got runtime='torch'"),
        ("a.safetensors", "openvino", "run by torch, got runtime='openvino'"),
    ],
)
def test_a_runtime_that_cannot(name: str, runtime: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        choose_runtime(Path(name), runtime)


@pytest.mark.parametrize("name", ["a.pt2", "a.PT2", "a.so", "a.dll", "a.dylib"])
def test_what_may_run_code_is_not_opened(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"anything")
    with pytest.raises(ValueError, match="may run code when it is loaded"):
        open_predictor(tmp_path / name)


def test_weights_without_pytorch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "is_installed", lambda runtime: runtime != "torch")
    with pytest.raises(ValueError, match=r"PyTorch, which is not installed: pip"):
        open_predictor(default_weights())
