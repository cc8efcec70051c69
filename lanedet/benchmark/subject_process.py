"""A program that finds lanes, in a process of its own, timed when it is asked to.

Runtimes in one process share its threads, its allocator and its imports, and would be
measured together. Each has a process here; only the one that is asked computes.

The process reads JSON lines: first what it is to load, then how often it is to run. It
imports nothing itself but Python's own, so that what it reports of its start is what
the subject needs.
"""

import importlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

FindLanes = Callable[[Sequence[Any]], Any]
"""Takes images, each (H, W, 3) uint8 RGB, and returns the lanes of each: points (N, 2),
in pixels of the image. What a peer returns is not looked at."""


class Start(NamedTuple):
    """How a subject started."""

    ready_s: float
    """Seconds from the start of the process to the lanes of the first image."""

    load_s: float
    """Seconds of these to import and load what finds them."""

    lanes: list[list[list[float]]] | None
    """The lanes of the image, each points (x, y), where the subject says them."""


class Runs(NamedTuple):
    """What some calls took."""

    seconds: list[float]
    """Time by the clock, of each call."""

    core_seconds: list[float]
    """Time of all cores together, of each call."""

    peak_bytes: int | None
    """Most memory that the process has had so far, where the system says."""


class SubjectError(Exception):
    """A subject could not be loaded or run; the text is its own."""


class SubjectProcess:
    """A subject in its process, as a context.

    Args:
        load: A function ``MODULE:CALLABLE`` that loads the subject and returns a
            :data:`FindLanes`.
        arguments: Its arguments, plain data.
        image: File of NumPy's with an image (H, W, 3), uint8, RGB.
        cores: On how many cores it may run.
        sees_gpus: Whether it may use a GPU.
        limit_s: Seconds within which it must answer each time.
    """

    def __init__(
        self,
        load: str,
        arguments: Mapping[str, Any],
        image: Path,
        *,
        cores: int,
        sees_gpus: bool = False,
        limit_s: float = 600.0,
    ) -> None:
        self.limit_s = limit_s
        self._task = {
            "load": load,
            "arguments": dict(arguments),
            "image": str(image),
            "cores": cores,
        }
        self._environment = {**os.environ, "OMP_NUM_THREADS": str(cores)}
        if not sees_gpus:
            self._environment["CUDA_VISIBLE_DEVICES"] = ""

    def __enter__(self) -> Self:
        self._begin_s = time.perf_counter()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def start(self) -> Start:
        """Load the subject and let it find the lanes of the image.

        Raises:
            SubjectError: If it cannot, or not in time.
        """
        answer = self._ask(self._task)
        return Start(time.perf_counter() - self._begin_s, **answer)

    def run(self, calls: int, batch_size: int) -> Runs:
        """Let the subject find the lanes of so many images, some times.

        One more call before the others brings it back into the caches.

        Raises:
            SubjectError: If it cannot, or not in time.
        """
        return Runs(**self._ask({"calls": calls, "batch_size": batch_size}))

    def _ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass
        is_late = threading.Event()

        def give_up() -> None:
            is_late.set()
            self._process.kill()

        timer = threading.Timer(self.limit_s, give_up)
        timer.start()
        line = self._process.stdout.readline()
        timer.cancel()
        if is_late.is_set():
            raise SubjectError(
                f"It gave no answer in {self.limit_s:g} s, and was ended."
            )
        if not line:
            raise SubjectError(f"Its process ended with {self._process.wait()}.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise SubjectError(answer["error"])
        return answer


def _main() -> None:
    """Load what the first line of the input says, and run it as the others say."""
    # Whatever a runtime prints is no answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    find: FindLanes | None = None
    images: list[Any] = []
    for line in sys.stdin:
        question = json.loads(line)
        try:
            if find is None:
                find, images, answer = _load(question)
            else:
                answer = _timed(find, images * question["batch_size"], question)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _load(task: Mapping[str, Any]) -> tuple[FindLanes, list[Any], dict[str, Any]]:
    """Return the subject, the image, and how it started."""
    if hasattr(os, "sched_setaffinity"):  # every runtime goes by it
        usable = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, usable[: task["cores"]])
    begin_s = time.perf_counter()
    sys.path.insert(0, "")  # a peer may lie where the benchmark is started
    module, _, name = task["load"].partition(":")
    load: Callable[..., FindLanes] = getattr(importlib.import_module(module), name)
    find = load(**task["arguments"])
    load_s = time.perf_counter() - begin_s
    import numpy as np

    image = np.load(task["image"])
    found = find([image])
    return find, [image], {"load_s": load_s, "lanes": _lanes(found)}


def _lanes(found: Any) -> list[list[list[float]]] | None:
    """Return the lanes of the first image, None if a peer says them otherwise."""
    import numpy as np

    if not (isinstance(found, list) and found and isinstance(found[0], list)):
        return None
    lanes = []
    for points in found[0]:
        try:
            array = np.asarray(points, dtype=np.float64)
        except (TypeError, ValueError):
            return None
        if array.ndim != 2 or array.shape[1] != 2:
            return None
        lanes.append(array.tolist())
    return lanes


def _timed(
    find: FindLanes, images: list[Any], question: Mapping[str, Any]
) -> dict[str, Any]:
    find(images)
    seconds, core_seconds = [], []
    for _ in range(question["calls"]):
        begin_s, begin_core_s = time.perf_counter(), time.process_time()
        find(images)
        seconds.append(time.perf_counter() - begin_s)
        core_seconds.append(time.process_time() - begin_core_s)
    return {
        "seconds": seconds,
        "core_seconds": core_seconds,
        "peak_bytes": _peak_bytes(),
    }


def _peak_bytes() -> int | None:
    """Return the most memory that the process has had, None where nobody says."""
    status = Path("/proc/self/status")
    if status.is_file():  # resource would count what was there before this program
        [line] = (line for line in status.read_text().splitlines() if "VmHWM" in line)
        return 1024 * int(line.split()[1])
    if sys.platform != "darwin":
        return None
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    _main()
