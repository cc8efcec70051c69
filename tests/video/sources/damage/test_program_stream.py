"""MPEG program streams that have lost something."""

from collections.abc import Callable
from pathlib import Path

import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.program_stream import (
    is_program_stream_cut,
    is_program_stream_damaged,
)

PACK = 2048  # bytes, as FFmpeg makes them; a packet of pictures ends with each
START, END = b"\0\0\1", b"\0\0\1\xb9"
GROUP, PICTURE = b"\0\0\1\xb8", b"\0\0\1\0"
SIZE = (144, 176)
LAST_ROW = START + b"\x09"  # of 16 pixels


def _has_whole_end(content: bytes) -> bool:
    """Return whether the last picture has begun its last row."""
    return content.rfind(LAST_ROW) > content.rfind(START + b"\0")


@pytest.mark.parametrize("missing", [1, 5, 700, 2045, 3000, 9001])
def test_a_cut_inside_a_packet_is_reported(tmp_path: Path, missing: int) -> None:
    path = write_clip(tmp_path, "clip.mpg", sizes=[SIZE])
    content = path.read_bytes()
    assert read_through(path) == (30, "")
    path.write_bytes(content[:-missing])
    number, reported = read_through(path)
    assert 0 < number <= 30
    assert "breaks off after" in reported


def test_a_cut_between_packets_is_reported_by_the_picture_it_goes_through(
    tmp_path: Path,
) -> None:
    path = write_clip(tmp_path, "clip.mpg", num_frames=60, sizes=[SIZE])
    content = path.read_bytes()
    assert len(content) % PACK == 0
    reported, whole = 0, 0
    for end in range(3 * PACK, len(content), PACK):
        path.write_bytes(content[:end])
        assert is_program_stream_cut(path) != _has_whole_end(content[:end])
        reported += is_program_stream_cut(path)
        whole += _has_whole_end(content[:end])
    assert reported > whole


def test_a_stream_that_says_it_ends_is_whole(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.mpg", num_frames=60, sizes=[SIZE])
    content = path.read_bytes()
    ends = range(3 * PACK, len(content), PACK)
    end = next(end for end in ends if not _has_whole_end(content[:end]))
    path.write_bytes(content[:end])
    assert is_program_stream_cut(path)
    path.write_bytes(content[:end] + END)
    assert not is_program_stream_cut(path)


@pytest.mark.parametrize("number", [0, 5000, 100_000])
def test_room_that_was_set_aside_is_no_cut(tmp_path: Path, number: int) -> None:
    path = write_clip(tmp_path, "clip.mpg", sizes=[SIZE])
    path.write_bytes(path.read_bytes() + bytes(number))
    assert read_through(path) == (30, "")
    assert not is_program_stream_cut(path)
    assert not is_program_stream_damaged(path)


@pytest.mark.parametrize(("number", "is_damaged"), [(20, False), (200, True)])
def test_sectors_are_filled_with_a_few_zeros(
    tmp_path: Path, number: int, is_damaged: bool
) -> None:
    """As on Video CDs."""
    path = write_clip(tmp_path, "clip.mpg", sizes=[SIZE])
    content = path.read_bytes()
    path.write_bytes(content[: 2 * PACK] + bytes(number) + content[2 * PACK :])
    assert is_program_stream_damaged(path) == is_damaged


@pytest.mark.parametrize("num_packs", [5, 9])
@pytest.mark.parametrize("is_shifted", [False, True])
def test_packs_that_are_gone_are_reported(
    tmp_path: Path, num_packs: int, is_shifted: bool
) -> None:
    path = write_clip(tmp_path, "clip.mpg", num_frames=60, sizes=[SIZE])
    content = path.read_bytes()
    begin = 6 * PACK + 900 * is_shifted
    path.write_bytes(content[:begin] + content[begin + num_packs * PACK :])
    number, reported = read_through(path)
    assert number < 60
    assert "is damaged: frames are missing from" in reported


def test_rows_that_are_gone_are_reported(tmp_path: Path) -> None:
    """Also where FFmpeg makes up the picture from the one before."""
    path = write_clip(tmp_path, "clip.mpg", num_frames=60, sizes=[SIZE])
    content = path.read_bytes()
    path.write_bytes(content[: 6 * PACK] + content[7 * PACK :])
    number, reported = read_through(path)
    assert number == 60
    assert "is damaged: frames or pieces of them are missing, 60 frames" in reported


def test_something_else_than_a_packet_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.mpg", num_frames=60, sizes=[SIZE])
    content = path.read_bytes()
    begin = 6 * PACK
    assert content[begin : begin + 3] == START
    path.write_bytes(content[:begin] + b"\x55" * 9000 + content[begin + 9000 :])
    number, reported = read_through(path)
    assert number < 60
    assert "is damaged: frames are missing from" in reported


def _without_length(content: bytes) -> bytes:
    """Return the content with one packet of pictures that does not say its length."""
    place = content.index(START + b"\xe0", 3 * PACK) + 4
    return content[:place] + bytes(2) + content[place + 2 :]


@pytest.mark.parametrize(
    "spoil",
    [_without_length, lambda content: b"IMKH" + bytes(36) + content],
    ids=["a packet without a length", "a recorder's own header"],
)
def test_of_other_streams_nothing_is_said(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    path = write_clip(tmp_path, "clip.mpg", sizes=[SIZE])
    path.write_bytes(spoil(path.read_bytes()))
    assert not is_program_stream_cut(path)
    assert not is_program_stream_damaged(path)


def _without_picture(content: bytes, group: int, number: int) -> bytes:
    """Return the content with a picture hidden, the code before it being another."""
    place = -1
    for _ in range(group + 1):
        place = content.index(GROUP, place + 1)
    for _ in range(number + 1):
        place = content.index(PICTURE, place + 1)
    end = content.index(START, place + 4)
    hidden = content[place:end].replace(PICTURE, START + b"\xb2")  # a user's own data
    rows = [content.index(START + bytes([row]), end) for row in range(1, 10)]
    copy = bytearray(content[:place] + hidden + content[end:])
    for row in rows:
        copy[row + 3] = 0xB2
    return bytes(copy)


@pytest.mark.parametrize(
    ("group", "number", "flags", "is_damaged"),
    [
        (0, 0, 0, False),  # a recording may begin in the middle of a group
        (0, 2, 0, True),
        (2, 0, 0, True),
        (2, 0, 0x20, False),  # cut out of a longer one, it says so
        (2, 2, 0x20, True),
    ],
)
def test_the_numbers_of_pictures_go_on_in_a_group(
    tmp_path: Path, group: int, number: int, flags: int, is_damaged: bool
) -> None:
    path = write_clip(tmp_path, "clip.mpg", sizes=[SIZE])
    content = bytearray(_without_picture(path.read_bytes(), group, number))
    place = -1
    for _ in range(group + 1):
        place = content.index(GROUP, place + 1)
    content[place + 7] |= flags
    path.write_bytes(content)
    assert is_program_stream_damaged(path) == is_damaged
