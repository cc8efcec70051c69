"""How long each step of a run took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

STEPS = ("decode", "infer", "track", "draw", "encode")
"""The steps that a frame goes through, in order."""


class StepTimes:
    """Adds up the time that frames spend in each step.

    Where steps overlap, the times are those of each step alone and add up to more
    than the clock shows. Where a step has several frames at once, each counts with its
    share of the time. Each step must be measured by one thread only.

    Attributes:
        seconds: By step, of all its frames.
        num_frames: By step.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)
        self.num_frames = dict.fromkeys(STEPS, 0)

    @contextmanager
    def measure(self, step: str, num_frames: int = 1) -> Iterator[None]:
        """Add the time of a block to a step, unless it raises."""
        begin = perf_counter()
        yield
        self.add(step, perf_counter() - begin, num_frames)

    def add(self, step: str, seconds: float, num_frames: int = 1) -> None:
        """Add a time that was measured otherwise to a step."""
        self.seconds[step] += seconds
        self.num_frames[step] += num_frames

    def frames_per_second(self, step: str) -> float | None:
        """Return how fast a step was; None if no frame went through it."""
        if not self.num_frames[step] or not self.seconds[step]:
            return None
        return self.num_frames[step] / self.seconds[step]
