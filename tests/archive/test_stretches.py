"""A clip in stretches has each of its frames once, with its own time."""

from fractions import Fraction
from pathlib import Path

import pytest
from clips import write_clip

from lanedet.archive.listing import Clip
from lanedet.archive.stretches import Stretch, cut_clip, is_long, stretch_frames
from lanedet.video import VideoReader


def cut(path: Path, length_s: float) -> list[Stretch]:
    with VideoReader(path) as reader:
        return cut_clip(Clip(path.name, str(path)), reader, length_s)


def test_a_clip_is_cut_at_key_frames_near_the_length(tmp_path: Path) -> None:
    path = write_clip(tmp_path, num_frames=60)  # 2.4 s with a key frame each 0.2 s
    stretches = cut(path, 0.5)
    bounds = [Fraction(tenths, 10) for tenths in (0, 4, 8, 12, 16, 20)]
    assert stretches[0].bounds == tuple(bounds)
    assert [stretch.number for stretch in stretches] == [0, 1, 2, 3, 4, 5]
    assert [stretch.start for stretch in stretches] == bounds
    assert [stretch.end for stretch in stretches] == [*bounds[1:], None]
    assert str(stretches[1]) == "clip.mp4, stretch 2 of 6"


def test_the_last_stretch_is_no_shorter_than_half(tmp_path: Path) -> None:
    path = write_clip(tmp_path, num_frames=60)
    assert cut(path, 2.0)[0].bounds == (0,)
    assert cut(path, 1.5)[0].bounds == (0, Fraction(7, 5))
    with VideoReader(path) as reader:
        assert is_long(reader, 1.5)
        assert not is_long(reader, 1.7)


def test_where_key_frames_are_rare_stretches_are_longer(tmp_path: Path) -> None:
    path = write_clip(tmp_path, num_frames=60)
    bounds = cut(path, 0.15)[0].bounds
    assert bounds[:3] == (0, Fraction(1, 5), Fraction(2, 5))


def test_a_fine_clock_needs_no_more_key_frames(tmp_path: Path) -> None:
    # One each 5 s, where the clock's 30 bits are a second.
    path = write_clip(tmp_path, "nanoseconds.mp4", num_frames=30, rate=1)
    with VideoReader(path) as reader:
        assert reader.time_base == Fraction(1, 10**9)
    assert cut(path, 10.0)[0].bounds == (0, 10, 20)


@pytest.mark.parametrize(
    "name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.webm", "fragmented.mp4"]
)
def test_stretches_have_the_frames_of_the_whole(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name, num_frames=60)
    with VideoReader(path) as reader:
        whole = [(each.time, each.image.tobytes()) for each in reader]
    stretches = cut(path, 0.5)
    assert len(stretches) >= 4
    frames = []
    for stretch in stretches:
        with VideoReader(path, decoder_threads=1) as reader:
            if stretch.start:
                reader.begin_at(stretch.start)
            found = list(stretch_frames(stretch, reader))
        assert found[0].time == stretch.start
        frames += [(each.time, each.image.tobytes()) for each in found]
    assert frames == whole


@pytest.mark.parametrize("name", ["clip.ts", "clip.avi", "clip.flv", "clip.h264"])
def test_containers_without_an_index_of_key_frames_are_not_cut(
    tmp_path: Path, name: str
) -> None:
    assert len(cut(write_clip(tmp_path, name, num_frames=60), 0.5)) == 1


def test_frames_before_a_stretch_are_left_out_where_the_long_way_is_gone(
    tmp_path: Path,
) -> None:
    path = write_clip(tmp_path, num_frames=60)
    middle = cut(path, 0.5)[2]
    with VideoReader(path) as reader:
        times = [frame.time for frame in stretch_frames(middle, reader)]
    assert times == [Fraction(number, 25) for number in range(20, 30)]


def test_a_damaged_file_is_not_cut(tmp_path: Path) -> None:
    path = write_clip(tmp_path, "clip.mkv", num_frames=60)
    content = bytearray(path.read_bytes())
    middle = content.index(b"\x1f\x43\xb6\x75", len(content) // 2)  # a cluster
    content[middle : middle + 40] = bytes(40)
    path.write_bytes(content)
    assert len(cut(path, 0.5)) == 1


@pytest.mark.filterwarnings("ignore:The clock of")
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "fragmented.mp4"])
@pytest.mark.parametrize(("hours", "every"), [(1, 10), (4, 30), (4, 10)])
def test_where_the_clock_jumps_stretches_have_the_times_of_the_whole(
    tmp_path: Path, name: str, hours: int, every: int
) -> None:
    path = write_clip(
        tmp_path,
        name,
        num_frames=60,
        time_of=lambda number: Fraction(number, 25) + number // every * hours * 3600,
    )
    stretches = cut(path, 0.5)
    times = []
    for stretch in stretches:
        with VideoReader(path, decoder_threads=1) as reader:
            if stretch.start:
                reader.begin_at(stretch.start)
            times += [frame.time for frame in stretch_frames(stretch, reader)]
    with VideoReader(path) as reader:
        assert times == [frame.time for frame in reader]
    assert (len(stretches) == 1) == ((hours, every) == (4, 10))


def test_a_jump_of_the_clock_is_seen_within_a_longer_stretch(tmp_path: Path) -> None:
    def time_of(number: int) -> Fraction:
        return Fraction(number, 25) + number // 10 * 3600 * (4 if number >= 50 else 2)

    path = write_clip(tmp_path, num_frames=60, time_of=time_of)
    assert len(cut(path, 2 * 3600.0)) == 1
    assert len(cut(path, 4 * 3600.0)) == 1
