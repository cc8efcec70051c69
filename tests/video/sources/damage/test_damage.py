"""Files of all containers that were cut off, or have lost something in the middle."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from clips import read_through, write_clip

from lanedet.video import VideoReader
from lanedet.video.sources.damage import is_cut, is_damaged

pytestmark = pytest.mark.filterwarnings("ignore:.*video tracks:UserWarning")

NUM_FRAMES, NUM_COPIES = 60, 60
BLOCK = 512  # bytes, as disks and copying programs write them
# How many copies, at most, may lose frames without a word; of those that are not here
# none. Of streams without a container (.h264, .hevc), of which a warning says that
# nobody can know it, nothing is asked.
UNTOLD_CUTS = {"clip.mpg": 3, "clip.ts": 1}  # between two packets
UNTOLD_DAMAGE = {"clip.mpg": 6, "clip.gif": 8, "fragmented.mp4": 1}
CONTAINERS = (
    *("clip.mp4", "fragmented.mp4", "clip.mov", "clip.mkv", "clip.webm", "clip.ts"),
    *("clip.flv", "clip.avi", "clip.wmv", "clip.mpg", "clip.gif"),
)
Copies = Callable[[bytes, np.random.Generator], Iterator[bytes]]


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm", "clip.flv", "clip.wmv"])
def test_a_recorder_may_pause(tmp_path: Path, name: str) -> None:
    times = [Fraction(n, 25) + 20 * (n >= 9) + Fraction(n % 3, 99) for n in range(30)]
    path = write_clip(tmp_path, name, time_of=times.__getitem__)
    assert read_through(path) == (30, "")
    with VideoReader(path) as reader:
        container_format = reader.container_format
    assert not is_cut(path, container_format)
    assert not is_damaged(path, container_format, has_gap=True)


def test_of_a_format_without_checks_nothing_is_said(tmp_path: Path) -> None:
    path = tmp_path / "clip.nut"
    path.write_bytes(b"nut")
    assert not is_cut(path, "nut")
    assert not is_damaged(path, "nut", has_gap=True)


def _cuts(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Yield copies without their end, every other one cut between two blocks."""
    for number in range(NUM_COPIES):
        end = int(rng.integers(len(content) // 10, len(content)))
        yield content[: end // BLOCK * BLOCK if number % 2 else end]


def _damages(content: bytes, rng: np.random.Generator) -> Iterator[bytes]:
    """Yield copies with a piece of zeros, a piece of noise, or without a piece."""
    for number in range(NUM_COPIES):
        size = min(int(rng.choice((1000, 4096, 16384))), len(content) // 4)
        begin = int(rng.integers(len(content) // 10, len(content) - size))
        piece = (bytes(size), rng.bytes(size), b"")[number % 3]
        yield content[:begin] + piece + content[begin + size :]


def _num_untold(path: Path, make_copies: Copies) -> int:
    """Return how many copies of a clip lose frames and nothing is said of it."""
    content, unreported = path.read_bytes(), 0
    for copy in make_copies(content, np.random.default_rng(0)):
        path.write_bytes(copy)
        try:
            number, reported = read_through(path)
        except ValueError:  # it cannot be read at all, and that was said
            continue
        unreported += number < NUM_FRAMES and not reported
    return unreported


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTAINERS)
def test_cuts_are_reported(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name, num_frames=NUM_FRAMES)
    assert read_through(path) == (NUM_FRAMES, "")
    assert _num_untold(path, _cuts) <= UNTOLD_CUTS.get(name, 0)


@pytest.mark.slow
@pytest.mark.parametrize("name", CONTAINERS)
def test_damage_is_reported(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name, num_frames=NUM_FRAMES)
    assert _num_untold(path, _damages) <= UNTOLD_DAMAGE.get(name, 0)
