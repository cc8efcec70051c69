"""Matroska and WebM files that have lost something."""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from clips import read_through, write_clip

from lanedet.video.sources.damage.matroska import is_matroska_damaged

pytestmark = pytest.mark.filterwarnings("ignore:.*video tracks:UserWarning")

CLUSTER, SIMPLE_BLOCK = bytes.fromhex("1F43B675"), 0xA3


def _places(content: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), content)]


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
@pytest.mark.parametrize("position", [0, 1, 2, -2])
def test_a_cluster_without_its_identifier_is_reported(
    tmp_path: Path, name: str, position: int
) -> None:
    path = write_clip(tmp_path, name)
    content = bytearray(path.read_bytes())
    clusters = _places(content, CLUSTER)
    assert len(clusters) > 4
    content[clusters[position] : clusters[position] + 4] = bytes(4)
    path.write_bytes(content)
    number, reported = read_through(path)
    assert 20 <= number < 30
    assert re.search(r"is damaged: frames are missing from \d\.\d\d s on", reported)
    assert f"{number} frames could be read" in reported


def _cut_out(content: bytes, begin: int, end: int) -> bytes:
    return content[:begin] + content[end:]


def _overwrite(content: bytes, begin: int, end: int) -> bytes:
    return content[:begin] + bytes(end - begin) + content[end:]


@pytest.mark.parametrize("spoil", [_cut_out, _overwrite])
@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_a_cluster_that_is_gone_is_reported(
    tmp_path: Path, name: str, spoil: Callable[[bytes, int, int], bytes]
) -> None:
    path = write_clip(tmp_path, name)
    content = path.read_bytes()
    clusters = _places(content, CLUSTER)
    path.write_bytes(spoil(content, clusters[2], clusters[3]))
    number, reported = read_through(path)
    assert 0 < number < 30
    assert "is damaged: frames are missing" in reported or "breaks off" in reported


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_a_block_of_no_track_is_reported(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name)
    content = bytearray(path.read_bytes())
    # The first block of a cluster in the middle: its identifier, size and track.
    place = content.index(SIMPLE_BLOCK, _places(content, CLUSTER)[2] + 5)
    size_length = 9 - content[place + 1].bit_length()
    assert content[place + 1 + size_length] == 0x81
    content[place + 1 + size_length] = 0x8B
    path.write_bytes(content)
    assert "is damaged: frames are missing" in read_through(path)[1]


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
