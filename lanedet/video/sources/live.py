"""Streams and cameras that go on whether or not anybody keeps up with them."""

import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.source import (
    Source,
    VideoBreakError,
    VideoFrame,
    counted,
    sequence_of,
)

_MILLISECOND = Fraction(1, 1000)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 8.0


class LiveSource(Source):
    """Iterate over the frames of a live source, connecting again when it drops.

    It goes on until no frame has come for ``max_wait_s`` after a drop, however often it
    can be connected meanwhile: of a live source nobody can say whether it has ended or
    will be back. It is connected again at least once, and pauses between attempts
    double, up to 8 seconds, until a connection has lasted that long. A gap in the
    frames is a gap in their times, as long as it really lasted. Where the source has no
    time stamps, as MJPEG over HTTP, a frame's time is when it came. There is no sound.

    Args:
        connect: Opens the source. It must give up on its own when nothing comes, both
            while it opens and while frames are read.
        name: What to call it.
        max_wait_s: How long to wait for a frame, in seconds.
        clock: Returns the time in seconds, since any moment.
        wait: Waits for so many seconds; returns whether :meth:`stop` was called
            meanwhile, and then at once. If not given it does just that.

    Raises:
        ValueError: As ``connect`` does, the first time.
        OSError: Likewise.
    """

    is_live = True

    def __init__(
        self,
        connect: Callable[[], ContainerReader],
        name: str,
        *,
        max_wait_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self.name, self.sequences = name, (sequence_of(name),)
        self._connect = connect
        self._max_wait_s = max_wait_s
        self._stopped = threading.Event()
        self._clock, self._wait = clock, wait or self._stopped.wait
        self._connection = connect()
        self._connected_s = self._clock()
        self._pause_s = _FIRST_PAUSE_S
        self._num_seen, self._give_up_s = -1, 0.0  # at the last drop after a frame
        self.frame_rate = self._connection.frame_rate
        self.time_base = self._connection.time_base
        if not self._connection.has_times:
            self.time_base = min(self.time_base, _MILLISECOND)
        self.sample_aspect_ratio = self._connection.sample_aspect_ratio

    @property
    def expected_frames(self) -> None:
        """Nothing: it may go on for ever."""

    def __iter__(self) -> Iterator[VideoFrame]:
        """Yield the frames as they come.

        Raises:
            VideoBreakError: When none has come for too long.
        """
        begin = self._clock()
        index, last = 0, Fraction(-1)
        while not self._stopped.is_set():
            shift = None
            try:
                for frame in self._connection:
                    if shift is None or not self._connection.has_times:
                        now = Fraction(self._clock() - begin) if index else 0
                        now = max(now, last + self.time_base)
                        shift = self._shift(frame.time, now)
                    last = frame.time + shift
                    yield replace(frame, index=index, time=last)
                    index += 1
            except VideoBreakError as error:
                reason = error.reason
            else:
                reason = "it ended"
            self._reconnect(index, reason)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def stop(self) -> None:
        """Give up connecting again. A read goes on until it gives up by itself."""
        self._stopped.set()

    def _shift(self, frame_time: Fraction, now: Fraction | int) -> Fraction:
        """Return what to add to a connection's times for its first frame to be now."""
        return -(-(now - frame_time) // self.time_base) * self.time_base

    def _reconnect(self, num_seen: int, reason: str) -> None:
        """Replace the connection, or give up after a time."""
        self.num_undecodable += self._connection.num_undecodable
        self._connection.close()
        warnings.warn(
            f"{self.name!r} dropped after {counted(num_seen)}: {reason}. Trying for "
            f"{self._max_wait_s:g} s to connect again.",
            stacklevel=3,  # the line that asks for the next frame
        )
        now = self._clock()
        if now - self._connected_s >= _LONGEST_PAUSE_S:
            self._pause_s = _FIRST_PAUSE_S
        pause = min(self._pause_s, self._max_wait_s / 2)
        if num_seen > self._num_seen:
            self._num_seen, self._give_up_s = num_seen, now + self._max_wait_s
        elif now + pause >= self._give_up_s:  # connected, and not a frame came
            raise self._given_up(num_seen, reason)
        while not self._wait(pause):
            try:
                self._connection = self._connect()
            except (OSError, ValueError) as error:
                failure = str(error)
            else:
                self.num_reconnects += 1
                self._connected_s = self._clock()
                self._pause_s = min(2 * pause, _LONGEST_PAUSE_S)
                return
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            if self._clock() + pause >= self._give_up_s:
                raise self._given_up(num_seen, failure)

    def _given_up(self, num_seen: int, failure: str) -> VideoBreakError:
        reason = f"no frame came for {self._max_wait_s:g} s"
        return VideoBreakError(
            f"{self.name!r} is given up after {counted(num_seen)}: {reason}. Check the "
            f"connection and start again. The last attempt said: {failure}",
            reason=reason,
        )
