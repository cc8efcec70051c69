"""Fragmented MP4 files that have lost something."""

import re
from pathlib import Path

from clips import read_through, write_clip

from lanedet.video.sources.damage.mp4 import ends_in_fragment, has_lost_fragments


def _places(content: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), content)]


def _boxes(content: bytes) -> list[tuple[bytes, int, int]]:
    boxes, place = [], 0
    while place + 8 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        boxes.append((content[place + 4 : place + 8], place, place + length))
        place += length
    return boxes


def test_every_cut_inside_a_fragment_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "fragmented.mp4")
    content = path.read_bytes()
    boxes = [box for box in _boxes(content) if box[0] in (b"moof", b"mdat")]
    assert len(boxes) == 12
    ends = {end for kind, _, end in boxes if kind == b"mdat"}
    first = boxes[1][2]
    for cut in range(first + 1, boxes[-1][2], 1997):
        path.write_bytes(content[:cut])
        number, reported = read_through(path)
        assert ("breaks off" in reported) == (cut not in ends), cut
        assert 0 < number < 30
    for kind, begin, end in boxes[2:]:  # just behind a box, and within a header
        path.write_bytes(content[:end])
        assert ends_in_fragment(path) == (kind == b"moof")
        path.write_bytes(content[: begin + 5])
        assert ends_in_fragment(path)


def test_zeros_behind_the_last_fragment_are_room_that_was_set_aside(
    tmp_path: Path,
) -> None:
    path = write_clip(tmp_path, "fragmented.mp4")
    path.write_bytes(path.read_bytes() + bytes(5000))
    assert read_through(path) == (30, "")


def test_an_ordinary_mp4_has_no_fragments_to_lose(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.mp4")
    assert not ends_in_fragment(path)
    assert not has_lost_fragments(path)


def test_a_fragment_without_its_index_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "fragmented.mp4")
    content = bytearray(path.read_bytes())
    place = _places(content, b"moof")[2]
    content[place : place + 4] = b"free"
    path.write_bytes(content)
    number, reported = read_through(path)
    assert number < 30
    assert "is damaged: frames are missing" in reported
