from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.arrays import ByteArray
from lanedet.images import read_image, read_shrunk_image


def encoded(image: ByteArray, suffix: str = ".jpg") -> bytes:
    written, data = cv2.imencode(suffix, cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    assert written
    return data.tobytes()


def smooth_image(height: int, width: int) -> ByteArray:
    ys, xs = np.indices((height, width))
    waves = [np.sin(xs / 9), np.cos(ys / 7), np.sin((xs + ys) / 11)]
    return (128 + 100 * np.stack(waves, axis=2)).astype(np.uint8)


def with_segment(data: bytes, marker: int, content: bytes) -> bytes:
    """Put a segment right behind the start of a JPEG."""
    length = (len(content) + 2).to_bytes(2, "big")
    return data[:2] + bytes([0xFF, marker]) + length + content + data[2:]


def test_images_are_rgb(tmp_path: Path) -> None:
    image = np.zeros((20, 30, 3), dtype=np.uint8)
    image[..., 0] = 200
    for suffix in (".png", ".jpg", ".bmp"):
        path = tmp_path / f"image{suffix}"
        path.write_bytes(encoded(image, suffix))
        read = read_image(path)
        assert read.shape == (20, 30, 3)
        assert read.dtype == np.uint8
        np.testing.assert_allclose(read[10, 10], [200, 0, 0], atol=2)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp", ".tiff"])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.999])
def test_half_an_image_is_no_image(tmp_path: Path, suffix: str, share: float) -> None:
    data = encoded(smooth_image(96, 160), suffix)
    path = tmp_path / f"half{suffix}"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ValueError, match=rf"half\{suffix}' (is cut off|cannot be rea)"):
        read_image(path)


def test_a_download_that_was_never_filled_is_no_image(tmp_path: Path) -> None:
    data = encoded(smooth_image(96, 160))
    path = tmp_path / "zeros.jpg"
    path.write_bytes(data[: len(data) // 2].ljust(len(data), b"\0"))
    with pytest.raises(ValueError, match=r"zeros\.jpg' is cut off"):
        read_image(path)


def test_the_end_of_a_preview_is_not_the_end(tmp_path: Path) -> None:
    preview = encoded(smooth_image(16, 16))
    data = with_segment(encoded(smooth_image(96, 160)), 0xE1, preview)
    path = tmp_path / "preview.jpg"
    path.write_bytes(data)
    assert read_image(path).shape == (96, 160, 3)
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match="is cut off"):
        read_image(path)


def test_bytes_behind_the_end_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "padded.jpg"
    path.write_bytes(encoded(smooth_image(96, 160)) + b"\0" * 300)
    assert read_image(path).shape == (96, 160, 3)


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8 no picture", b"\x89PNG", b"GIF87a", b"x"]
)
def test_what_is_no_image_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.jpg' (is cut off|cannot be read)"):
        read_image(path)


@pytest.mark.parametrize("name", ["none.jpg", "."])
def test_a_missing_image_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="No image at "):
        read_image(tmp_path / name)


@pytest.mark.parametrize("shrink", [2, 4, 8])
def test_a_shrunk_pixel_is_the_mean_of_a_square(tmp_path: Path, shrink: int) -> None:
    path = tmp_path / "image.jpg"
    path.write_bytes(encoded(smooth_image(96, 160)))
    small, shape = read_shrunk_image(path, shrink)
    assert shape == (96, 160)
    whole = read_image(path).astype(float)
    means = whole.reshape(96 // shrink, shrink, 160 // shrink, shrink, 3).mean((1, 3))
    assert small.shape == means.shape
    assert np.abs(small - means).mean() < 1.5


@pytest.mark.parametrize(
    ("suffix", "shape"), [(".jpg", (97, 160)), (".jpg", (96, 161)), (".png", (96, 160))]
)
def test_what_does_not_shrink_exactly_comes_whole(
    tmp_path: Path, suffix: str, shape: tuple[int, int]
) -> None:
    path = tmp_path / f"image{suffix}"
    path.write_bytes(encoded(smooth_image(*shape), suffix))
    image, whole_shape = read_shrunk_image(path, 2)
    assert image.shape[:2] == whole_shape == shape


def test_a_turned_photograph_is_turned_at_any_size(tmp_path: Path) -> None:
    orientation = (  # an EXIF segment that says: turned by 90 degrees
        b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    )
    path = tmp_path / "image.jpg"
    path.write_bytes(with_segment(encoded(smooth_image(96, 160)), 0xE1, orientation))
    assert read_image(path).shape == (160, 96, 3)
    small, shape = read_shrunk_image(path, 2)
    assert small.shape == (80, 48, 3)
    assert shape == (160, 96)


def test_shrink_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="shrink must be 1, 2, 4 or 8, got 3"):
        read_shrunk_image(tmp_path / "any.jpg", 3)
