import errno
import signal
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace

from lanedet.video import VideoReader, VideoWriter
from lanedet.video.outputs import writer as video_writer


def _write(path: Path, num_frames: int, size: tuple[int, int] = (48, 64)) -> None:
    with VideoWriter(path, 25) as writer:
        for number in range(num_frames):
            writer.write(np.full((*size, 3), 30 + 5 * number, dtype=np.uint8))


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".MP4", ".MKV"])
@pytest.mark.parametrize(
    "rate", [Fraction(10), Fraction(30000, 1001)], ids=["10", "29.97"]
)
def test_what_is_written_can_be_read(
    tmp_path: Path, suffix: str, rate: Fraction, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"clip{suffix}"
    with VideoWriter(path, rate) as writer:
        for number in range(30):
            writer.write(np.full((48, 64, 3), 30 + 5 * number, dtype=np.uint8))
        assert writer.num_frames == 30
    assert caplog.messages == []  # such as an option that the container has not
    with VideoReader(path) as reader:
        assert reader.frame_rate == rate
        frames = list(reader)
    levels = [frame.image.mean() for frame in frames]
    assert levels == pytest.approx(30 + 5 * np.arange(30), abs=2)
    times = [frame.time_s for frame in frames]
    assert times == pytest.approx(np.arange(30) / float(rate), abs=1e-3)


def test_it_is_h264_that_browsers_play(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    _write(path, 5)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
    content = path.read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # faststart


def test_colors_survive(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    color = np.array([230, 159, 0], dtype=np.uint8)
    with VideoWriter(path, 25) as writer:
        writer.write(np.tile(color, (48, 64, 1)))
    with VideoReader(path) as reader:
        image = next(iter(reader)).image
    assert np.abs(image.astype(int) - color).max() <= 4


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_the_shape_of_the_pixels_is_kept(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    with VideoWriter(path, 25, Fraction(4, 3)) as writer:
        writer.write(np.zeros((47, 64, 3), dtype=np.uint8))
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)
    with VideoWriter(path, 25) as writer:
        writer.write(np.zeros((47, 64, 3), dtype=np.uint8))
    with av.open(str(path)) as container:
        assert container.streams.video[0].sample_aspect_ratio == 1


def test_pixels_are_those_of_ffmpeg_s_own_conversion() -> None:
    rng = np.random.default_rng(0)
    # Smooth colors: where neighbours differ much, FFmpeg weighs them otherwise.
    image = cv2.resize(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8), (82, 54))
    frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
    )
    expected = frame.to_ndarray().astype(int)
    got = video_writer.yuv_frame(image).to_ndarray().astype(int)
    assert got.shape == expected.shape
    assert np.abs(got - expected)[:54].max() <= 1
    assert np.abs(got - expected)[54:].max() <= 3


@pytest.mark.parametrize("size", [(47, 63), (48, 63), (47, 64)])
def test_odd_sizes_are_padded_by_one(tmp_path: Path, size: tuple[int, int]) -> None:
    _write(tmp_path / "clip.mp4", 3, size)
    with VideoReader(tmp_path / "clip.mp4") as reader:
        assert (reader.height, reader.width) == (48, 64)
        last = list(reader)[-1].image
    assert last.mean() == pytest.approx(40, abs=2)
    assert np.ptp(last) <= 4  # no black rim


@pytest.mark.parametrize(
    "error", [RuntimeError, KeyboardInterrupt, SystemExit], ids=lambda e: e.__name__
)
def test_the_clip_is_whole_whatever_leaves_the_block(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "clip.mp4"

    def work() -> None:
        with VideoWriter(path, 25) as writer:
            for _ in range(17):
                writer.write(np.zeros((48, 64, 3), dtype=np.uint8))
            raise error

    with pytest.raises(error):
        work()
    with VideoReader(path) as reader:
        assert len(list(reader)) == 17


def test_an_interrupt_while_the_clip_is_closed_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "clip.mp4"
    replace = Path.replace

    def interrupted_replace(self: Path, target: Path) -> Path:
        signal.raise_signal(signal.SIGINT)
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", interrupted_replace)
    with pytest.raises(KeyboardInterrupt):
        _write(path, 3)
    with VideoReader(path) as reader:
        assert len(list(reader)) == 3


def _write_noise(writer: VideoWriter, num_frames: int) -> None:
    rng = np.random.default_rng(0)
    with writer:
        for _ in range(num_frames):
            writer.write(rng.integers(0, 256, (48, 64, 3), dtype=np.uint8))


def _num_playable(path: Path) -> int:
    """Return how many frames a player shows of a file that may be cut off."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv"])
def test_a_full_disk_keeps_what_fits(full_disk, tmp_path: Path, name: str) -> None:
    writer = VideoWriter(tmp_path / name, 10)
    with full_disk(150_000), pytest.raises(OSError, match="too large"):
        _write_noise(writer, 150)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert writer.is_kept
    assert 10 < writer.num_frames < 100
    assert _num_playable(writer.path) == pytest.approx(writer.num_frames, abs=1)


def test_a_disk_without_room_for_the_copy_keeps_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_fragmented: Path, out: Path) -> None:
        out.write_bytes(b"the part that fits")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(video_writer, "write_ordinary", fail)
    _write_noise(VideoWriter(tmp_path / "clip.mp4", 10), 25)
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    assert _num_playable(tmp_path / "clip.mp4") == 25


def test_a_disk_without_room_for_one_frame_keeps_nothing(
    full_disk, tmp_path: Path
) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", 10)
    with full_disk(500), pytest.raises(OSError, match="too large"):
        _write_noise(writer, 15)
    assert not writer.is_kept
    assert list(tmp_path.iterdir()) == []


def test_an_end_that_got_lost_unnoticed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_end(fragmented: Path, _out: Path) -> int:
        content = fragmented.read_bytes()
        fragmented.write_bytes(content[: len(content) // 2])
        return 3

    monkeypatch.setattr(video_writer, "write_ordinary", lose_end)
    writer = VideoWriter(tmp_path / "clip.mp4", 5)
    with pytest.raises(OSError, match="No space left"):
        _write_noise(writer, 30)
    assert 0 < writer.num_frames < 30
    assert _num_playable(tmp_path / "clip.mp4") == writer.num_frames


def test_a_clip_can_be_played_while_it_grows(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", 5)
    rng = np.random.default_rng(0)
    with writer:
        for _ in range(30):
            writer.write(rng.integers(0, 256, (96, 128, 3), dtype=np.uint8))
        assert _num_playable(tmp_path / ".clip.part.mp4") > 5


def test_the_name_holds_a_whole_clip_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    _write(path, 3)
    with VideoWriter(path, 25) as writer:
        writer.write(np.zeros((48, 64, 3), dtype=np.uint8))
        with VideoReader(path) as reader:  # still the one before
            assert len(list(reader)) == 3
    with VideoReader(path) as reader:
        assert len(list(reader)) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["clip.mp4"]


def test_without_a_frame_there_is_no_file(tmp_path: Path) -> None:
    _write(tmp_path / "clip.mp4", 0)
    assert list(tmp_path.iterdir()) == []


def test_closing_twice_does_no_harm(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", 25)
    writer.write(np.zeros((48, 64, 3), dtype=np.uint8))
    writer.close()
    writer.close()
    assert (tmp_path / "clip.mp4").exists()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    _write(tmp_path / "a" / "b" / "clip.mp4", 2)
    assert (tmp_path / "a" / "b" / "clip.mp4").exists()


def test_bad_names(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in \.mp4, \.mov, \.mkv, got"):
        VideoWriter(tmp_path / "clip.webm", 25)
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(IsADirectoryError, match="is a folder"):
        VideoWriter(tmp_path / "folder.mp4", 25)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        VideoWriter(tmp_path / "file" / "clip.mp4", 25)


def test_the_frame_rate_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frame_rate must be positive, got 0"):
        VideoWriter(tmp_path / "clip.mp4", 0)


def test_the_aspect_ratio_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="sample_aspect_ratio must be positive, got 0"):
        VideoWriter(tmp_path / "clip.mp4", 25, 0)
    assert list(tmp_path.iterdir()) == []


def test_images_must_be_of_one_kind_and_size(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "clip.mp4", 25) as writer:
        with pytest.raises(ValueError, match=r"image must be \(H, W, 3\) uint8"):
            writer.write(np.zeros((48, 64, 3)))
        writer.write(np.zeros((48, 64, 3), dtype=np.uint8))
        with pytest.raises(ValueError, match=r"size of the first.*\(48, 64\)"):
            writer.write(np.zeros((48, 66, 3), dtype=np.uint8))


UNEVEN = [Fraction(ms, 1000) for ms in (0, 33, 67, 500, 501, 900, 1300, 1333)]


def _times(path: Path) -> list[Fraction]:
    with VideoReader(path) as reader:
        return [frame.time for frame in reader]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_uneven_times_are_kept_exactly(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    with VideoWriter(path, 6, time_base=Fraction(1, 1000)) as writer:
        for time in UNEVEN:  # on a clock that does not start at 0
            writer.write(np.zeros((48, 64, 3), dtype=np.uint8), 77 + time)
    assert _times(path) == UNEVEN


def test_a_time_that_goes_back_comes_after_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, 10, time_base=Fraction(1, 1000)) as writer:
        for ms in (0, 100, 100, 50, 200):
            writer.write(np.zeros((48, 64, 3), dtype=np.uint8), Fraction(ms, 1000))
    assert [int(1000 * time) for time in _times(path)] == [0, 100, 101, 102, 200]


def _copy(source: Path, out: Path, start: Fraction, end: Fraction | None) -> None:
    with VideoReader(source, with_sound=True) as reader:
        shape = (reader.frame_rate, 1)
        with VideoWriter(
            out, *shape, time_base=reader.time_base, sound=reader.sound
        ) as writer:
            for frame in reader:
                if start <= frame.time and (end is None or frame.time < end):
                    writer.write(frame.image, frame.time)
                writer.write_sound(end)


def _sound_packets(path: Path) -> list[tuple[Fraction, bytes]]:
    with av.open(str(path)) as container:
        return [
            (packet.pts * packet.time_base, bytes(packet))
            for packet in container.demux(audio=0)
            if packet.size
        ]


def _tone(path: Path) -> np.ndarray:
    with av.open(str(path)) as container:
        return np.concatenate([f.to_ndarray()[0] for f in container.decode(audio=0)])


@pytest.mark.parametrize(
    ("name", "codec", "suffix"),
    [
        ("clip.mp4", "aac", ".mp4"),
        ("clip.ts", "aac", ".mp4"),
        ("c.mkv", "flac", ".mkv"),
    ],
)
def test_sound_is_copied(
    make_video, tmp_path: Path, name: str, codec: str, suffix: str
) -> None:
    source = make_video(name, num_frames=30, sound=codec)
    out = tmp_path / f"copy{suffix}"
    _copy(source, out, Fraction(0), None)
    before, after = _sound_packets(source), _sound_packets(out)
    origin = before[0][0] - after[0][0]
    assert len(after) > 5
    for (time, data), (known_time, known) in zip(after, before, strict=True):
        assert float(known_time - time) == pytest.approx(float(origin), abs=2e-3)
        # Without the header that MPEG-TS puts before each packet.
        assert known.endswith(data)


def test_sound_is_cut_with_the_frames(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=50, sound="aac")
    out = tmp_path / "cut.mp4"
    _copy(source, out, Fraction(1, 2), Fraction(3, 2))
    assert len(_times(out)) == 25
    known = dict(map(reversed, _sound_packets(source)))
    packets = _sound_packets(out)
    assert packets[0][0] <= 0
    assert float(packets[-1][0]) == pytest.approx(1, abs=0.13)
    for time, data in packets[1:]:
        # The pictures start at the first frame from 0.5 s on: at 0.52.
        assert float(known[data] - time) == pytest.approx(0.52, abs=2e-3)


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".MOV", ".mkv"])
@pytest.mark.parametrize("codec", ["aac", "mp3", "libopus", "flac", "pcm_s16le"])
def test_each_container_gets_sound_that_it_takes(
    make_video, tmp_path: Path, codec: str, suffix: str
) -> None:
    source = make_video("source.mkv", num_frames=12, sound=codec, sound_rate=48000)
    out = tmp_path / f"out{suffix}"
    _copy(source, out, Fraction(0), None)
    assert len(_times(out)) == 12
    assert len(_tone(out)) / 48000 == pytest.approx(0.48, abs=0.1)
    assert np.abs(_tone(out)).max() > 0.1


@pytest.mark.parametrize(("name", "codec"), [("c.mkv", "pcm_s16le"), ("c.ts", "mp2")])
def test_sound_that_browsers_do_not_play_is_encoded(
    make_video, tmp_path: Path, name: str, codec: str
) -> None:
    source = make_video(name, num_frames=50, sound=codec, sound_rate=16000)
    out = tmp_path / "out.mp4"
    _copy(source, out, Fraction(0), None)
    with av.open(str(out)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert len(_tone(out)) / 16000 == pytest.approx(2, abs=0.2)
    assert np.abs(_tone(out)).max() > 0.1


def test_a_clip_without_sound(make_video, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    _copy(make_video(num_frames=5), out, Fraction(0), None)
    with av.open(str(out)) as container:
        assert not container.streams.audio


def test_the_time_base_must_be_positive(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="time_base must be positive, got 0"):
        VideoWriter(tmp_path / "clip.mp4", 25, time_base=Fraction(0))
