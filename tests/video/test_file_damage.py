"""Files that have lost something in the middle or at the end, and files that pause."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from clips import write_clip

from lanedet.video import VideoBreakError, VideoReader
from lanedet.video.file_damage import is_flv_damaged, is_matroska_damaged
from lanedet.video.fragments import ends_in_fragment, has_lost_fragments

pytestmark = pytest.mark.filterwarnings("ignore:.*video tracks:UserWarning")

CLUSTER, SIMPLE_BLOCK = bytes.fromhex("1F43B675"), 0xA3


def _places(content: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), content)]


def _read(path: Path) -> tuple[int, str]:
    """Return how many frames come, and what is said in the end."""
    number = 0
    with VideoReader(path) as reader:
        try:
            for _ in reader:
                number += 1
        except VideoBreakError as error:
            return number, str(error)
    return number, ""


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
@pytest.mark.parametrize("position", [0, 1, 2, -2])
def test_a_cluster_without_its_identifier_is_told(
    tmp_path: Path, name: str, position: int
) -> None:
    path = write_clip(tmp_path, name)
    content = bytearray(path.read_bytes())
    clusters = _places(content, CLUSTER)
    assert len(clusters) > 4
    content[clusters[position] : clusters[position] + 4] = bytes(4)
    path.write_bytes(content)
    number, told = _read(path)
    assert 20 <= number < 30
    assert re.search(r"is damaged: frames are missing from \d\.\d\d s on", told)
    assert f"{number} frames could be read" in told


def _cut_out(content: bytes, begin: int, end: int) -> bytes:
    return content[:begin] + content[end:]


def _overwrite(content: bytes, begin: int, end: int) -> bytes:
    return content[:begin] + bytes(end - begin) + content[end:]


@pytest.mark.parametrize("spoil", [_cut_out, _overwrite])
@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_a_cluster_that_is_gone_is_told(
    tmp_path: Path, name: str, spoil: Callable[[bytes, int, int], bytes]
) -> None:
    path = write_clip(tmp_path, name)
    content = path.read_bytes()
    clusters = _places(content, CLUSTER)
    path.write_bytes(spoil(content, clusters[2], clusters[3]))
    number, told = _read(path)
    assert 0 < number < 30
    assert "is damaged: frames are missing" in told or "breaks off" in told


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_a_block_of_no_track_is_told(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name)
    content = bytearray(path.read_bytes())
    # The first block of a cluster in the middle: its identifier, size and track.
    place = content.index(SIMPLE_BLOCK, _places(content, CLUSTER)[2] + 5)
    size_length = 9 - content[place + 1].bit_length()
    assert content[place + 1 + size_length] == 0x81
    content[place + 1 + size_length] = 0x8B
    path.write_bytes(content)
    assert "is damaged: frames are missing" in _read(path)[1]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("clip.mkv", is_matroska_damaged),
        ("clip.webm", is_matroska_damaged),
        ("clip.flv", is_flv_damaged),
    ],
)
def test_a_recorder_may_pause(
    tmp_path: Path, name: str, check: Callable[[Path], bool]
) -> None:
    times = [Fraction(n, 25) + 20 * (n >= 9) + Fraction(n % 3, 50) for n in range(30)]
    path = write_clip(tmp_path, name, time_of=times.__getitem__)
    assert _read(path) == (30, "")
    assert not check(path)


def test_a_stream_of_webm_states_no_sizes(tmp_path: Path) -> None:
    """As browsers record: of segment and clusters only the beginning is known."""
    path = write_clip(tmp_path, "clip.mkv", time_of=lambda n: Fraction(n, 5))
    content = path.read_bytes()
    segment = content.index(bytes.fromhex("18538067"))
    unknown = b"\x01" + b"\xff" * 7
    assert content[segment + 4] == 0x01
    content = content[: segment + 4] + unknown + content[segment + 12 :]
    for place in reversed(_places(content, CLUSTER)):
        length = 9 - content[place + 4].bit_length()
        end = place + 4 + length
        content = content[: place + 4] + unknown + content[end:]
    path.write_bytes(content)
    assert not is_matroska_damaged(path)


def test_a_tag_of_flv_that_is_lost_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.flv")
    content = path.read_bytes()
    place = len(content) // 2
    path.write_bytes(content[:place] + bytes(3000) + content[place + 3000 :])
    number, told = _read(path)
    assert number < 30
    assert "is damaged: frames are missing from" in told


def _boxes(content: bytes) -> list[tuple[bytes, int, int]]:
    boxes, place = [], 0
    while place + 8 <= len(content):
        length = int.from_bytes(content[place : place + 4], "big")
        boxes.append((content[place + 4 : place + 8], place, place + length))
        place += length
    return boxes


def test_every_cut_inside_a_fragment_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "fragmented.mp4")
    content = path.read_bytes()
    boxes = [box for box in _boxes(content) if box[0] in (b"moof", b"mdat")]
    assert len(boxes) == 12
    ends = {end for kind, _, end in boxes if kind == b"mdat"}
    first = boxes[1][2]
    for cut in range(first + 1, boxes[-1][2], 1997):
        path.write_bytes(content[:cut])
        number, told = _read(path)
        assert ("breaks off" in told) == (cut not in ends), cut
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
    assert _read(path) == (30, "")


def test_an_ordinary_mp4_has_no_fragments_to_lose(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.mp4")
    assert not ends_in_fragment(path)
    assert not has_lost_fragments(path)


def test_a_fragment_without_its_index_is_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "fragmented.mp4")
    content = bytearray(path.read_bytes())
    place = _places(content, b"moof")[2]
    content[place : place + 4] = b"free"
    path.write_bytes(content)
    number, told = _read(path)
    assert number < 30
    assert "is damaged: frames are missing" in told
