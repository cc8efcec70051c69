"""Pictures that lie otherwise, against what FFmpeg's filters make of them."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from lanedet.video import VideoReader
from lanedet.video.sources.orientation import Orientation

ONE = 1 << 16  # in the matrix of a track

# (a, b, c, d) of the matrix, and what FFmpeg's filters (transpose=..., hflip, vflip)
# do for it, written as operations of NumPy.
EIGHT = {
    "upright": ((1, 0, 0, 1), lambda image: image),
    "hflip": ((-1, 0, 0, 1), lambda image: image[:, ::-1]),
    "vflip": ((1, 0, 0, -1), lambda image: image[::-1]),
    "half turn": ((-1, 0, 0, -1), lambda image: image[::-1, ::-1]),
    "clock": ((0, 1, -1, 0), lambda image: np.rot90(image, -1)),
    "cclock": ((0, -1, 1, 0), lambda image: np.rot90(image, 1)),
    "cclock_flip": ((0, 1, 1, 0), lambda image: image.transpose(1, 0, 2)),
    "clock_flip": (
        (0, -1, -1, 0),
        lambda image: np.rot90(image, 2).transpose(1, 0, 2),
    ),
}


def _quartered(height: int, width: int) -> np.ndarray:
    """Four quarters of another grey each, so that no two orientations look alike."""
    image = np.zeros((height, width, 3), dtype=np.uint8)
    image[: height // 2, : width // 2] = 40
    image[: height // 2, width // 2 :] = 100
    image[height // 2 :, : width // 2] = 160
    image[height // 2 :, width // 2 :] = 220
    return image


def _write_clip(path: Path, image: np.ndarray, matrix: Sequence[float]) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "4"})
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        for _ in range(2):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + 4 + 40  # ISO/IEC 14496-12, 8.3.2: version 0
    assert content[place : place + 4] == ONE.to_bytes(4, "big")
    a, b, c, d = (round(value * ONE) for value in matrix)
    for number, value in enumerate((a, b, 0, c, d, 0, 0, 0)):
        begin = place + 4 * number
        content[begin : begin + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(content)


def _read(path: Path) -> np.ndarray:
    with VideoReader(path) as reader:
        images = [frame.image for frame in reader]
        assert images[0].shape == (reader.height, reader.width, 3)
        assert images[0].flags.c_contiguous
    assert len(images) == 2
    return images[1]


@pytest.mark.parametrize("suffix", [".mp4", ".mov"])
@pytest.mark.parametrize("name", EIGHT)
def test_each_orientation_is_shown_as_ffmpeg_does(
    tmp_path: Path, name: str, suffix: str
) -> None:
    matrix, turn = EIGHT[name]
    stored = _quartered(48, 64)
    _write_clip(tmp_path / f"clip{suffix}", stored, matrix)
    image = _read(tmp_path / f"clip{suffix}")
    expected = turn(stored)
    assert image.shape == expected.shape
    assert np.abs(image.astype(int) - expected).mean() < 3


@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param((0, 0, 0, 0), id="zeros"),
        pytest.param((1, 0, 0, 0), id="flat"),
        pytest.param((0.999, 0.04, -0.04, 0.999), id="two degrees"),
        pytest.param((0.5, 0, 0, 2), id="other scales"),
    ],
)
def test_what_is_nearly_upright_or_says_nothing(
    tmp_path: Path, matrix: tuple[float, ...]
) -> None:
    stored = _quartered(48, 64)
    _write_clip(tmp_path / "clip.mp4", stored, matrix)
    assert np.abs(_read(tmp_path / "clip.mp4").astype(int) - stored).mean() < 3


@pytest.mark.parametrize("name", EIGHT)
@pytest.mark.parametrize("degrees", [-40, -3, 17, 44])
def test_an_odd_angle_is_the_nearest_quarter(name: str, degrees: float) -> None:
    (a, b, c, d), _ = EIGHT[name]
    matrix = np.diag([0.0, 0, 1])
    matrix[:2, :2] = (a, b), (c, d)
    angle = np.radians(degrees)
    turn = np.diag([0.0, 0, 1])
    turn[:2, :2] = (np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))
    assert Orientation.of_matrix(matrix @ turn) == Orientation.of_matrix(matrix)


def test_mirrored_pixels_keep_their_shape_unless_they_are_transposed() -> None:
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    for matrix, turn in EIGHT.values():
        directions = np.diag([0.0, 0, 1])
        directions[:2, :2] = np.reshape(matrix, (2, 2))
        orientation = Orientation.of_matrix(directions)
        assert np.array_equal(orientation.apply(image), turn(image))
