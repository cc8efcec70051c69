"""Small clips in many containers, for the tests of readers."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from lanedet.video import VideoBreakError, VideoReader

FRAGMENTED = {"movflags": "+frag_keyframe+empty_moov+default_base_moof"}
NO_RATE = {"x265-params": "log-level=none:vui-timing-info=0"}

_NO_NEW_SCENES = {"libx264": "0", "mpeg2video": "1000000000"}

# How each name is written: its codec, FFmpeg's format, options of it.
CONTAINERS: dict[str, tuple[str, str | None, dict[str, str]]] = {
    "clip.mp4": ("libx264", None, {}),
    "fragmented.mp4": ("libx264", None, FRAGMENTED),
    "nanoseconds.mp4": ("libx264", None, {"video_track_timescale": "1000000000"}),
    "clip.mov": ("libx264", None, {}),
    "clip.mkv": ("libx264", None, {}),
    "clip.webm": ("libvpx", None, {}),
    "clip.ts": ("libx264", None, {}),
    "clip.flv": ("libx264", None, {}),
    "clip.avi": ("mpeg4", None, {}),
    "clip.wmv": ("wmv2", "asf", {}),
    "clip.mpg": ("mpeg2video", "mpeg", {}),
    "clip.h264": ("libx264", None, {}),
    "clip.hevc": ("libx265", None, {}),
    "clip.gif": ("gif", None, {}),
}


def write_clip(
    folder: Path,
    name: str = "clip.mp4",
    *,
    num_frames: int = 30,
    rate: int = 25,
    time_of: Callable[[int], Fraction] | None = None,
    codec_options: dict[str, str] | None = None,
    sizes: Sequence[tuple[int, int]] = ((48, 64),),
) -> Path:
    """Write a clip of noise, with a key frame every five frames, and return its path.

    Args:
        folder: Where to.
        name: One of ``CONTAINERS``.
        num_frames: How many frames.
        rate: Frames per second.
        time_of: Time of each frame in seconds; evenly spaced if not given.
        codec_options: For the encoder.
        sizes: (H, W) of each track.
    """
    codec, container_format, options = CONTAINERS[name]
    rng = np.random.default_rng(0)
    encoder = dict(codec_options or {})
    if codec in _NO_NEW_SCENES:  # for which each picture of noise would be taken
        encoder.setdefault("sc_threshold", _NO_NEW_SCENES[codec])
    path = folder / name
    with av.open(str(path), "w", format=container_format, options=options) as container:
        streams = []
        for height, width in sizes:
            stream = container.add_stream(codec, rate=rate, options=encoder)
            stream.height, stream.width = height, width
            stream.pix_fmt = "rgb8" if codec == "gif" else "yuv420p"
            stream.codec_context.gop_size = 5
            if codec == "libx264":
                stream.codec_context.max_b_frames = 0
            if time_of is not None:
                stream.codec_context.time_base = Fraction(1, 1000)
            streams.append(stream)
        for number in range(num_frames):
            time = Fraction(number, rate) if time_of is None else time_of(number)
            for stream in streams:
                shape = (stream.height, stream.width, 3)
                image = rng.integers(0, 256, shape, dtype=np.uint8)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    return path


def read_through(path: Path) -> tuple[int, str]:
    """Return how many frames of a file come, and what is said in the end.

    Also that some could not be decoded, of which the summary of a run tells.
    """
    number = 0
    with VideoReader(path) as reader:
        try:
            for _ in reader:
                number += 1
        except VideoBreakError as error:
            return number, str(error)
        lost = reader.num_undecodable
    return number, f"{lost} could not be decoded" if lost else ""
