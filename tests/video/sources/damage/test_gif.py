"""Animated GIFs that have lost something."""

from pathlib import Path

import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.gif import is_gif_cut, is_gif_damaged

TRAILER = b"\x3b"
# A picture of 1x1 pixels: of the file, of a delay, of the picture, of its two colours.
HEADER = b"GIF89a" + bytes([1, 0, 1, 0, 0x80, 0, 0]) + bytes(6)
DELAY = bytes([0x21, 0xF9, 4, 0, 10, 0, 0, 0])
PICTURE = bytes([0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0])


@pytest.mark.parametrize("share", [0.2, 0.5, 0.77, 0.999])
def test_a_cut_is_reported(tmp_path: Path, share: float) -> None:
    path = write_clip(tmp_path, "clip.gif")
    content = path.read_bytes()
    assert read_through(path) == (30, "")
    path.write_bytes(content[: int(len(content) * share)])
    number, reported = read_through(path)
    assert 0 < number <= 30
    assert "breaks off after" in reported


@pytest.mark.parametrize(
    ("content", "cut", "damaged"),
    [
        (HEADER + 3 * (DELAY + PICTURE) + TRAILER, False, False),
        (HEADER + 3 * (DELAY + PICTURE), False, False),  # its end was forgotten
        (HEADER + DELAY + PICTURE + bytes(2) + DELAY + PICTURE, False, False),
        (HEADER + DELAY + PICTURE + TRAILER + b"a note", False, False),
        (HEADER + DELAY + PICTURE + DELAY[:-1], True, False),
        (HEADER + DELAY + PICTURE[:5], True, False),
        (HEADER + DELAY + PICTURE[:-2], True, False),
        (HEADER[:9], True, False),
        (HEADER + DELAY + PICTURE + b"x" + DELAY + PICTURE + TRAILER, False, True),
    ],
)
def test_blocks_are_followed(
    tmp_path: Path, content: bytes, cut: bool, damaged: bool
) -> None:
    path = tmp_path / "clip.gif"
    path.write_bytes(content)
    assert (is_gif_cut(path), is_gif_damaged(path)) == (cut, damaged)


def test_what_is_between_two_pictures_is_reported(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.gif")
    content = path.read_bytes()
    place = content.index(b"\x00\x21\xf9\x04", len(content) // 2) + 1
    path.write_bytes(content[:place] + b"\x55" * 3000 + content[place + 3000 :])
    number, reported = read_through(path)
    assert number < 30
    assert "is damaged: frames" in reported
