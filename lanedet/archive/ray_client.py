"""Workers of a cluster that is reached through Ray Client, ``ray://HOST:PORT``.

Ray Data does not run through it. So what hands the workers their stretches runs on the
cluster itself, and is asked for the reports.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

from lanedet.archive.job import ArchiveJob
from lanedet.archive.ray_engine import RayEngine, quieten
from lanedet.archive.reports import Report
from lanedet.archive.stretches import Stretch

SCHEME = "ray://"
"""How such addresses begin."""

_WAIT_S = 0.5  # between two questions for reports


class RayClientEngine:
    """Workers of a cluster that this process is a client of.

    Args:
        job: What they do.
        num_workers: How many.
        gpus: Which part of a GPU each has.
    """

    def __init__(self, job: ArchiveJob, num_workers: int, gpus: float) -> None:
        import ray

        self.num_workers, self._ray = num_workers, ray
        self._host: Any = (
            ray.remote(_EngineHost)
            .options(num_cpus=0, max_concurrency=4)
            .remote(job, num_workers, gpus)
        )

    def run(self, stretches: Sequence[Stretch]) -> Iterator[Report]:
        """Do stretches of clips; yield a report on each, in any order."""
        self._ray.get(self._host.begin.remote(list(stretches)))
        is_done = False
        while not is_done:
            reports, is_done = self._ray.get(self._host.take.remote())
            yield from reports
            if not (reports or is_done):
                time.sleep(_WAIT_S)

    def progress(self) -> tuple[int, float]:
        """Return how many frames were seen, and of how many clips."""
        progress: tuple[int, float] = self._ray.get(self._host.progress.remote())
        return progress

    def forget(self, clip: str) -> None:
        """Forget what was noted of a clip that is done with."""
        self._host.forget.remote(clip)


class _EngineHost:
    """An engine in a process of the cluster, whose threads answer questions."""

    def __init__(self, job: ArchiveJob, num_workers: int, gpus: float) -> None:
        import ray

        quieten(ray)
        self._engine = RayEngine(job, num_workers, gpus)
        self._reports: deque[Report] = deque()
        self._error: Exception | None = None
        self._running: threading.Thread | None = None

    def begin(self, stretches: Sequence[Stretch]) -> None:
        self._running = threading.Thread(
            target=self._run, args=(stretches,), daemon=True
        )
        self._running.start()

    def take(self) -> tuple[list[Report], bool]:
        """Return new reports, and whether they are the last ones."""
        is_done = self._running is None or not self._running.is_alive()
        reports = [self._reports.popleft() for _ in range(len(self._reports))]
        if is_done and self._error is not None:
            raise self._error
        return reports, is_done

    def progress(self) -> tuple[int, float]:
        return self._engine.progress()

    def forget(self, clip: str) -> None:
        self._engine.forget(clip)

    def _run(self, stretches: Sequence[Stretch]) -> None:
        try:
            self._reports.extend(self._engine.run(stretches))
        except Exception as error:  # handed on to who asks
            self._error = error
