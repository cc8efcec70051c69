"""Networks in TensorRT, from engines: ``pip install 'lanedet[tensorrt]'``.

An engine holds for one version of TensorRT and one kind of GPU. Only its own code runs:
engines that bring code for the host are refused, which is TensorRT's default.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.formats.models import read_sidecar
from lanedet.inference.host_parts import Readings
from lanedet.inference.predictors.predictor import (
    check_file,
    check_input_shape,
    check_ports,
    check_slots,
    open_metadata,
    read_in_batches,
)
from lanedet.runtime import needs_extra


class TensorRtPredictor:
    """An engine in TensorRT, with its sidecar (``.engine.json``) beside it.

    Args:
        path: The engine, built by ``lanedet export --format tensorrt`` or ``trtexec``.
        device: ``cuda`` or ``cuda:N``.

    Raises:
        FileNotFoundError: If there is no such file, or no sidecar.
        ValueError: If the sidecar is damaged or foreign, TensorRT is not installed, the
            engine is of another version, of another GPU or damaged, or there is no such
            device.
    """

    insight = None

    def __init__(self, path: Path, device: str | None = None) -> None:
        check_file(path)
        metadata, self.parts = open_metadata(path, read_sidecar(path))
        self.kind, self._facts = metadata.facts.readings, metadata.facts
        with needs_extra("To run an engine", "tensorrt"):
            import tensorrt
            from cuda.bindings import runtime as cuda

        self._trt: Any = tensorrt
        self._memory = _GpuMemory(cuda)
        self.runtime = f"TensorRT {tensorrt.__version__}"
        self.device = device or "cuda"
        self._memory.choose(self.device)
        self._lock = Lock()  # an execution context has one set of addresses
        engine = self._open(path)
        self._context = engine.create_execution_context()
        names = [engine.get_tensor_name(n) for n in range(engine.num_io_tensors)]
        is_input = tensorrt.TensorIOMode.INPUT
        inputs = {
            name: tuple(engine.get_tensor_shape(name))
            for name in names
            if engine.get_tensor_mode(name) == is_input
        }
        outputs = {
            name: tuple(engine.get_tensor_shape(name))
            for name in names
            if name not in inputs
        }
        self._outputs = {
            name: np.dtype(tensorrt.nptype(engine.get_tensor_dtype(name)))
            for name in outputs
        }
        check_ports(path, self._facts, inputs, [*self._outputs])
        check_input_shape(path, self.parts, inputs["images"])
        check_slots(path, metadata, outputs)
        self._inputs = inputs.keys()
        size = inputs["images"][0]
        if size < 1:  # any number up to what the engine was built for
            size = engine.get_tensor_profile_shape("images", 0)[2][0]
        self._size, self._is_fixed = int(size), inputs["images"][0] >= 1
        self._engine = engine  # it must outlive its context

    def _open(self, path: Path) -> Any:
        log = _log_of(self._trt)
        engine = self._trt.Runtime(log).deserialize_cuda_engine(path.read_bytes())
        if engine is None:
            reason = log.lines[0] if log.lines else "no reason given"
            raise ValueError(
                f"{self.runtime} cannot run {str(path)!r} on this GPU: {reason:.200} "
                "An engine holds for one version and one kind of GPU: build it here, "
                f"by trtexec --onnx={path.name}.onnx --saveEngine={path.name}"
            )
        return engine

    def read(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        """Return the readings of a batch, as every predictor does."""
        size = self._size if self._is_fixed else min(self._size, len(images))
        return read_in_batches(lambda batch: self._run(batch, place), images, size)

    def _run(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        given = {"images": images, "place": place}
        with self._lock:
            for name in self._inputs:
                array = np.ascontiguousarray(given[name])
                self._context.set_input_shape(name, array.shape)
                address = self._memory.upload(name, array)
                self._context.set_tensor_address(name, address)
            readings = {
                name: np.empty(tuple(self._context.get_tensor_shape(name)), dtype)
                for name, dtype in self._outputs.items()
            }
            for name, array in readings.items():
                address = self._memory.reserve(name, array.nbytes)
                self._context.set_tensor_address(name, address)
            if not self._context.execute_async_v3(0):
                raise RuntimeError(f"{self.runtime} stopped while it ran a network.")
            for name, array in readings.items():
                self._memory.download(name, array)
        return readings

    @contextmanager
    def concurrent(self, num_calls: int) -> Iterator[Callable[[], None]]:  # noqa: ARG002
        """Let several threads read, as with every predictor: they take turns."""
        yield lambda: None


class _GpuMemory:
    """Blocks of a GPU's memory by name, grown where they are too small."""

    def __init__(self, cuda: Any) -> None:
        self._cuda = cuda
        self._blocks: dict[str, tuple[int, int]] = {}

    def choose(self, device: str) -> None:
        """Compute on a device from now on, in this thread."""
        kind, _, number = device.partition(":")
        if kind == "cuda" and (not number or number.isdecimal()):
            error, count = self._cuda.cudaGetDeviceCount()
            if not int(error) and int(number[:4] or 0) < count:
                self._check(self._cuda.cudaSetDevice(int(number or 0)))
                return
        raise ValueError(
            f"TensorRT has no device {f'{device!r}':.80} here: it needs an NVIDIA GPU, "
            "as cuda or cuda:0."
        )

    def reserve(self, name: str, size: int) -> int:
        """Return the address of a block of at least so many bytes."""
        address, reserved = self._blocks.get(name, (0, 0))
        if reserved < size:
            if address:
                self._check(self._cuda.cudaFree(address))
            address = self._check(self._cuda.cudaMalloc(size))
            self._blocks[name] = address, size
        return address

    def upload(self, name: str, array: NDArray[Any]) -> int:
        """Copy an array to the GPU and return its address there."""
        address = self.reserve(name, array.nbytes)
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyHostToDevice
        self._check(
            self._cuda.cudaMemcpy(address, array.ctypes.data, array.nbytes, kind)
        )
        return address

    def download(self, name: str, array: NDArray[Any]) -> None:
        """Fill an array from the GPU, when it has done all before."""
        kind = self._cuda.cudaMemcpyKind.cudaMemcpyDeviceToHost
        address, _ = self._blocks[name]
        self._check(
            self._cuda.cudaMemcpy(array.ctypes.data, address, array.nbytes, kind)
        )

    def _check(self, result: tuple[Any, ...]) -> int:
        """Return what a function of CUDA's returned behind its error code."""
        if int(result[0]):
            raise RuntimeError(f"CUDA stopped with error {result[0]}.")
        return int(result[1]) if len(result) > 1 else 0


def _log_of(tensorrt: Any) -> Any:
    """Return a log that keeps TensorRT's errors and prints nothing."""

    class Log(tensorrt.ILogger):
        def __init__(self) -> None:
            tensorrt.ILogger.__init__(self)
            self.lines: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            if severity <= tensorrt.ILogger.Severity.ERROR:
                self.lines.append(" ".join(message.split()))

    return Log()
