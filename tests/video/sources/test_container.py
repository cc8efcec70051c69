"""What a container says of time, of its tracks, and of what is not in it."""

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from clips import CONTAINERS, NO_RATE, write_clip
from fuzzing import mutations

from lanedet.video import ContainerReader, VideoBreakError, VideoReader

DAY = 86400
_NO_FRAME = r"(no video that FFmpeg|Not one frame of|ends before its first|no video st)"


def _times(path: Path, **options: Fraction | int) -> tuple[list[float], VideoReader]:
    with VideoReader(path, **options) as reader:
        return [frame.time_s for frame in reader], reader


@pytest.mark.parametrize(
    ("name", "options", "stated"),
    [
        ("clip.h264", {}, True),
        ("clip.hevc", {"x265-params": "log-level=none"}, True),
        ("clip.hevc", NO_RATE, False),
    ],
)
@pytest.mark.parametrize("rate", [10, 120])
def test_a_bare_stream_is_as_fast_as_it_states(
    tmp_path: Path, name: str, options: dict[str, str], stated: bool, rate: int
) -> None:
    path = write_clip(tmp_path, name, rate=rate, codec_options=options)
    with pytest.warns(UserWarning, match="bare stream without time stamps") as reported:
        times, reader = _times(path)
    expected = rate if stated else 25
    assert reader.frame_rate == expected
    assert times == pytest.approx(np.arange(30) / expected)
    [warning] = reported
    assert ("is a guess, set the right one with --fps" in str(warning.message)) == (
        not stated
    )
    assert "whether its end is missing" in str(warning.message)
    with pytest.warns(UserWarning, match="bare stream") as reported:
        times, reader = _times(path, bare_rate=Fraction(240, 7))
    assert reader.frame_rate == Fraction(240, 7)
    assert times == pytest.approx(np.arange(30) * 7 / 240)
    assert "guess" not in str(reported[0].message)


def test_a_given_rate_is_not_for_what_has_time_stamps(tmp_path: Path) -> None:
    times, reader = _times(write_clip(tmp_path, num_frames=5), bare_rate=7)
    assert reader.frame_rate == 25
    assert times == pytest.approx(np.arange(5) / 25)


@pytest.mark.parametrize(
    "name", ["clip.mp4", "fragmented.mp4", "clip.mkv", "clip.ts", "clip.flv"]
)
@pytest.mark.parametrize(("first", "gap"), [(1, 3600), (10, 3600), (19, 7000)])
def test_a_long_gap_makes_no_frame_longer(
    tmp_path: Path, name: str, first: int, gap: int
) -> None:
    def time_of(number: int) -> Fraction:
        return Fraction(number, 25) + gap * (number >= first)

    path = write_clip(tmp_path, name, num_frames=20, time_of=time_of)
    times, reader = _times(path)
    assert times == pytest.approx([float(time_of(n)) for n in range(20)], abs=1e-3)
    assert reader.frame_rate == 25  # so that the length is gap + 0.8 s


@pytest.mark.parametrize(
    ("name", "gap"),
    [
        ("clip.ts", DAY // 4 + 3600),
        ("clip.ts", DAY // 2),
        ("clip.mkv", 20 * DAY),
        ("clip.mkv", 40 * DAY),
        ("clip.mp4", 7 * 3600),
        ("fragmented.mp4", 7 * 3600),
        ("clip.flv", DAY),
    ],
)
def test_times_go_on_where_the_clock_jumps_ahead(
    tmp_path: Path, name: str, gap: int
) -> None:
    def time_of(number: int) -> Fraction:
        return Fraction(number, 25) + gap * (number >= 12)

    path = write_clip(tmp_path, name, time_of=time_of)
    with pytest.warns(
        UserWarning, match=rf"jumps ahead by {gap / 3600:.1f} h"
    ) as reported:
        times, _ = _times(path)
    assert len(reported) == 1
    assert times == pytest.approx(np.arange(30) / 25, abs=1e-3)
    with VideoReader(path) as reader:
        reader.skip_to(0.9)
        with pytest.warns(UserWarning, match="jumps ahead"):
            frames = list(reader)
    assert frames[-1].index == 29
    assert frames[-1].time_s == pytest.approx(29 / 25, abs=1e-3)


def test_a_start_behind_a_jump_is_behind_the_end(tmp_path: Path) -> None:
    path = write_clip(
        tmp_path, "clip.ts", time_of=lambda n: Fraction(n, 25) + DAY * (n > 9)
    )
    with VideoReader(path) as reader:
        reader.skip_to(DAY)
        with pytest.warns(UserWarning, match="ahead"):
            frames = list(reader)
    assert frames[-1].index == 29
    assert frames[-1].time_s == pytest.approx(29 / 25, abs=1e-3)


@pytest.mark.parametrize("sizes", [((16, 32), (48, 64)), ((48, 64), (16, 32))])
def test_of_two_tracks_the_largest_is_read(
    tmp_path: Path, sizes: tuple[tuple[int, int], ...]
) -> None:
    path = write_clip(tmp_path, num_frames=3, sizes=sizes)
    number = sizes.index((48, 64)) + 1
    with (
        pytest.warns(UserWarning, match=rf"2 video tracks .*number {number} is read"),
        VideoReader(path) as reader,
    ):
        assert [frame.image.shape for frame in reader] == [(48, 64, 3)] * 3


@pytest.mark.parametrize(
    ("name", "size"),
    [
        *(("clip.webm", size) for size in (1, 200, 300, 400, 700, 1000)),
        *(("fragmented.mp4", size) for size in (1, 30, 200, 500, 800, 1000)),
        *(("clip.ts", size) for size in (1, 200, 500, 800)),
        *(("clip.wmv", size) for size in (1, 200, 400, 500)),
        *(("clip.flv", size) for size in (1, 9, 13, 200)),
    ],
)
def test_a_recording_without_frames_is_one_line(
    tmp_path: Path, name: str, size: int
) -> None:
    path = write_clip(tmp_path, name)
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(ValueError, match=_NO_FRAME) as reported:
        list(VideoReader(path))
    assert not isinstance(reported.value, av.error.FFmpegError)
    assert "\n" not in str(reported.value)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_a_header_alone_is_one_line(tmp_path: Path, name: str) -> None:
    path = write_clip(tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(bytes.fromhex("1F43B675"))])
    with pytest.raises(ValueError, match="ends before its first frame"):
        VideoReader(path)


def _read_all(path: Path) -> None:
    """Read a file; of damaged ones these errors are promised, and none of PyAV's."""
    promised: list[Exception] = []
    try:
        with VideoReader(path, with_sound=True) as reader:
            reader.skip_to(0.3)
            for frame in reader:
                assert frame.image.shape == (reader.height, reader.width, 3)
    except (ValueError, OSError) as error:
        promised.append(error)
    assert not any(isinstance(error, av.error.FFmpegError) for error in promised)


def _fuzz(tmp_path: Path, name: str, seed: int, count: int) -> None:
    content = write_clip(tmp_path, name, num_frames=10).read_bytes()
    path = tmp_path / f"damaged{Path(name).suffix}"
    for damaged in mutations(content, seed, count):
        path.write_bytes(damaged)
        _read_all(path)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CONTAINERS)
def test_damaged_videos_are_read_or_refused(tmp_path: Path, name: str) -> None:
    _fuzz(tmp_path, name, seed=0, count=12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(1, 5))
@pytest.mark.parametrize("name", CONTAINERS)
def test_many_damaged_videos_are_read_or_refused(
    tmp_path: Path, name: str, seed: int
) -> None:
    _fuzz(tmp_path, name, seed, count=500)


@pytest.mark.parametrize(
    "error",
    [
        av.error.EOFError(1, "end"),
        av.error.PatchWelcomeError(2, "patches welcome"),
        av.error.InvalidDataError(3, "invalid"),
        IndexError("list index out of range"),
        ZeroDivisionError("time base"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_whatever_pyav_raises_becomes_a_break(tmp_path: Path, error: Exception) -> None:
    path = write_clip(tmp_path)

    class FailingContainer:
        """A container that fails on its way, as FFmpeg might."""

        def __init__(self, container: av.container.InputContainer) -> None:
            self._container, self._num_left = container, 20

        def __getattr__(self, name: str) -> object:
            return getattr(self._container, name)

        def demux(self, streams: list[av.stream.Stream]) -> object:
            for packet in self._container.demux(streams):
                self._num_left -= 1
                if self._num_left == 0:
                    raise error
                yield packet

    container = FailingContainer(av.open(str(path)))
    number = 0
    # A track that appears on the way is no reason to stop: only its packet is lost.
    goes_on = isinstance(error, IndexError)
    with (
        ContainerReader(container, "clip.mp4") as reader,
        contextlib.nullcontext() if goes_on else pytest.raises(VideoBreakError),
    ):
        for _ in reader:
            number += 1
    assert number == 29 if goes_on else number == 19
