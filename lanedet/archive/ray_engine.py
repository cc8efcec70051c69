"""Workers on Ray Data: on this computer, or on a cluster."""

import logging
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from lanedet.archive.clip_work import ClipWorker
from lanedet.archive.job import ArchiveJob
from lanedet.archive.reports import Report, StopReport, WorkLedger
from lanedet.archive.stretches import Stretch
from lanedet.runtime import needs_extra, num_usable_cores, tune_allocator, tune_threads

_OBJECT_STORE = 200 << 20  # bytes; what goes through it are names and reports


@contextmanager
def ray_engine(
    job: ArchiveJob,
    *,
    address: str | None = None,
    num_workers: int | None = None,
    dashboard: bool = True,
    tell: Callable[[str], object] = print,
) -> Iterator["RayEngine"]:
    """Give workers on Ray, and let go of them at the end.

    Args:
        job: What they do.
        address: Of a cluster, such as ``10.0.0.1:6379`` or ``ray://10.0.0.1:10001``, or
            ``auto``; if not given, Ray is started on this computer and ends with the
            block.
        num_workers: How many, each with a core; as many as there are cores if not
            given.
        dashboard: Whether Ray, where it is started, serves its page of figures.
        tell: Gets lines for the user.

    Raises:
        ValueError: If Ray is not installed, ``num_workers`` is below 1, or the cluster
            has fewer cores.
        ConnectionError: If there is no such cluster.
    """
    if num_workers is not None and num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {num_workers}.")
    with needs_extra("An archive", "ray"):
        import ray
        import ray.data
    context = _connect(ray, address, num_workers, dashboard)
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        number = cores if num_workers is None else num_workers
        if not 1 <= number <= cores:
            raise ValueError(
                f"Each worker needs a core, and the cluster has {cores} for "
                f"{max(1, number)}. Ask for fewer with --workers."
            )
        gpus = gpu_share(job.device, ray.cluster_resources().get("GPU", 0), number)
        url = getattr(context, "dashboard_url", None)
        if url:
            tell(f"Ray's dashboard: http://{url}")
        _quieten(ray)
        yield RayEngine(job, number, gpus)
    finally:
        ray.shutdown()


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
            f"Device {device!r} needs a cluster with GPUs, and Ray knows of none. Start "
            "its nodes with ray start --num-gpus, or leave the device out."
        )
    return math.floor(10_000 * min(1.0, num_gpus / num_workers)) / 10_000


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
        # Where the run is: it is lost with the run only.
        node = ray.get_runtime_context().get_node_id()
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(
            node, soft=True
        )
        self._ledger = (
            ray.remote(WorkLedger)
            .options(num_cpus=0, scheduling_strategy=strategy)
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
        tune_allocator()
        tune_threads()
        self._fault: StopReport | None = None
        try:
            self._worker = ClipWorker(job, _RemoteLedger(ledger))
        except (OSError, ValueError) as error:  # Ray would try for ever
            self._fault = StopReport(str(error), is_table=False)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"report": self._fault or self._worker.work(row["stretch"])}


class _RemoteLedger:
    """The ledger of a run, asked from a worker's process."""

    def __init__(self, actor: Any) -> None:
        import ray

        self._ray, self._actor = ray, actor

    def begin(self, stretch: str) -> int:
        return int(self._ray.get(self._actor.begin.remote(stretch)))

    def end(self, stretch: str) -> None:
        self._actor.end.remote(stretch)

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:
        return bool(
            self._ray.get(self._actor.finish_stretch.remote(clip, number, count))
        )

    def advance(self, num_frames: int, clip_share: float) -> None:
        self._actor.advance.remote(num_frames, clip_share)


def _connect(
    ray: Any, address: str | None, num_workers: int | None, dashboard: bool
) -> Any:
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is not None:
        try:
            return ray.init(address, **options)
        except ConnectionError as error:
            raise ConnectionError(
                f"There must be a Ray cluster at {address!r}, and none answers. Start "
                "one with: ray start --head"
            ) from error
    # Else it would join a cluster that happens to be there.
    os.environ.pop("RAY_ADDRESS", None)
    return ray.init(
        address="local",
        num_cpus=max(num_usable_cores(), num_workers or 1),
        object_store_memory=_OBJECT_STORE,
        include_dashboard=dashboard,
        **options,
    )


def _quieten(ray: Any) -> None:
    """Let nothing come between the lines of the progress bar."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
