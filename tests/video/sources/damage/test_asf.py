"""WMV and other ASF files that have lost something."""

from pathlib import Path

import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.asf import is_asf_cut, is_asf_damaged

PROPERTIES = bytes.fromhex("A1DCAB8C47A9CF118EE400C00C205365")
DATA = bytes.fromhex("3626B2758E66CF11A6D900AA0062CE6C")
STATED_SIZE, FLAGS, PACKET_SIZE = 40, 88, 92  # where they are in the properties
FIRST_PACKET = 50  # behind where the data begin


def _packets(content: bytes) -> tuple[int, int]:
    """Return where the packets begin, and their size."""
    place = content.index(PROPERTIES) + PACKET_SIZE
    size = int.from_bytes(content[place : place + 4], "little")
    return content.index(DATA) + FIRST_PACKET, size


def _stated(content: bytes, place: int, value: int, width: int) -> bytes:
    """Return the content with another number in its properties."""
    place += content.index(PROPERTIES)
    new = value.to_bytes(width, "little")
    return content[:place] + new + content[place + width :]


@pytest.mark.parametrize("share", [0.3, 0.62, 0.9, 0.999])
def test_a_cut_is_reported_by_the_stated_size(tmp_path: Path, share: float) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    assert read_through(path) == (30, "")
    path.write_bytes(content[: int(len(content) * share)])
    number, reported = read_through(path)
    assert 0 < number <= 30
    assert "breaks off after" in reported


def test_a_cut_between_packets_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    begin, size = _packets(content)
    path.write_bytes(content[: begin + 5 * size])
    assert "breaks off after" in read_through(path)[1]


def test_a_recording_that_was_never_finished_is_reported(tmp_path: Path) -> None:
    """Its header states a size of 0, as it was to be filled in at the end."""
    path = write_clip(tmp_path, "clip.wmv")
    path.write_bytes(_stated(path.read_bytes(), STATED_SIZE, 0, 8))
    assert "breaks off after 30" in read_through(path)[1]


def test_the_size_of_a_broadcast_says_nothing(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    begin, size = _packets(content)
    live = _stated(_stated(content, STATED_SIZE, 0, 8), FLAGS, 1, 4)
    end = begin + (len(content) - begin) // size * size  # without the index
    path.write_bytes(live[:end])
    assert not is_asf_cut(path)
    path.write_bytes(live[: end - size])
    assert not is_asf_cut(path)
    path.write_bytes(live[: end - size // 2])
    assert is_asf_cut(path)


@pytest.mark.parametrize("position", [1, 4, -2, -1])
def test_a_packet_of_zeros_is_reported(tmp_path: Path, position: int) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    begin, size = _packets(content)
    num_packets = (len(content) - begin) // size
    place = begin + position % num_packets * size
    assert num_packets > 6
    path.write_bytes(content[:place] + bytes(size) + content[place + size :])
    number, reported = read_through(path)
    assert number < 30
    assert "is damaged: frames" in reported


def test_packets_in_another_order_are_damage(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    begin, size = _packets(content)
    assert not is_asf_damaged(path)
    second = content[begin + size : begin + 2 * size]
    third = content[begin + 2 * size : begin + 3 * size]
    rest = content[begin + 3 * size :]
    path.write_bytes(content[: begin + size] + third + second + rest)
    assert is_asf_damaged(path)
    path.write_bytes(content[: begin + size] + third + rest)
    assert is_asf_damaged(path)


@pytest.mark.parametrize("length", [0, 20, 40, 100, 300, 500])
def test_of_less_than_a_header_nothing_is_said(tmp_path: Path, length: int) -> None:
    path = write_clip(tmp_path, "clip.wmv")
    content = path.read_bytes()
    assert content.index(DATA) + FIRST_PACKET > length
    path.write_bytes(content[:length])
    assert not is_asf_cut(path)
    assert not is_asf_damaged(path)
