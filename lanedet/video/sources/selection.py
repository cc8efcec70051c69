"""Which frames of a source are wanted."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from lanedet.video.sources.source import Source, VideoFrame

_SECONDS = re.compile(r"\d+(?:\.\d*)?")
# A part after a colon is below 60; the first one may be anything.
_CLOCK = re.compile(r"(?:(\d+):(?=[0-5]?\d:))?(\d+):([0-5]?\d(?:\.\d*)?)")
_MICROSECONDS = 1_000_000


def parse_time(text: str) -> float:
    """Return a time in seconds, given as seconds, ``MM:SS`` or ``HH:MM:SS``.

    Raises:
        ValueError: If it is none of these.

    Example:
        >>> parse_time("1:02:03.5")
        3723.5
    """
    if _SECONDS.fullmatch(text.strip()):
        return float(text)
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(
            "A time must be seconds, MM:SS or HH:MM:SS, such as 90.5 or 1:30.5, with "
            f"less than 60 after a colon, got {text!r}."
        )
    hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return 3600 * hours + 60 * minutes + seconds


@dataclass(frozen=True)
class Selection:
    """A stretch of a source, or every so many of its frames.

    What is kept keeps its index and time.

    Raises:
        ValueError: If the stretch is empty or ``every`` is below 1.
    """

    start_s: float = 0.0
    """Time of the first frame that is wanted, in seconds."""

    end_s: float | None = None
    """Time of the first one that is not wanted any more; None for all to the end."""

    every: int = 1
    """Keep the first of every so many frames and leave out the others."""

    def __post_init__(self) -> None:
        end_s = math.inf if self.end_s is None else self.end_s
        if not 0 <= self.start_s < end_s:
            raise ValueError(
                "The start must be at least 0 and before the end, got "
                f"{self.start_s:g} to {end_s:g} s."
            )
        if self.every < 1:
            raise ValueError(f"every must be at least 1, got {self.every}.")

    @property
    def start(self) -> Fraction:
        """The start, exact to the microsecond."""
        return Fraction(self.start_s).limit_denominator(_MICROSECONDS)

    @property
    def end(self) -> Fraction | None:
        """The end, likewise."""
        if self.end_s is None:
            return None
        return Fraction(self.end_s).limit_denominator(_MICROSECONDS)

    def frames(self, source: Source) -> Iterator[VideoFrame]:
        """Yield the frames of a source that are wanted.

        Raises:
            VideoBreakError: As the source does.
            ValueError: After its end, if no frame was wanted.
        """
        source.skip_to(self.start_s)
        start, end = self.start, self.end
        position, time = 0, Fraction(0)
        for frame in source:
            time = frame.time
            if end is not None and time >= end:
                break
            if time < start:
                if source.sound is not None:
                    source.sound.drop_before(time)
                continue
            if position % self.every == 0:
                yield frame
            position += 1
        if position == 0:
            raise self._empty(source, time)

    def expected_frames(self, source: Source) -> int | None:
        """Return how many there will be, stated or estimated; None if unknown."""
        number = source.expected_frames
        if self.end is not None:
            until = math.ceil(self.end * source.frame_rate)
            number = until if number is None else min(number, until)
        if number is None:
            return None
        number = max(0, number - math.ceil(self.start * source.frame_rate))
        return math.ceil(number / self.every)

    def _empty(self, source: Source, last: Fraction) -> ValueError:
        """Return what to raise where the last frame looked at was not wanted either."""
        if last < self.start:
            stretch = f"begin at {self.start_s:g} s"
            found = f"it is only {float(last + 1 / source.frame_rate):.2f} s long"
        else:
            stretch = f"lie between {self.start_s:g} and {self.end_s:g} s"
            found = f"the next frame is at {float(last):.2f} s"
        return ValueError(
            f"What is wanted of {source.name!r} must {stretch}, but {found}. Choose "
            "another stretch."
        )
