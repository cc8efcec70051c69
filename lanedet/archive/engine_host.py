"""An engine in a process of the cluster, which is asked for the reports.

Ray Data does not run through Ray Client (``ray://HOST:PORT``). And where it runs in the
user's own process, Ray's C++ writes a line into the terminal in every run, for what Ray
Data itself does (issue 53727 of ray-project/ray); in a process of the cluster it goes
into Ray's logs.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from lanedet.archive.job import ArchiveJob
from lanedet.archive.ray_engine import RayEngine, on_this_node, quieten
from lanedet.archive.reports import Report, WorkLedger
from lanedet.archive.stretches import Stretch

LOST_PROCESS = (
    "The process that hands out the work must live as long as the run does, and has "
    "died: the memory of its computer ran out, Ray was stopped there, or it was killed."
)
"""What is said where it does."""


class HostedEngine:
    """Workers of a connected cluster, by an engine that runs there.

    Args:
        job: What they do.
        num_workers: How many.
        gpus: Which part of a GPU each has.
    """

    def __init__(self, job: ArchiveJob, num_workers: int, gpus: float) -> None:
        import ray

        self.num_workers, self._ray = num_workers, ray
        make_host = ray.remote(
            num_cpus=0,
            max_concurrency=4,
            scheduling_strategy=on_this_node(ray),
        )
        self._host: Any = make_host(EngineHost).remote(job, num_workers, gpus)

    def run(self, stretches: Sequence[Stretch]) -> Iterator[Report]:
        """Do stretches of clips; yield a report on each, in any order.

        Raises:
            ConnectionError: If the process of the engine dies.
        """
        self._answer(self._host.begin.remote(list(stretches)))
        is_done = False
        while not is_done:
            reports, is_done = self._answer(self._host.take.remote())
            yield from reports

    def progress(self) -> tuple[int, float]:
        """Return how many frames were seen, and of how many clips.

        Raises:
            ConnectionError: As :meth:`run` does.
        """
        progress: tuple[int, float] = self._answer(self._host.progress.remote())
        return progress

    def forget(self, clip: str) -> None:
        """Forget what was noted of a clip that is done with."""
        self._host.forget.remote(clip)

    def _answer(self, question: Any) -> Any:
        """Wait for an answer, but not in Ray, which makes status 1 of any signal."""
        answer: Future[Any] = Future()

        def wait() -> None:
            try:
                answer.set_result(self._ray.get(question))
            except Exception as error:  # handed on to who asks
                answer.set_exception(error)

        # Python waits for other threads at its end, and Ray for ever for an answer
        # that had not come when it was shut down.
        threading.Thread(target=wait, daemon=True).start()
        try:
            return answer.result()
        except self._ray.exceptions.RayActorError as error:
            raise ConnectionError(LOST_PROCESS) from error


class EngineHost:
    """An engine in a process of the cluster, whose threads answer questions.

    It keeps the ledger, too: a process for that alone would take as long to start as
    this one, and a hundredth of a core while it waits.

    Args:
        job: What its workers do.
        num_workers: How many.
        gpus: Which part of a GPU each has.
        wait_s: Seconds to wait for the next report, until the question is asked again.
    """

    def __init__(
        self, job: ArchiveJob, num_workers: int, gpus: float, *, wait_s: float = 1.0
    ) -> None:
        quieten()
        self._wait_s = wait_s
        self._engine = RayEngine(job, num_workers, gpus)
        self._ledger = WorkLedger()
        self._telling = threading.Lock()  # workers tell at the same time
        self._reports: SimpleQueue[Report | None] = SimpleQueue()  # None is the end
        self._error: Exception | None = None

    def begin(self, stretches: Sequence[Stretch]) -> None:
        """Begin to do stretches of clips."""
        threading.Thread(target=self._run, args=(stretches,), daemon=True).start()

    def take(self) -> tuple[list[Report], bool]:
        """Return new reports, soon, and whether they are the last ones.

        Raises:
            Exception: What the engine has ended with, after all reports before it.
        """
        reports: list[Report] = []
        try:
            report = self._reports.get(timeout=self._wait_s)
            while report is not None:
                reports.append(report)
                report = self._reports.get_nowait()
        except Empty:
            return reports, False
        if self._error is None:
            return reports, True
        if reports:
            self._reports.put(None)  # the error is for who asks next
            return reports, False
        raise self._error

    def progress(self) -> tuple[int, float]:
        """Return how many frames were seen, and of how many clips."""
        with self._telling:
            return self._ledger.progress()

    def forget(self, clip: str) -> None:
        """Forget what was noted of a clip that is done with."""
        with self._telling:
            self._ledger.forget(clip)

    def begin_stretch(self, stretch: str) -> int:
        """Do what :meth:`WorkLedger.begin` does, for a worker."""
        with self._telling:
            return self._ledger.begin(stretch)

    def end_stretch(self, stretch: str, clip_share: float) -> None:
        """Do what :meth:`WorkLedger.end` does."""
        with self._telling:
            self._ledger.end(stretch, clip_share)

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:
        """Do what :meth:`WorkLedger.finish_stretch` does."""
        with self._telling:
            return self._ledger.finish_stretch(clip, number, count)

    def advance(self, stretch: str, num_frames: int, clip_share: float) -> None:
        """Do what :meth:`WorkLedger.advance` does."""
        with self._telling:
            self._ledger.advance(stretch, num_frames, clip_share)

    def _run(self, stretches: Sequence[Stretch]) -> None:
        try:
            for report in self._engine.run(stretches):
                self._reports.put(report)
        except Exception as error:  # handed on to who asks
            self._error = error
        self._reports.put(None)
