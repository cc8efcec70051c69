"""Time stamps that go on where a container's clock jumps back."""

from fractions import Fraction

import av

_JUMP_S = Fraction(1, 10)  # back; less is disorder, which does not last


class SteadyClock:
    """Let the time stamps of packets go on where the container's clock jumps back.

    Each track jumps at its first packet after the jump. By how much the pictures must
    be shifted then holds for the sound too, so that it stays with them; sound that
    jumps first goes on by itself until they have followed.

    Args:
        pictures: Index of the video track.
        frame_length: In seconds: how long a packet lasts that does not say it.
    """

    def __init__(self, pictures: int, frame_length: Fraction) -> None:
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
        if time < self._last.get(track, time) - _JUMP_S:
            jumps = self._num_jumps[track] = jumps + 1
            self._own_shift[track] = self._ends[track] - time
            if track == self._pictures:
                self._shifts.append(self._own_shift[track])
        has_followed = jumps < len(self._shifts)
        shift = self._shifts[jumps] if has_followed else self._own_shift[track]
        length = (packet.duration or 0) * packet.time_base or self._frame_length
        self._last[track], self._ends[track] = time, time + shift + length
        ticks = round(shift / packet.time_base)
        packet.dts += ticks
        if packet.pts is not None:
            packet.pts += ticks
