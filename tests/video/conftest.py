import resource
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

MakeVideo = Callable[..., Path]
FullDisk = Callable[[int], AbstractContextManager[None]]


def numbered_image(number: int, height: int, width: int) -> np.ndarray:
    """A picture whose mean tells which one it is; its noise makes the file large."""
    noise = np.random.default_rng(number).integers(-20, 20, (height, width, 3))
    return (30 + 5 * number + noise).astype(np.uint8)


def add_sound(
    container: av.container.OutputContainer, codec: str, rate: int, seconds: Fraction
) -> None:
    """Add a track with a tone to a container."""
    stream = container.add_stream(codec, rate=rate, layout="mono")
    number = int(rate * seconds)
    tone = (9000 * np.sin(np.arange(number) * 0.3)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


@pytest.fixture
def make_video(tmp_path: Path) -> MakeVideo:
    """Write a small video with PyAV itself; the mean of frame i is 30 + 5 i."""

    def make(  # noqa: PLR0913
        name: str = "clip.mp4",
        num_frames: int = 30,
        size: tuple[int, int] = (48, 64),
        frame_rate: Fraction = Fraction(25),
        container_options: dict[str, str] | None = None,
        rotation: int = 0,
        start: int = 0,
        pixel_shape: Fraction = Fraction(1),
        times: Sequence[Fraction] = (),
        sound: str = "",
        sound_rate: int = 8000,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", options=container_options or {}) as container:
            stream = container.add_stream("libx264", rate=frame_rate)
            stream.height, stream.width = size
            stream.pix_fmt = "yuv420p"
            # Key frames and no reordering: what comes before a cut can be decoded.
            stream.codec_context.gop_size = 5
            stream.codec_context.max_b_frames = 0
            stream.codec_context.sample_aspect_ratio = pixel_shape
            if rotation:
                stream.set_display_rotation(rotation)
            if times:
                stream.codec_context.time_base = Fraction(1, 1000)
            if sound:
                add_sound(container, sound, sound_rate, num_frames / frame_rate)
            for number in range(num_frames):
                image = numbered_image(number, *size)
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                frame.pts, frame.time_base = start + number, 1 / frame_rate
                if times:
                    frame.pts = int(times[number] * 1000)
                    frame.time_base = Fraction(1, 1000)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        return path

    return make


@pytest.fixture
def full_disk() -> FullDisk:
    """Let no file of this process grow beyond a size, in bytes, within a block."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    return limited
