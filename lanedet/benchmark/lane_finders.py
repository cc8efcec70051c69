"""What ``lanedet benchmark inference`` puts side by side: models in their runtimes.

Each function loads one, in a process of its own
(:mod:`lanedet.benchmark.subject_process`), and returns what finds the lanes of images.
Only what a runtime needs is imported.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lanedet.arrays import ByteArray, FloatArray

if TYPE_CHECKING:
    from torch import Tensor

FindLanes = Callable[[Sequence[ByteArray]], list[list[FloatArray]]]


def load_inferencer(**arguments: Any) -> FindLanes:
    """Return a :class:`~lanedet.LaneInferencer` of these arguments."""
    from lanedet import LaneInferencer

    inferencer = LaneInferencer(**arguments)

    def find(images: Sequence[ByteArray]) -> list[list[FloatArray]]:
        samples = inferencer.predict(images, batch_size=len(images), progress=False)
        return [sample.pred_lanes for sample in samples]

    return find


def load_graph(weights: str, device: str, form: str, *, half: bool) -> FindLanes:
    """Return a network whose reading of rows runs on the device with it.

    Args:
        weights: A weights file.
        device: Such as ``cpu`` or ``cuda``.
        form: ``eager``, ``compiled`` by ``torch.compile``, or ``captured`` in a CUDA
            graph.
        half: Whether to compute with float16.
    """
    import numpy as np
    import torch

    from lanedet.inference import HostParts
    from lanedet.models import LaneGraph, load_weights

    detector = load_weights(Path(weights)).fused()
    parts = HostParts(detector.view, detector.head.decode, detector.head.num_slots)
    graph = LaneGraph(detector, half=half).eval()
    kind = graph.reader.kind
    graph = graph.to(device).to(memory_format=torch.channels_last)
    read: Any = {
        "eager": lambda: graph,
        "compiled": lambda: torch.compile(graph),
        "captured": lambda: _Captured(graph),
    }[form]()

    @torch.inference_mode()
    def find(images: Sequence[ByteArray]) -> list[list[FloatArray]]:
        views = [parts.view((image.shape[0], image.shape[1])) for image in images]
        inputs = np.stack(
            [view.warp(image) for view, image in zip(views, images, strict=True)]
        )
        place = torch.tensor(views[0].place)
        readings = read(torch.from_numpy(inputs).to(device), place.to(device))
        arrays = {name: tensor.cpu().numpy() for name, tensor in readings.items()}
        return [
            [
                lane.points
                for lane in parts.lanes(
                    kind, {name: array[number] for name, array in arrays.items()}, view
                )
            ]
            for number, view in enumerate(views)
        ]

    return find


class _Captured:
    """A graph of operators whose kernels are started at once, as a CUDA graph."""

    _WARM_UP = 3  # what libraries set up at their first calls cannot be captured

    def __init__(self, graph: Callable[..., Any]) -> None:
        self._graph = graph
        self._captured: dict[int, tuple[Any, list[Any], Any]] = {}

    def __call__(self, images: "Tensor", place: "Tensor") -> Any:
        if len(images) not in self._captured:
            self._captured[len(images)] = self._capture(images, place)
        captured, inputs, outputs = self._captured[len(images)]
        inputs[0].copy_(images)
        inputs[1].copy_(place)
        captured.replay()
        return outputs

    def _capture(
        self, images: "Tensor", place: "Tensor"
    ) -> "tuple[Any, list[Tensor], Any]":
        import torch

        inputs = [images.clone(), place.clone()]
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(self._WARM_UP):
                self._graph(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            outputs = self._graph(*inputs)
        return captured, inputs, outputs
