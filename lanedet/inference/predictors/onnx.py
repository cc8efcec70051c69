"""Networks in ONNX Runtime: ``pip install 'lanedet[onnx]'``."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.formats.models import read_onnx_metadata
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
from lanedet.runtime import needs_extra, num_compute_threads

_PROVIDER = "ExecutionProvider"
_FAULTS = (
    "EPFail",
    "Fail",
    "InvalidArgument",
    "InvalidGraph",
    "InvalidProtobuf",
    "NotImplemented",
    "RuntimeException",
)


class OnnxPredictor:
    """An ONNX file in ONNX Runtime.

    Args:
        path: A file that ``lanedet export --format onnx`` wrote.
        device: ``cpu``, ``cuda`` or ``cuda:N``, or the name of an execution provider,
            such as ``CoreMLExecutionProvider``. If not given, CUDA where this ONNX
            Runtime has it, else the CPU.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, foreign or another version's, ONNX Runtime is not
            installed or cannot run it, or has no such device.
    """

    insight = None

    def __init__(self, path: Path, device: str | None = None) -> None:
        check_file(path)
        self._metadata, self.parts = open_metadata(path, read_onnx_metadata(path))
        self.kind = self._metadata.facts.readings
        with needs_extra("To run an ONNX file", "onnx"):
            import onnxruntime

        self._ort: Any = onnxruntime
        self._path = path
        self.runtime = f"ONNX Runtime {onnxruntime.__version__}"
        self._provider, options = self._chosen(device)
        self._options = options
        self._session = self._open(num_compute_threads())
        check_ports(
            path,
            self._metadata.facts,
            {each.name: each.shape for each in self._session.get_inputs()},
            [each.name for each in self._session.get_outputs()],
        )
        self._inputs = {each.name: each for each in self._session.get_inputs()}
        shape = self._inputs["images"].shape
        check_input_shape(path, self.parts, shape)
        check_batch(path, self._metadata.facts, shape[0])
        outputs = self._session.get_outputs()
        check_slots(
            path, self._metadata, {each.name: tuple(each.shape) for each in outputs}
        )

    def _chosen(self, device: str | None) -> tuple[str, dict[str, str]]:
        """Return the execution provider of a device, and its options."""
        there = self._ort.get_available_providers()
        name, colon, number = (device or "").partition(":")
        if device is None:
            name = "cuda" if f"CUDA{_PROVIDER}" in there else "cpu"
        provider = {"cpu": f"CPU{_PROVIDER}", "cuda": f"CUDA{_PROVIDER}"}.get(
            name, name
        )
        is_numbered = name == "cuda" and number.isdecimal()
        if provider not in there or (colon and not is_numbered):
            raise ValueError(
                f"{self.runtime} has no device {f'{device!r}':.80} here. It has "
                f"{', '.join(there)}."
            )
        self.device = "cpu" if provider == f"CPU{_PROVIDER}" else device or name
        return provider, {"device_id": number} if number else {}

    def _open(self, num_threads: int) -> Any:
        options = self._ort.SessionOptions()
        options.intra_op_num_threads = num_threads
        options.log_severity_level = 4  # what goes wrong is raised
        with self._clear_faults():
            session = self._ort.InferenceSession(
                self._path, options, providers=[(self._provider, self._options)]
            )
        # It takes the CPU, without an error, where a provider's libraries are missing.
        if self._provider not in session.get_providers():
            raise ValueError(
                f"{self.runtime} lists {self._provider} and cannot start it. Install "
                "the libraries that it needs, or choose device='cpu'."
            )
        return session

    @contextmanager
    def _clear_faults(self) -> Iterator[None]:
        """Raise ValueError, with the first line of the reason, for its exceptions."""
        state = self._ort.capi.onnxruntime_pybind11_state
        try:
            yield
        except tuple(getattr(state, name) for name in _FAULTS) as error:
            reason = str(error).partition("\n")[0]
            raise ValueError(
                f"{self.runtime} cannot run {str(self._path)!r}: {reason:.300}"
            ) from error

    def read(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        """Return the readings of a batch, as every predictor does."""
        size = self._metadata.facts.batch or len(images)
        return read_in_batches(lambda batch: self._run(batch, place), images, size)

    def _run(self, images: ByteArray, place: NDArray[np.int64]) -> Readings:
        given = {"images": images, "place": place}
        outputs = self._metadata.facts.outputs
        inputs = {name: given[name] for name in self._inputs}
        with self._clear_faults():
            arrays = self._session.run(outputs, inputs)
        return dict(zip(outputs, arrays, strict=True))

    @contextmanager
    def concurrent(self, num_calls: int) -> Iterator[Callable[[], None]]:
        """Let several threads read at once, as with every predictor."""
        session = self._session
        self._session = self._open(max(1, num_compute_threads() // num_calls))
        try:
            yield lambda: None
        finally:
            self._session = session
