"""Which runtime runs which file."""

from collections.abc import Collection, Iterable
from importlib.util import find_spec
from pathlib import Path

from lanedet.inference.predictors.predictor import Predictor

_BY_SUFFIX = {
    ".onnx": ("openvino", "onnxruntime"),
    ".xml": ("openvino",),
    ".engine": ("tensorrt",),
    ".plan": ("tensorrt",),
}
_CODE = (".dll", ".dylib", ".pt2", ".so")
_CUDA = "CUDAExecutionProvider"  # what ONNX Runtime takes where no device is named

GPU_FILES = (
    "/dev/nvidiactl",
    "/dev/dxg",  # of WSL
    "/dev/kfd",
    "C:/Windows/System32/nvcuda.dll",
)
"""Files of the drivers of GPUs."""


def sees_gpu(files: Iterable[str] = GPU_FILES) -> bool:
    """Return whether there may be a GPU here, without asking a runtime.

    Args:
        files: Of drivers; one that is there is enough.
    """
    return any(Path(name).exists() for name in files)


def onnx_providers() -> tuple[str, ...]:
    """Return the execution providers that ONNX Runtime has for a GPU that is here.

    None where no GPU is in sight: a program is there sooner if it need not import it.
    """
    if not (sees_gpu() and is_installed("onnxruntime")):
        return ()
    import onnxruntime

    return tuple(onnxruntime.get_available_providers())


def runtimes_of(
    path: Path, device: str | None = None, providers: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the runtimes that can run a model file, the fastest first.

    Whether they are installed is another question.

    Args:
        path: The file. What is no exported file counts as weights, for PyTorch.
        device: As for :func:`open_predictor`.
        providers: What :func:`onnx_providers` returned. Where CUDA is among them and no
            device is named, ONNX Runtime comes first.

    Raises:
        ValueError: If it is a file that would run code when it is loaded.
    """
    if path.suffix.lower() in _CODE:
        raise ValueError(
            f"{str(path)!r} may run code when it is loaded, and is not. Name the "
            "weights (.safetensors) that it was made of, or export them to .onnx."
        )
    runtimes = _BY_SUFFIX.get(path.suffix, ("torch",))
    if device is None:
        is_for_onnx = _CUDA in providers
    else:
        is_for_onnx = device.startswith("cuda") or device.endswith("ExecutionProvider")
    return tuple(reversed(runtimes)) if is_for_onnx else runtimes


def choose_runtime(
    path: Path,
    runtime: str | None,
    device: str | None = None,
    *,
    providers: Collection[str] | None = None,
) -> str:
    """Return the name of the runtime that is to run a model file.

    Args:
        path: The file.
        runtime: One of ``lanedet.runtime.RUNTIMES``, or None for the fastest that is
            installed: where ONNX Runtime has CUDA and a GPU is here, on that.
        device: As for :func:`open_predictor`.
        providers: What ONNX Runtime has for a GPU that is here. If not given, it is
            asked where it matters.

    Raises:
        ValueError: If the file would run code, or is not for this runtime.
    """
    possible = runtimes_of(path, device, providers or ())
    if runtime is not None:
        if runtime not in possible:
            raise ValueError(
                f"{str(path)!r} is run by {' or '.join(possible)}, got "
                f"runtime={runtime!r}. Leave it out, or export the model in another "
                "format."
            )
        return runtime
    if "onnxruntime" in possible and device is None and providers is None:
        possible = runtimes_of(path, device, onnx_providers())
    installed = possible[1:] and [each for each in possible if is_installed(each)]
    return (*installed, *possible)[0]


def is_installed(runtime: str) -> bool:
    """Return whether the package of a runtime is there, without importing it."""
    return find_spec(runtime) is not None


def open_predictor(
    path: Path,
    *,
    runtime: str | None = None,
    device: str | None = None,
    half: bool = False,
) -> Predictor:
    """Return a model file in a runtime.

    Args:
        path: What ``lanedet export`` wrote, or weights.
        runtime: One of ``lanedet.runtime.RUNTIMES``. If not given, the fastest of those
            that can run the file and are installed, see :func:`choose_runtime`.
        device: As the runtime calls it: ``cpu`` and ``cuda:0`` for PyTorch and ONNX
            Runtime, execution providers by name for the latter, ``CPU``, ``GPU`` or
            ``NPU`` for OpenVINO. If not given, PyTorch and ONNX Runtime take a GPU
            where they have one.
        half: Whether to compute with half the digits: with float16 in PyTorch on a GPU,
            with bfloat16 in OpenVINO. The precision of other files is their own.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, foreign or would run code; if the runtime is not
            installed, cannot run it, or has no such device or no such precision.
    """
    chosen = choose_runtime(path, runtime, device)
    if half and chosen not in ("torch", "openvino"):
        raise ValueError(
            f"The precision of {str(path)!r} is its own: export the weights with "
            "--half for one that computes with float16."
        )
    if chosen == "openvino":
        from lanedet.inference.predictors.openvino import OpenVinoPredictor

        return OpenVinoPredictor(path, device, half=half)
    if chosen == "onnxruntime":
        from lanedet.inference.predictors.onnx import OnnxPredictor

        return OnnxPredictor(path, device)
    if chosen == "tensorrt":
        from lanedet.inference.predictors.tensorrt import TensorRtPredictor

        return TensorRtPredictor(path, device)
    if not is_installed("torch"):
        raise ValueError(
            f"{str(path)!r} is run by PyTorch, which is not installed: pip install "
            "lanedet brings it. Without it only what lanedet export wrote runs."
        )
    from lanedet.inference.predictors.torch import TorchPredictor
    from lanedet.models import load_weights, usable_device

    at = usable_device(device)
    return TorchPredictor(load_weights(path, at), at, half=half)
