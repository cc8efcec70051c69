"""Whether an MPEG transport stream (.ts) is whole, by its packets.

They all have one size, and those of each track are counted from 0 to 15, over and over
(ISO/IEC 13818-1, 2.4.3).
"""

from pathlib import Path

import numpy as np

from lanedet.arrays import ByteArray

_SYNC = 0x47
_LAYOUTS = {188: 0, 192: 4, 204: 0}  # sizes of a packet, and where its sync byte is
_TABLES = (0x00, 0x11)  # tracks that each recording begins with
_EMPTY = 0x1FFF  # the track of packets without content
_NUM_TRACKS = 0x2000
_CHUNK = 1 << 17  # packets


def is_transport_stream_cut(path: Path) -> bool:
    """Return whether a transport stream ends before its last packet does."""
    layout = _layout(path)
    return layout is not None and path.stat().st_size % layout[0] != 0


def is_transport_stream_damaged(path: Path) -> bool:
    """Return whether packets of a transport stream are lost.

    Where the counts begin anew together with the tables that a recording begins with,
    it is another recording that was put behind the one before.
    """
    layout = _layout(path)
    if layout is None:
        return False
    size, sync = layout
    counts = _Counts()
    with path.open("rb") as file:
        while data := file.read(size * _CHUNK):
            packets = np.frombuffer(data, np.uint8)
            packets = packets[: len(packets) // size * size].reshape(-1, size)[:, sync:]
            if (packets[:, 0] != _SYNC).any() or counts.jump(packets):
                return True
    return False


class _Counts:
    """The counts of packets by track, through a file in chunks."""

    def __init__(self) -> None:
        self._count = np.full(_NUM_TRACKS, -1)  # of a track's last packet
        self._place = np.full(_NUM_TRACKS, -1)  # where in the file that is
        self._num_packets = 0
        self._join = -1  # where another recording began

    def jump(self, packets: ByteArray) -> bool:
        """Return whether packets are missing before or among some.

        Args:
            packets: (N, 188) or more, the next ones.
        """
        numbers = packets[:, 1:4].astype(np.int64)
        tracks = (numbers[:, 0] & 0x1F) << 8 | numbers[:, 1]
        counts, has_content = numbers[:, 2] & 0x0F, numbers[:, 2] & 0x10 != 0
        may_jump = (numbers[:, 2] & 0x20 != 0) & (packets[:, 4] > 0)
        may_jump &= packets[:, 5] & 0x80 != 0
        places = self._num_packets + np.arange(len(packets))
        self._num_packets += len(packets)
        jumps: list[tuple[int, int, int]] = []  # where, the one before, and the track
        for track in np.unique(tracks[tracks != _EMPTY]):
            (own,) = np.nonzero(tracks == track)
            before = np.r_[self._count[track], counts[own][:-1]]
            places_before = np.r_[self._place[track], places[own][:-1]]
            steps = (counts[own] - before) % 16
            # One that is sent twice has the same count.
            is_next = (steps == has_content[own]) | (steps == 0)
            is_jump = ~is_next & ~may_jump[own] & (places_before >= 0)
            jumps += [
                (int(places[own][i]), int(places_before[i]), int(track))
                for i in np.nonzero(is_jump)[0]
            ]
            self._count[track], self._place[track] = counts[own][-1], places[own][-1]
        return any(self._is_loss(*jump) for jump in sorted(jumps))

    def _is_loss(self, place: int, place_before: int, track: int) -> bool:
        if track in _TABLES:
            self._join = place
        return not place_before < self._join <= place


def _layout(path: Path) -> tuple[int, int] | None:
    """Return the size of a packet and where its sync byte is, None if not known."""
    with path.open("rb") as file:
        head = file.read(3 * max(_LAYOUTS))
    for size, sync in _LAYOUTS.items():
        if all(head[place] == _SYNC for place in range(sync, len(head), size)):
            return size, sync
    return None
