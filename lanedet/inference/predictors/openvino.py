"""Networks in OpenVINO: ``pip install 'lanedet[openvino]'``."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.formats.models import (
    ModelMetadata,
    read_onnx_metadata,
    read_openvino_metadata,
)
from lanedet.inference.host_parts import Readings
from lanedet.inference.predictors.predictor import (
    check_batch,
    check_file,
    check_input_shape,
    check_ports,
    check_slots,
    open_metadata,
    read_in_batches,
)
from lanedet.runtime import needs_extra, num_compute_threads, num_usable_cores


class OpenVinoPredictor:
    """An OpenVINO model, or an ONNX file, in OpenVINO.

    A network that takes any number of images is made one that takes one: it runs
    faster so, one image after the other.

    Args:
        path: A file that ``lanedet export`` wrote: ``.xml`` or ``.onnx``.
        device: Such as ``cpu``, ``gpu``, ``gpu.1`` or ``npu``; the CPU if not given.
        half: Whether to compute with bfloat16, where the device can.

    Raises:
        FileNotFoundError: If there is no such file, or it lacks its weights.
        ValueError: If it is damaged, foreign or another version's, OpenVINO is not
            installed or cannot run it, or has no such device or no bfloat16 on it.
    """

    insight = None

    def __init__(
        self, path: Path, device: str | None = None, *, half: bool = False
    ) -> None:
        check_file(path)
        is_onnx = path.suffix == ".onnx"
        read = read_onnx_metadata if is_onnx else read_openvino_metadata
        metadata, self.parts = open_metadata(path, read(path))
        self.kind, self._facts = metadata.facts.readings, metadata.facts
        with needs_extra("To run a model in OpenVINO", "openvino"):
            import openvino
        self._path = path
        self.runtime = f"OpenVINO {openvino.__version__.partition('-')[0]}"
        self._core = _core()
        self._name = self._chosen(device)
        self.device = self._name.lower()
        self._half = half
        if half and not self._has_bfloat16():
            raise ValueError(
                f"half needs a device that computes with bfloat16, and {self._name} "
                "does not. Leave half out."
            )
        self._model = self._read(metadata)
        self._size = self._facts.batch or 1
        self._shared: _Networks | None = None

    def _chosen(self, device: str | None) -> str:
        """Return OpenVINO's name of a device."""
        name = (device or "cpu").upper()
        there = self._core.available_devices
        if name not in there:
            raise ValueError(
                f"{self.runtime} has no device {f'{device!r}':.80} here. It has "
                f"{', '.join(there)}."
            )
        return name

    def _has_bfloat16(self) -> bool:
        return "BF16" in self._core.get_property(
            self._name, "OPTIMIZATION_CAPABILITIES"
        )

    def _read(self, metadata: ModelMetadata) -> Any:
        try:
            model = self._core.read_model(self._path)
            ports = [
                {each.get_any_name(): each.partial_shape for each in side}
                for side in (model.inputs, model.outputs)
            ]
        except RuntimeError as error:
            raise self._cannot_run(error) from error
        check_ports(self._path, self._facts, ports[0], [*ports[1]])
        shape = _lengths(ports[0]["images"])
        check_input_shape(self._path, self.parts, shape)
        check_batch(self._path, self._facts, shape[0])
        outputs = {name: _lengths(shape) for name, shape in ports[1].items()}
        check_slots(self._path, metadata, outputs)
        if self._facts.batch is None:
            try:
                model.reshape({"images": [1, *shape[1:]]})
            except RuntimeError as error:
                raise self._cannot_run(error) from error
        self._inputs = ports[0].keys()
        return model

    def _compile(self, num_calls: int) -> "_Networks":
        """Return networks that so many threads can run at once."""
        hints: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if self._name == "CPU":
            num_threads = max(num_calls, num_compute_threads())
            hints = {
                "INFERENCE_PRECISION_HINT": "bf16" if self._half else "f32",
                "NUM_STREAMS": num_calls,
                "INFERENCE_NUM_THREADS": num_threads,
                # Where others have the rest of the cores, each process would bind its
                # threads to the same ones.
                "ENABLE_CPU_PINNING": num_threads >= num_usable_cores(),
            }
        try:
            return _Networks(self._core.compile_model(self._model, self._name, hints))
        except RuntimeError as error:
            raise self._cannot_run(error) from error

    @cached_property
    def _alone(self) -> "_Networks":
        """What runs outside of :meth:`concurrent`; it takes a while to compile."""
        return self._compile(num_calls=1)

    def _cannot_run(self, error: RuntimeError) -> ValueError:
        """Return what to raise: of OpenVINO's nested messages the innermost."""
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = next(
            (each for each in reversed(lines) if not each.startswith("Exception from")),
            "no reason given",
        )
        return ValueError(
            f"{self.runtime} cannot run {str(self._path)!r}: {reason:.300}"
        )

    def read(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        """Return the readings of a batch, as every predictor does."""
        return read_in_batches(
            lambda batch: self._run(batch, place), images, self._size
        )

    def _run(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        given = {"images": images, "place": place}
        request = (self._shared or self._alone).request()
        # To copy takes less time than to let OpenVINO read the arrays where they are.
        for name in self._inputs:
            request.get_tensor(name).data[:] = given[name]
        try:
            request.infer()
        except RuntimeError as error:
            raise self._cannot_run(error) from error
        return {
            name: request.get_tensor(name).data.copy() for name in self._facts.outputs
        }

    @contextmanager
    def concurrent(self, num_calls: int) -> Iterator[Callable[[], None]]:
        """Let several threads read at once, as with every predictor."""
        self._shared = self._compile(num_calls)
        try:
            yield lambda: None
        finally:
            self._shared = None


@cache
def _core() -> Any:
    """Return the one core of the process, which stays.

    Each has a stack for signals. Of two, where the first one is the first to go, the
    second one leaves the stack of the first behind when it goes, which is there no
    more, and the next Ctrl-C ends the program by a segmentation fault (2026.4.1).
    """
    import openvino

    return openvino.Core()


def _lengths(shape: Any) -> tuple[int | None, ...]:
    """Return the lengths of an ``openvino.PartialShape``, None where one is open."""
    if shape.rank.is_dynamic:
        return ()
    return tuple(each.get_length() if each.is_static else None for each in shape)


class _Networks:
    """A compiled network, and a request of it for each thread that runs it."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._of_thread = threading.local()

    def request(self) -> Any:
        if not hasattr(self._of_thread, "request"):
            self._of_thread.request = self._compiled.create_infer_request()
        return self._of_thread.request
