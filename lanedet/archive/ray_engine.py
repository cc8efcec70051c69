"""Workers on Ray Data."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2

from lanedet.archive.clip_work import ClipWorker
from lanedet.archive.job import ArchiveJob
from lanedet.archive.reports import Report, StopReport
from lanedet.archive.stretches import Stretch
from lanedet.inference.predictors.choice import choose_runtime
from lanedet.runtime import tune_allocator, tune_threads


def gpu_share(device: str | None, num_gpus: float, num_workers: int) -> float:
    """Return which part of a GPU each worker has, 0 where the network needs none.

    One decoder is slower than a GPU: several workers share one.

    Args:
        device: Where the network runs.
        num_gpus: How many the cluster has.
        num_workers: Number of workers.

    Raises:
        ValueError: If the network needs a GPU and the cluster has none.

    Example:
        >>> gpu_share("cuda", 2, 6), gpu_share("cuda", 2, 1), gpu_share(None, 2, 6)
        (0.3333, 1.0, 0.0)
    """
    if device is None or not device.startswith(("cuda", "CUDA", "Tensorrt")):
        return 0.0
    if not num_gpus:
        raise ValueError(
            f"Device {device!r} needs a cluster with GPUs, and Ray has none. Start "
            "its nodes with ray start --num-gpus, or leave the device out."
        )
    return math.floor(10_000 * min(1.0, num_gpus / num_workers)) / 10_000


def share_gpus(
    job: ArchiveJob,
    nodes: Sequence[Mapping[str, float]],
    num_workers: int,
    tell: Callable[[str], object],
) -> tuple[ArchiveJob, float]:
    """Return a job with its device, and which part of a GPU each worker has.

    Where no device is named, the network runs on GPUs if each node has some and what
    runs it takes them by itself, as for :class:`~lanedet.LaneInferencer`. Else GPUs
    are left alone, and the user is told so: Ray does not hide them from workers.

    Args:
        job: What is done.
        nodes: The resources of each node that has cores, by Ray's names.
        num_workers: Number of workers.
        tell: Gets lines for the user.

    Raises:
        ValueError: If the network needs a GPU and there is none.
    """
    num_gpus = sum(node.get("GPU", 0.0) for node in nodes)
    if job.device is not None or not num_gpus:
        return job, gpu_share(job.device, num_gpus, num_workers)
    takes_gpu = choose_runtime(Path(job.model.name), job.runtime) != "openvino"
    if takes_gpu and all(node.get("GPU") for node in nodes):
        share = gpu_share("cuda", num_gpus, num_workers)
        tell(
            f"The cluster has GPUs: {num_workers} workers get {share:g} of one each. "
            "--device cpu leaves them alone."
        )
        return job, share
    tell("The cluster has GPUs, which are left alone: --device cuda uses them.")
    return replace(job, device="cpu"), 0.0


class RayEngine:
    """Workers of a connected cluster, who tell the actor that this is in.

    Args:
        job: What they do.
        num_workers: How many.
        gpus: Which part of a GPU each has.
    """

    def __init__(self, job: ArchiveJob, num_workers: int, gpus: float = 0.0) -> None:
        import ray

        self.num_workers, self._gpus = num_workers, gpus
        self._ray, self._job = ray, job
        self._ledger = ray.get_runtime_context().current_actor

    def run(self, stretches: Sequence[Stretch]) -> Iterator[Report]:
        """Do stretches of clips; yield a report on each, in any order.

        A worker that dies is started again, and Ray gives its stretch to the next one
        that is free, as often as it must: :class:`ClipWorker` counts.
        """
        items = [{"stretch": stretch} for stretch in stretches]
        dataset = self._ray.data.from_items(items, override_num_blocks=len(items)).map(
            _RayWorker,
            fn_constructor_args=(self._job, self._ledger),
            num_cpus=1,
            num_gpus=self._gpus or None,
            compute=self._ray.data.ActorPoolStrategy(
                size=min(self.num_workers, len(items))
            ),
        )
        for row in dataset.iter_rows():
            yield row["report"]


class _RayWorker:
    """A worker as Ray Data calls it, with a process of its own."""

    def __init__(self, job: ArchiveJob, ledger: Any) -> None:
        tune_allocator()
        tune_threads()
        # Its core is the only one that it has: of every picture that OpenCV halves it
        # would wait for a thread on a core which is another worker's.
        cv2.setNumThreads(1)
        self._fault: StopReport | None = None
        try:
            self._worker = ClipWorker(job, _RemoteLedger(ledger))
        except (OSError, ValueError) as error:  # Ray would try for ever
            self._fault = StopReport(str(error), is_table=False)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"report": self._fault or self._worker.work(row["stretch"])}


class _RemoteLedger:
    """The ledger of a run, asked from a worker's process.

    Each call waits for its answer: else the actor's threads might do two of them in
    another order.
    """

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def begin(self, stretch: str) -> int:
        return int(self._ask("begin_stretch", stretch))

    def end(self, stretch: str, clip_share: float) -> None:
        self._ask("end_stretch", stretch, clip_share)

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:
        return bool(self._ask("finish_stretch", clip, number, count))

    def advance(self, stretch: str, num_frames: int, clip_share: float) -> None:
        self._ask("advance", stretch, num_frames, clip_share)

    def _ask(self, method: str, *arguments: str | float) -> Any:
        import ray

        return ray.get(getattr(self._actor, method).remote(*arguments))


def on_this_node(ray: Any) -> Any:
    """Return where to put what is to be lost with the run only: where that is."""
    node = ray.get_runtime_context().get_node_id()
    return ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
        node, soft=True
    )


def quieten() -> None:
    """Let Ray Data say nothing of its own."""
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
