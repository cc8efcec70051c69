import re
from fractions import Fraction
from pathlib import Path
from struct import pack

import av
import numpy as np
import pytest

from lanedet.video import VideoBreakError, VideoReader

CLIPS = Path(__file__).resolve().parents[3] / ".." / "shared" / "real" / "clips"


def _cut(path: Path, share: float) -> Path:
    """Keep only the first part of a file, as a power cut would."""
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


def _places(content: bytes, part: bytes) -> list[int]:
    return [match.start() for match in re.finditer(re.escape(part), content)]


def test_frames_come_in_order_with_their_times(make_video) -> None:
    with VideoReader(make_video(num_frames=7, frame_rate=Fraction(10))) as reader:
        frames = list(reader)
    assert [frame.index for frame in frames] == list(range(7))
    assert [frame.time_s for frame in frames] == pytest.approx(np.arange(7) / 10)
    levels = [frame.image.mean() for frame in frames]
    assert levels == pytest.approx(30 + 5 * np.arange(7), abs=2)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "a:b.mp4"])
def test_what_the_file_says_of_itself(make_video, name: str) -> None:
    path = make_video(name, num_frames=30, frame_rate=Fraction(30000, 1001))
    with VideoReader(path) as reader:
        assert (reader.height, reader.width) == (48, 64)
        assert reader.frame_rate == Fraction(30000, 1001)
        assert reader.expected_frames == 30
        assert reader.duration_s == pytest.approx(1.001)
        images = [frame.image for frame in reader]
    assert len(images) == 30
    assert all(image.shape == (48, 64, 3) for image in images)
    assert all(image.dtype == np.uint8 for image in images)


def test_time_starts_at_the_first_frame(make_video) -> None:
    with VideoReader(make_video("clip.ts")) as reader:  # whose clock starts later
        assert next(iter(reader)).time_s == 0


@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_frames_are_turned_upright(tmp_path: Path, degrees: int) -> None:
    path = tmp_path / "turned.mp4"
    # In the file the left half is bright.
    stored = np.repeat([[220] * 32 + [30] * 32], 48, axis=0).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.set_display_rotation(degrees)
        frame = av.VideoFrame.from_ndarray(np.stack([stored] * 3, axis=2))
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        image = next(iter(reader)).image
        assert image.shape[:2] == (reader.height, reader.width)
    # FFmpeg counts anticlockwise: by +90 degrees the left side comes to the bottom.
    bright = {90: image[-24:], -90: image[:24], 180: image[:, -24:]}[degrees]
    assert bright.mean() > 200
    assert image.mean() == pytest.approx(125, abs=3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts"])
def test_the_shape_of_the_pixels(make_video, name: str) -> None:
    with VideoReader(make_video(name, pixel_shape=Fraction(4, 3))) as reader:
        assert reader.sample_aspect_ratio == Fraction(4, 3)
        assert (reader.height, reader.width) == (48, 64)


def test_turned_pixels_are_high_instead_of_wide(make_video) -> None:
    path = make_video(pixel_shape=Fraction(4, 3), rotation=90)
    with VideoReader(path) as reader:
        assert reader.sample_aspect_ratio == Fraction(3, 4)


def test_pixels_are_square_where_nothing_is_stated(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    with VideoReader(path) as reader:
        assert reader.sample_aspect_ratio == 1


def test_a_reader_is_read_once(make_video) -> None:
    with VideoReader(make_video(num_frames=3)) as reader:
        assert len(list(reader)) == 3
        assert list(reader) == []


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("clip.mp4", {"movflags": "+faststart"}, id="index-first mp4"),
        pytest.param("clip.mkv", {}, id="matroska"),
        pytest.param("clip.flv", {}, id="flv"),
    ],
)
def test_a_cut_is_reported_after_the_frames_before_it(
    make_video, name: str, options: dict[str, str]
) -> None:
    path = _cut(make_video(name, num_frames=40, container_options=options), 0.5)
    indices = []
    with VideoReader(path) as reader, pytest.raises(VideoBreakError) as caught:
        indices.extend(frame.index for frame in reader)
    assert indices == list(range(len(indices)))
    assert 5 < len(indices) < 36
    assert f"breaks off after {len(indices)} of 40 frames" in str(caught.value)


@pytest.mark.parametrize("num_lost", [1, 4])
def test_a_matroska_file_without_its_last_frames_is_reported(
    make_video, num_lost: int
) -> None:
    path = make_video("clip.mkv", num_frames=20, sound="aac")
    with av.open(str(path)) as container:
        places = [packet.pos for packet in container.demux(video=0) if packet.size]
    path.write_bytes(path.read_bytes()[: places[-num_lost]])
    with (
        VideoReader(path) as reader,
        pytest.raises(VideoBreakError, match=f"after {20 - num_lost} of 20 frames"),
    ):
        list(reader)


def test_a_long_last_frame_is_no_break(make_video) -> None:
    times = [Fraction(number, 25) for number in (0, 1, 2, 3, 30)]
    with VideoReader(make_video("clip.mkv", num_frames=5, times=times)) as reader:
        assert len(list(reader)) == 5


@pytest.mark.parametrize("size", [188, 192])
def test_a_transport_stream_that_ends_in_a_packet_is_reported(
    make_video, size: int
) -> None:
    path = make_video("clip.ts", num_frames=5)
    content = path.read_bytes()
    prefix = bytes(size - 188)  # cameras put a time there
    packets = (content[i : i + 188] for i in range(0, len(content), 188))
    content = b"".join(prefix + packet for packet in packets)
    path.write_bytes(content)
    with VideoReader(path) as reader:
        assert len(list(reader)) == 5
    path.write_bytes(content[:-100])
    with VideoReader(path) as reader, pytest.raises(VideoBreakError):
        list(reader)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.avi", "clip.mp4", "clip.flv"])
def test_a_late_start_is_no_break(make_video, name: str) -> None:
    path = make_video(name, num_frames=40, start=50)
    with VideoReader(path) as reader:
        frames = list(reader)
    assert len(frames) == 40
    assert frames[0].time_s == 0
    assert frames[-1].time_s == pytest.approx(39 / 25, abs=1e-3)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        pytest.param("clip.mp4", {"movflags": "+faststart"}, id="index-first mp4"),
        pytest.param("clip.mkv", {}, id="matroska"),
    ],
)
def test_a_cut_after_a_late_start_is_reported(
    make_video, name: str, options: dict[str, str]
) -> None:
    whole = make_video(name, num_frames=40, container_options=options, start=50)
    with VideoReader(whole) as reader:
        assert reader.expected_frames == 40
        assert reader.duration_s == pytest.approx(40 / 25)
    with (
        VideoReader(_cut(whole, 0.5)) as reader,
        pytest.raises(VideoBreakError, match="of 40 frames"),
    ):
        list(reader)


@pytest.mark.parametrize("num_frames", [20, 39])
def test_an_avi_without_its_last_frames_is_reported(
    make_video, num_frames: int
) -> None:
    path = make_video("clip.avi", num_frames=40, start=50)
    content = path.read_bytes()
    # Every picture is a chunk "00dc"; those without content fill the gap at the start.
    chunks = [
        place
        for place in _places(content, b"00dc")
        if content[place + 4 : place + 8] != bytes(4)
    ]
    path.write_bytes(content[: chunks[num_frames]])
    with (
        VideoReader(path) as reader,
        pytest.raises(VideoBreakError, match=f"after {num_frames}"),
    ):
        list(reader)


def test_data_that_cannot_be_decoded_break_a_video_off(make_video) -> None:
    path = make_video(num_frames=40, container_options={"movflags": "+faststart"})
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle:] = b"\xff" * (len(content) - middle)
    path.write_bytes(content)
    indices = []
    with VideoReader(path) as reader, pytest.raises(VideoBreakError, match="decoded"):
        indices.extend(frame.index for frame in reader)
    assert len(indices) > 5


def _spoil_packet(path: Path, number: int) -> None:
    """Overwrite one packet of a file with nonsense."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[number].pos, packets[number].size
    content = bytearray(path.read_bytes())
    content[place : place + size] = b"\xff" * size
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi"])
def test_a_packet_that_cannot_be_decoded_is_left_out(make_video, name: str) -> None:
    path = make_video(name, num_frames=30)
    _spoil_packet(path, 14)
    with VideoReader(path) as reader:
        frames = list(reader)
        assert reader.num_undecodable == 1
    assert [frame.index for frame in frames] == list(range(29))
    times = [number / 25 for number in range(30) if number != 14]
    assert [frame.time_s for frame in frames] == pytest.approx(times)
    assert frames[-1].image.mean() == pytest.approx(30 + 5 * 29, abs=2)


UNEVEN = [Fraction(ms, 1000) for ms in (0, 33, 67, 500, 501, 900, 1300, 1333)]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_uneven_times_are_those_of_the_file(make_video, name: str) -> None:
    with VideoReader(make_video(name, num_frames=8, times=UNEVEN)) as reader:
        frames = list(reader)
    assert [frame.time for frame in frames] == UNEVEN


@pytest.mark.filterwarnings("ignore:.*bare stream:UserWarning")
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.h264"])
@pytest.mark.parametrize("start_s", [0.0, 0.61, 0.8, 99.0])
def test_skipping_keeps_numbers_and_times(
    make_video, name: str, start_s: float
) -> None:
    path = make_video(name, num_frames=30, start=7)
    with VideoReader(path) as reader:
        whole = list(reader)
    with VideoReader(path) as reader:
        reader.skip_to(start_s)
        rest = list(reader)
    assert rest[0].time <= start_s
    if start_s and name != "clip.h264":  # which has no time stamps
        assert rest[0].index >= 15
    for frame, known in zip(rest, whole[rest[0].index :], strict=True):
        assert (frame.index, frame.time) == (known.index, known.time)
        assert np.array_equal(frame.image, known.image)


@pytest.mark.parametrize("start_s", [0.0, 0.3, 0.7])
def test_times_go_on_where_the_clock_jumps_back(make_video, start_s: float) -> None:
    path = make_video("clip.ts", num_frames=10, sound="aac")
    path.write_bytes(2 * path.read_bytes())
    with VideoReader(path, with_sound=True) as reader:
        reader.skip_to(start_s)
        frames = list(reader)
        assert reader.sound is not None
        sound_ends = [piece.end for piece in reader.sound.take()]
    first = frames[0].index
    assert first / 25 <= start_s
    assert [frame.time_s for frame in frames] == pytest.approx(
        np.arange(first, 20) / 25, abs=1e-4
    )
    levels = [frame.image.mean() for frame in frames]
    numbers = np.tile(np.arange(10), 2)[first:]
    assert levels == pytest.approx(30 + 5 * numbers, abs=2)
    assert sound_ends[-1] == pytest.approx(0.8, abs=0.2)  # with the pictures


def test_sound_comes_with_the_frames(make_video) -> None:
    path = make_video(num_frames=10, sound="aac")
    with VideoReader(path) as silent:
        assert silent.sound is None
        assert len(list(silent)) == 10
    with VideoReader(path, with_sound=True) as reader:
        assert reader.sound is not None
        assert len(list(reader)) == 10
        pieces = list(reader.sound.take())
        assert list(reader.sound.take()) == []
    assert pieces[0].time <= 0
    assert pieces[-1].end == pytest.approx(0.4, abs=0.2)
    with VideoReader(make_video("b.mp4"), with_sound=True) as reader:
        assert reader.sound is None


def test_an_mp4_without_its_index_cannot_be_opened(make_video) -> None:
    with pytest.raises(ValueError, match=r"no video that FFmpeg can read.*repair"):
        VideoReader(_cut(make_video(), 0.9))


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No video at .*none\.mp4"):
        VideoReader(tmp_path / "none.mp4")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mp4", b"", "is empty. Copy"),
        ("noise.mp4", b"no video at all " * 99, r"read\. Use a video file\.$"),
        ("notes.txt", b"no video at all\n" * 99, "text file"),
    ],
)
def test_a_file_that_is_no_video(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        VideoReader(tmp_path / name)


def test_a_folder_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        VideoReader(tmp_path)


def test_a_file_with_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        sound = np.zeros((1, 1024), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(ValueError, match="no video stream"):
        VideoReader(path)


@pytest.mark.parametrize(
    ("name", "size", "rate", "count"),
    [
        ("highway_960x540.mp4", (540, 960), Fraction(25), 221),
        ("highway_1024x512.mp4", (512, 1024), Fraction(10), 199),
    ],
)
def test_real_clips(
    name: str, size: tuple[int, int], rate: Fraction, count: int
) -> None:
    path = CLIPS / name
    if not path.exists():
        pytest.skip(f"No real clip at {path}.")
    with VideoReader(path) as reader:
        assert (reader.height, reader.width) == size
        assert reader.frame_rate == rate
        assert reader.num_frames == count
        frames = [(frame.index, frame.time_s) for frame in reader]
    assert len(frames) == count
    assert frames[-1][1] == pytest.approx((count - 1) / rate)


@pytest.fixture
def png_video(tmp_path: Path) -> Path:
    """A video of 64x48 whose frames are PNGs, which anyone can find and change."""
    path = tmp_path / "png.mov"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "rgb24"
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 9, np.uint8))
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_frames_of_too_many_pixels_are_refused(png_video: Path) -> None:
    content = png_video.read_bytes()
    for kind in (">II", ">HH"):  # of the frames and of the container
        content = content.replace(pack(kind, 64, 48), pack(kind, 9000, 9000))
    png_video.write_bytes(content)
    with pytest.raises(ValueError, match="64 million pixels, got 9000x9000"):
        VideoReader(png_video)


def test_a_frame_larger_than_the_container_says_is_not_decoded(png_video: Path) -> None:
    content = png_video.read_bytes()
    place = content.rindex(b"IHDR") + 4
    large = content[:place] + pack(">II", 9000, 9000) + content[place + 8 :]
    png_video.write_bytes(large)
    with VideoReader(png_video) as reader, pytest.raises(VideoBreakError):
        list(reader)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST"),
        ("a.mp4", "ffconcat version 1.0\nfile {}\n"),
        (
            "a.sdp",
            "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\n"
            "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        ),
    ],
    ids=["hls", "concat", "sdp"],
)
def test_files_that_name_others_can_be_refused(
    make_video, tmp_path: Path, name: str, content: str
) -> None:
    path = tmp_path / name
    path.write_text(content.format(make_video("other.mp4")))
    with pytest.raises(ValueError, match="no format that is known to hold all of its"):
        VideoReader(path, self_contained=True)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.ts", "a.avi", "a.flv"])
def test_recordings_hold_all_themselves(make_video, name: str) -> None:
    with VideoReader(make_video(name, num_frames=5), self_contained=True) as reader:
        reader.skip_to(0.1)
        assert list(reader)[-1].index == 4


def test_a_playlist_of_ones_own_can_be_read(make_video, tmp_path: Path) -> None:
    path = tmp_path / "a.m3u8"
    clip = make_video("other.ts", num_frames=5)
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip}\n")
    with path.open("a") as file:
        file.write("#EXT-X-ENDLIST\n")
    with VideoReader(path) as reader:
        assert len(list(reader)) == 5
