"""Time stamps that go on where a container's clock jumps back, or far ahead."""

from fractions import Fraction

import av

_JUMP_S = Fraction(1, 10)  # back; less is disorder, which does not last
_LONGEST_GAP_S = 3 * 3600  # more is another recording, put behind the one before
_LONGEST_GAP_TICKS = 1 << 30  # MP4 has 31 bits for the time between two frames


def longest_gap(time_base: Fraction) -> Fraction:
    """Return how long a recording may pause, in seconds; a longer one is another.

    Args:
        time_base: What its time stamps are multiples of, in seconds.
    """
    return min(Fraction(_LONGEST_GAP_S), _LONGEST_GAP_TICKS * time_base)


class SteadyClock:
    """Let the time stamps of packets go on where the container's clock jumps.

    It jumps back in files that were put one after another, and far ahead where such
    files have clocks that were set, or that run on while nothing is recorded.

    Each track jumps at its first packet after the jump. By how much the pictures must
    be shifted then holds for the sound too, so that it stays with them; sound that
    jumps first goes on by itself until they have followed.

    Args:
        pictures: Index of the video track.
        frame_length: In seconds: how long a packet lasts that does not say it.

    Attributes:
        skipped: By how much the pictures' clock has jumped ahead so far, in seconds.
    """

    def __init__(self, pictures: int, frame_length: Fraction) -> None:
        self.skipped = Fraction(0)
        self._pictures, self._frame_length = pictures, frame_length
        self._shifts = [Fraction(0)]  # before the first jump, after it, ...
        self._num_jumps: dict[int, int] = {}  # by track, as the rest
        self._own_shift: dict[int, Fraction] = {}
        self._last: dict[int, Fraction] = {}  # as the container has it, in seconds
        self._ends: dict[int, Fraction] = {}  # in steady time

    def correct(self, packet: av.Packet) -> None:
        """Shift the time stamps of the next packet, in order of reading."""
        if packet.dts is None or not packet.size:
            return
        track, time = packet.stream.index, packet.dts * packet.time_base
        jumps = self._num_jumps.setdefault(track, 0)
        ahead = time - self._last.get(track, time)
        if ahead < -_JUMP_S or ahead > longest_gap(packet.time_base):
            jumps = self._num_jumps[track] = jumps + 1
            self._own_shift[track] = self._ends[track] - time
            if track == self._pictures:
                self._shifts.append(self._own_shift[track])
                self.skipped += max(ahead, 0)
        has_followed = jumps < len(self._shifts)
        shift = self._shifts[jumps] if has_followed else self._own_shift[track]
        length = (packet.duration or 0) * packet.time_base
        if not 0 < length <= longest_gap(packet.time_base):  # MP4 counts a gap in it
            length = self._frame_length
        self._last[track], self._ends[track] = time, time + shift + length
        ticks = round(shift / packet.time_base)
        packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks
