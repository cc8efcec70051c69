import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.arrays import ByteArray
from lanedet.images import (
    ImageError,
    decode_image,
    read_image,
    read_shrunk_image,
    read_stored_image,
)


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


@pytest.mark.parametrize(
    "suffix",
    [".jpg", ".png", ".bmp", ".webp", ".tiff", ".gif", ".avif", ".jp2", ".ppm"],
)
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


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(b"\0" * 300, id="some zeros"),
        pytest.param(b"\0" * 4096, id="a sector of zeros"),
        pytest.param(bytes(range(256)) * 1000, id="anything"),
        pytest.param(encoded(np.zeros((9, 9, 3), np.uint8)), id="another image"),
        pytest.param(encoded(np.zeros((9, 9, 3), np.uint8))[:-9], id="part of one"),
    ],
)
def test_bytes_behind_the_end_do_no_harm(
    tmp_path: Path, suffix: str, tail: bytes
) -> None:
    image = smooth_image(96, 160)
    path = tmp_path / f"padded{suffix}"
    path.write_bytes(encoded(image, suffix) + tail)
    assert np.abs(read_image(path).astype(int) - image).mean() < 2
    path.write_bytes(encoded(image, suffix)[:-20] + tail)
    with pytest.raises(ImageError, match=r"is cut off|cannot be read"):
        read_image(path)


@pytest.mark.parametrize("progressive", [0, 1])
@pytest.mark.parametrize(
    "stray",
    [
        pytest.param(b"\0" * 7, id="zeros"),
        pytest.param(b"\xff" * 5, id="fill bytes"),
        pytest.param(b"ab\xff\0cd", id="a zero behind FF"),
        pytest.param(b"\xff\x01", id="a marker alone"),
        pytest.param(b"\xff\xfe\0\x04ab", id="a comment"),
    ],
)
def test_stray_bytes_between_segments_do_no_harm(
    tmp_path: Path, stray: bytes, progressive: int
) -> None:
    image = cv2.cvtColor(smooth_image(96, 160), cv2.COLOR_RGB2BGR)
    options = [cv2.IMWRITE_JPEG_PROGRESSIVE, progressive]
    data = cv2.imencode(".jpg", image, options)[1].tobytes()
    expected = decode_image(data)
    for marker in (b"\xff\xdb", b"\xff\xc4", b"\xff\xda"):
        place = data.rindex(marker)
        path = tmp_path / "stray.jpg"
        path.write_bytes(data[:place] + stray + data[place:])
        np.testing.assert_array_equal(read_image(path), expected)
        assert read_shrunk_image(path, 2)[1] == (96, 160)
        path.write_bytes((data[:place] + stray + data[place:])[:-30])
        with pytest.raises(ImageError, match="is cut off"):
            read_image(path)


@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png"])
def test_of_an_animation_the_first_image_is_read_with_a_word(
    tmp_path: Path, suffix: str
) -> None:
    animation = cv2.Animation()
    animation.frames = [np.full((20, 30, 3), value, np.uint8) for value in (40, 200)]
    animation.durations = [100, 100]
    path = tmp_path / f"moving{suffix}"
    assert cv2.imwriteanimation(str(path), animation)
    with pytest.warns(UserWarning, match=rf"moving\{suffix}' holds several images; on"):
        image = read_image(path)
    assert image.shape == (20, 30, 3)
    assert abs(int(image[0, 0, 0]) - 40) < 8


def test_of_several_pages_the_first_is_read_with_a_word(tmp_path: Path) -> None:
    path = tmp_path / "pages.tiff"
    pages = [np.full((20, 30), value, np.uint8) for value in (40, 200)]
    path.write_bytes(cv2.imencodemulti(".tiff", pages)[1].tobytes())
    with pytest.warns(UserWarning, match="holds several images"):
        assert read_image(path)[0, 0, 0] == 40


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("suffix", [".gif", ".webp", ".png", ".tiff", ".jpg"])
def test_of_one_image_nothing_is_said(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"still{suffix}"
    path.write_bytes(encoded(smooth_image(20, 30), suffix))
    read_image(path)


def test_masks_are_read_as_they_are_stored(tmp_path: Path) -> None:
    mask = np.arange(200, dtype=np.uint8).reshape(10, 20)
    colors = np.arange(9 * 8 * 4, dtype=np.uint8).reshape(9, 8, 4)
    deep = np.arange(200, dtype=np.uint16).reshape(10, 20) * 300
    for stored in (mask, colors[..., :3], colors, deep):
        order = {3: cv2.COLOR_RGB2BGR, 4: cv2.COLOR_RGBA2BGRA}
        written = (
            cv2.cvtColor(stored, order[stored.shape[2]]) if stored.ndim == 3 else stored
        )
        path = tmp_path / "mask.png"
        path.write_bytes(cv2.imencode(".png", written)[1].tobytes())
        read = read_stored_image(path)
        assert read.dtype == stored.dtype
        np.testing.assert_array_equal(read, stored)


def test_masks_are_checked_as_images_are(tmp_path: Path) -> None:
    path = tmp_path / "mask.png"
    data = bytearray(encoded(np.zeros((9, 9, 3), np.uint8), ".png"))
    data[16:24] = 2 * (100_000).to_bytes(4, "big")
    path.write_bytes(data)
    with pytest.raises(ImageError, match=r"mask\.png' is too large: .* 100000x100000"):
        read_stored_image(path)
    with pytest.raises(FileNotFoundError, match="No image at "):
        read_stored_image(tmp_path / "none.png")


def test_a_file_may_have_any_name(tmp_path: Path) -> None:
    for name in (b"stra\xdfe.png", b"\xd6\xd0.png", b"-a:b%d\n.png", b"x" * 255):
        path = tmp_path / os.fsdecode(name)
        path.write_bytes(encoded(np.full((4, 6, 3), 9, np.uint8), ".png"))
        assert (read_image(path) == 9).all()
        assert (read_stored_image(path) == 9).all()


def test_a_large_file_is_not_read_in_vain(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    for start, message in ((b"\xff\xd8\xff", "at most 1073741824"), (b"", "cannot be")):
        path.write_bytes(start)
        os.truncate(path, 1 << 40)  # without taking room on the disk
        with pytest.raises(ImageError, match=message):
            read_image(path)


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
