"""How long each stage of a run took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

STAGES = ("decode", "infer", "track", "draw", "encode")
"""The stages that a frame goes through, in order."""


class StageTimes:
    """Adds up the time that frames spend in each stage.

    Where stages overlap, the times are those of each stage alone and add up to more
    than the clock shows. Where a stage has several frames at once, each counts with its
    share of the time. Each stage must be measured by one thread only.

    Attributes:
        seconds: By stage, of all its frames.
        num_frames: By stage.
    """

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STAGES, 0.0)
        self.num_frames = dict.fromkeys(STAGES, 0)

    @contextmanager
    def measure(self, stage: str, num_frames: int = 1) -> Iterator[None]:
        """Add the time of a block to a stage, unless it raises."""
        begin = perf_counter()
        yield
        self.add(stage, perf_counter() - begin, num_frames)

    def add(self, stage: str, seconds: float, num_frames: int = 1) -> None:
        """Add a time that was measured otherwise to a stage."""
        self.seconds[stage] += seconds
        self.num_frames[stage] += num_frames

    def frames_per_second(self, stage: str) -> float | None:
        """Return how fast a stage was; None if no frame went through it."""
        if not self.num_frames[stage] or not self.seconds[stage]:
            return None
        return self.num_frames[stage] / self.seconds[stage]
