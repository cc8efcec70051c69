"""Workers on Ray Data."""

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from lanedet.archive.clip_work import ClipWorker
from lanedet.archive.job import ArchiveJob
from lanedet.archive.reports import Report, StopReport, WorkLedger
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


LOST_PROCESS = (
    "The processes of a run on Ray that are no workers must live as long as it does, "
    "and one has died: the memory of its computer ran out, Ray was stopped there, or "
    "it was killed."
)
"""What is said where one does."""


class RayEngine:
    """Workers of a connected cluster.

    Args:
        job: What they do.
        num_workers: How many.
        gpus: Which part of a GPU each has.
    """

    def __init__(self, job: ArchiveJob, num_workers: int, gpus: float = 0.0) -> None:
        import ray

        self.num_workers, self._gpus = num_workers, gpus
        self._ray, self._job = ray, job
        self._ledger = (
            ray.remote(WorkLedger)
            .options(num_cpus=0, scheduling_strategy=on_this_node(ray))
            .remote()
        )

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

    def progress(self) -> tuple[int, float]:
        """Return how many frames were seen, and of how many clips."""
        progress: tuple[int, float] = self._ray.get(self._ledger.progress.remote())
        return progress

    def forget(self, clip: str) -> None:
        """Forget what was noted of a clip that is done with."""
        self._ledger.forget.remote(clip)


class _RayWorker:
    """A worker as Ray Data calls it, with a process of its own."""

    def __init__(self, job: ArchiveJob, ledger: Any) -> None:
        import ray

        tune_allocator()
        tune_threads()
        self._lost = ray.exceptions.RayActorError
        self._fault: StopReport | None = None
        try:
            self._worker = ClipWorker(job, _RemoteLedger(ledger))
        except (OSError, ValueError) as error:  # Ray would try for ever
            self._fault = StopReport(str(error), is_table=False)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"report": self._fault or self._worker.work(row["stretch"])}
        except self._lost:  # the ledger
            return {"report": StopReport(LOST_PROCESS, is_table=False)}


class _RemoteLedger:
    """The ledger of a run, asked from a worker's process."""

    def __init__(self, actor: Any) -> None:
        import ray

        self._ray, self._actor = ray, actor

    def begin(self, stretch: str) -> int:
        return int(self._ray.get(self._actor.begin.remote(stretch)))

    def end(self, stretch: str, clip_share: float) -> None:
        self._actor.end.remote(stretch, clip_share)

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:
        return bool(
            self._ray.get(self._actor.finish_stretch.remote(clip, number, count))
        )

    def advance(self, stretch: str, num_frames: int, clip_share: float) -> None:
        self._actor.advance.remote(stretch, num_frames, clip_share)


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
