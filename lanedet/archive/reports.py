"""What a worker says of a stretch of a clip, and who is told of its work meanwhile."""

from dataclasses import dataclass
from typing import Protocol

from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.stretches import Stretch


@dataclass(frozen=True)
class CutReport:
    """A clip turned out to be long: these are its stretches."""

    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class StretchReport:
    """A stretch of a clip is done, and others are not yet."""


@dataclass(frozen=True)
class ClipReport:
    """A clip is in the table, or never will be."""

    row: ManifestRow


@dataclass(frozen=True)
class StopReport:
    """Nothing can go on: the table, the model or the ledger cannot be used."""

    message: str

    is_table: bool = True
    """Whether it is the table."""


Report = CutReport | StretchReport | ClipReport | StopReport


class Ledger(Protocol):
    """Who begins what, and how far they are. It outlives a worker that dies."""

    def begin(self, stretch: str) -> int:
        """Note that a stretch is begun; return how often it was, and never ended."""

    def end(self, stretch: str, clip_share: float) -> None:
        """Note that a stretch has ended, whatever came of it.

        Args:
            stretch: Its name.
            clip_share: How much of its clip is done with it, 0 of one that was cut.
        """

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:
        """Note that a stretch of a clip is there; return whether all are.

        Args:
            clip: Name of the clip.
            number: Which stretch, from 0.
            count: How many stretches it has.
        """

    def advance(self, stretch: str, num_frames: int, clip_share: float) -> None:
        """Note that the network has seen more frames of a stretch, so much of a clip.

        Of a stretch that is begun anew, as after the death of a worker, the share
        counts from 0 again.
        """


class WorkLedger:
    """The ledger of one run, in one process."""

    def __init__(self) -> None:
        self._begun: dict[str, int] = {}
        self._finished: dict[str, set[int]] = {}
        self._num_frames = 0
        self._num_clips = 0.0  # that are done with
        self._shares: dict[str, float] = {}  # of clips, by the stretches in work

    def begin(self, stretch: str) -> int:  # noqa: D102 - as of every ledger
        self._shares.pop(stretch, None)
        self._begun[stretch] = self._begun.get(stretch, 0) + 1
        return self._begun[stretch]

    def end(self, stretch: str, clip_share: float) -> None:  # noqa: D102
        self._begun.pop(stretch, None)
        self._shares.pop(stretch, None)
        self._num_clips += clip_share

    def finish_stretch(self, clip: str, number: int, count: int) -> bool:  # noqa: D102
        finished = self._finished.setdefault(clip, set())
        finished.add(number)
        return len(finished) == count

    def forget(self, clip: str) -> None:
        """Forget the stretches of a clip that is done with."""
        self._finished.pop(clip, None)

    def advance(  # noqa: D102
        self, stretch: str, num_frames: int, clip_share: float
    ) -> None:
        self._num_frames += num_frames
        self._shares[stretch] = self._shares.get(stretch, 0.0) + clip_share

    def progress(self) -> tuple[int, float]:
        """Return how many frames the network has seen, and of how many clips."""
        return self._num_frames, self._num_clips + sum(self._shares.values())
