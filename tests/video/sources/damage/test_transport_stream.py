"""MPEG transport streams that have lost something."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.transport_stream import (
    is_transport_stream_cut,
    is_transport_stream_damaged,
)

PACKET = 188  # bytes


def _packets(path: Path) -> np.ndarray:
    """Return a stream's packets, as (N, 188) uint8."""
    return np.frombuffer(path.read_bytes(), np.uint8).reshape(-1, PACKET)


def _tracks(packets: np.ndarray) -> np.ndarray:
    return (packets[:, 1].astype(int) & 0x1F) << 8 | packets[:, 2]


def _write(path: Path, *parts: np.ndarray) -> None:
    path.write_bytes(b"".join(part.tobytes() for part in parts))


@pytest.mark.parametrize("number", [1, 2, 40])
def test_packets_that_are_gone_are_damage(tmp_path: Path, number: int) -> None:
    path = write_clip(tmp_path, "clip.ts")
    packets = _packets(path)
    assert not is_transport_stream_damaged(path)
    _write(path, packets[:200], packets[200 + number :])
    assert is_transport_stream_damaged(path)


def test_frames_that_are_gone_with_their_packets_are_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts", num_frames=60)
    packets = _packets(path)
    _write(path, packets[:200], packets[290:])
    number, reported = read_through(path)
    assert number < 60
    assert "is damaged: frames are missing from" in reported


def test_a_packet_without_its_first_byte_is_damage(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts")
    packets = _packets(path).copy()
    packets[150, 0] = 0
    _write(path, packets)
    assert is_transport_stream_damaged(path)


def test_a_packet_may_be_sent_twice(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts")
    packets = _packets(path)
    _write(path, packets[:151], packets[150:])
    assert not is_transport_stream_damaged(path)


def test_empty_packets_are_not_counted(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts")
    packets = _packets(path)
    empty = np.full((3, PACKET), 0xFF, np.uint8)
    empty[:, :4] = [0x47, 0x1F, 0xFF, 0x10]
    _write(path, packets[:100], empty, packets[100:])
    assert not is_transport_stream_damaged(path)


def test_a_jump_that_is_announced_is_no_damage(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts")
    packets = _packets(path).copy()
    has_fields = (packets[:, 3] & 0x20 != 0) & (packets[:, 4] > 0)
    place = np.nonzero(has_fields & (_tracks(packets) == 0x100))[0][5]
    packets[place, 5] |= 0x80
    _write(path, packets[: place - 2], packets[place:])
    assert not is_transport_stream_damaged(path)
    packets[place, 5] &= 0x7F
    _write(path, packets[: place - 2], packets[place:])
    assert is_transport_stream_damaged(path)


def test_recordings_may_follow_one_another(tmp_path: Path) -> None:
    """With a pause between them, and each with counts of its own."""
    first = write_clip(tmp_path, "clip.ts", num_frames=31)
    packets = _packets(first)
    second = write_clip(tmp_path, "clip.ts", time_of=lambda n: 9 + Fraction(n, 25))
    _write(second, packets, _packets(second))
    assert read_through(second) == (61, "")
    assert not is_transport_stream_damaged(second)


def test_a_cut_inside_a_packet_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.ts")
    content = path.read_bytes()
    path.write_bytes(content[: 300 * PACKET])
    assert not is_transport_stream_cut(path)
    path.write_bytes(content[: 300 * PACKET + 1])
    assert is_transport_stream_cut(path)
    assert "breaks off" in read_through(path)[1]
