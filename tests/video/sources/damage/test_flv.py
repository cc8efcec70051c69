"""FLV files that have lost something."""

from pathlib import Path

import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.flv import is_flv_cut, is_flv_damaged

HEADER, TAG, SIZE = 13, 11, 4  # bytes


def test_a_tag_of_flv_that_is_lost_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.flv")
    content = path.read_bytes()
    place = len(content) // 2
    path.write_bytes(content[:place] + bytes(3000) + content[place + 3000 :])
    number, reported = read_through(path)
    assert number < 30
    assert "is damaged: frames are missing from" in reported


def _tag_ends(content: bytes) -> list[int]:
    ends = [HEADER]
    while ends[-1] < len(content):
        place = ends[-1]
        length = int.from_bytes(content[place + 1 : place + 4], "big")
        ends.append(place + TAG + length + SIZE)
    return ends


def test_every_cut_inside_a_tag_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.flv")
    content = path.read_bytes()
    ends = _tag_ends(content)
    assert ends[-1] == len(content)
    for end in ends[5:]:
        path.write_bytes(content[:end])
        assert not is_flv_cut(path)
        for missing in (1, SIZE, SIZE + 1):
            path.write_bytes(content[: end - missing])
            assert is_flv_cut(path), missing
            assert not is_flv_damaged(path)
    path.write_bytes(content[: ends[-4] + 5])  # far less than half a second
    assert "breaks off" in read_through(path)[1]


@pytest.mark.parametrize("rest", [bytes(5000), b"end"])
def test_what_no_tag_is_cannot_be_cut(tmp_path: Path, rest: bytes) -> None:
    path = write_clip(tmp_path, "clip.flv")
    path.write_bytes(path.read_bytes() + rest)
    assert not is_flv_cut(path)
    assert read_through(path) == (30, "")
