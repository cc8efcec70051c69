import struct
from contextlib import suppress

import cv2
import numpy as np
import pytest
from fuzzing import mutations

from lanedet.images import ImageError, decode_image
from lanedet.images.formats import check_header

HEIGHT, WIDTH = 67, 93  # those of the whole files

# How the two sides are stored, in the order that the names tell.
STORED = {
    ".jpg": (">HH", "HW"),
    ".png": (">II", "WH"),
    ".gif": ("<HH", "WH"),
    ".bmp": ("<ii", "WH"),
    ".webp": ("<HH", "WH"),
    ".avif": (">II", "WH"),
    ".jp2": (">II", "WH"),
    ".ras": (">II", "WH"),
    ".pbm": ("{} {}", "WH"),
    ".pgm": ("{} {}", "WH"),
    ".ppm": ("{} {}", "WH"),
    ".pfm": ("{} {}", "WH"),
    ".pam": ("WIDTH {}\nHEIGHT {}\n", "WH"),
    ".hdr": ("-Y {} +X {}", "HW"),
}


def _sides(suffix: str, height: int, width: int) -> bytes:
    form, order = STORED[suffix]
    sides = (height, width) if order == "HW" else (width, height)
    if "{" in form:
        return form.format(*sides).encode()
    return struct.pack(form, *sides)


def resized(suffix: str, data: bytes, height: int, width: int) -> bytes:
    """Return a file whose header tells of another size than it has."""
    if suffix == ".tiff":
        for tag, side in ((256, width), (257, height)):
            start = data.rindex(struct.pack("<H", tag) + b"\3\0\1\0\0\0")
            entry = struct.pack("<HHII", tag, 4, 1, side)
            data = data[:start] + entry + data[start + 12 :]
        return data
    old = _sides(suffix, HEIGHT, WIDTH)
    assert old in data
    return data.replace(old, _sides(suffix, height, width))


def test_a_header_tells_the_size(whole_file: tuple[str, bytes]) -> None:
    _, data = whole_file
    header = check_header(data)
    assert (header.height, header.width) == (HEIGHT, WIDTH)
    assert not header.is_series
    assert decode_image(data).shape == (HEIGHT, WIDTH, 3)


def test_too_many_pixels_are_refused_before_they_are_decoded(
    whole_file: tuple[str, bytes],
) -> None:
    suffix, data = whole_file
    bomb = resized(suffix, data, 16383, 16383)
    with pytest.raises(
        ImageError, match=r"too large: .*16383x16383 pixels, and at most (64|200) mill"
    ):
        decode_image(bomb)


@pytest.mark.parametrize(
    "suffix", [".jpg", ".png", ".gif", ".bmp", ".pbm", ".pgm", ".ppm", ".pam", ".pfm"]
)
def test_a_file_that_cannot_hold_its_pixels_is_cut_off(suffix: str) -> None:
    shape = (HEIGHT, WIDTH) if suffix in (".pbm", ".pgm") else (HEIGHT, WIDTH, 3)
    kind = np.float32 if suffix == ".pfm" else np.uint8
    data = cv2.imencode(suffix, np.zeros(shape, kind))[1].tobytes()
    assert decode_image(data).shape == (HEIGHT, WIDTH, 3)
    bomb = resized(suffix, data, 7900, 8000)
    with pytest.raises(
        ImageError, match=r"is cut off: .* bytes cannot hold the 8000x7900 pixels of"
    ):
        decode_image(bomb)


@pytest.mark.parametrize(
    ("chunk", "content", "size"),
    [
        (b"VP8L", b"/" + struct.pack("<I", 16382 | 16382 << 14), "16383x16383"),
        (b"VP8X", b"\x02\0\0\0" + 2 * b"\xff\xff\0", "65536x65536"),
    ],
)
def test_other_headers_of_webp(chunk: bytes, content: bytes, size: str) -> None:
    body = b"WEBP" + chunk + struct.pack("<I", len(content)) + content + bytes(9)
    with pytest.raises(ImageError, match=f"its header tells of {size} pixels"):
        decode_image(b"RIFF" + struct.pack("<I", len(body)) + body)


def test_a_tile_counts_as_what_it_is_decoded_to() -> None:
    data = cv2.imencode(".tiff", np.zeros((HEIGHT, WIDTH), np.uint8))[1].tobytes()
    rows_per_strip = data.rindex(struct.pack("<H", 278) + b"\3\0\1\0\0\0")
    tiles = struct.pack("<HHIIHHII", 322, 4, 1, 1 << 15, 323, 4, 1, 1 << 15)
    bomb = data[:rows_per_strip] + tiles + data[rows_per_strip + 24 :]
    with pytest.raises(ImageError, match="32768x32768 pixels"):
        decode_image(bomb)


def test_each_scan_of_a_jpeg_costs_time() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    last = data[data.rindex(b"\xff\xda") : -2]
    assert decode_image(data[:-2] + 5 * last + data[-2:]).shape == image.shape
    with pytest.raises(ImageError, match="more than 100 scans"):
        decode_image(data[:-2] + 200 * last + data[-2:])


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"v/1\x01" + bytes(60), id="EXR"),
        pytest.param(b"\x9d\x01\x2a" + bytes(60), id="VP8 alone"),
        pytest.param(b"%PDF-1.7" + bytes(60), id="PDF"),
        pytest.param(bytes(64), id="zeros"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_what_is_not_known_is_not_decoded(data: bytes) -> None:
    with pytest.raises(ImageError, match="cannot be read as an image"):
        decode_image(data)


def test_boxes_may_be_nested_without_end() -> None:
    depth = 5000
    boxes = b"".join(
        struct.pack(">I4s", 8 * (depth - number), b"moov") for number in range(depth)
    )
    with pytest.raises(ImageError, match="cannot be read"):
        decode_image(b"\0\0\0\x10ftypavif\0\0\0\0" + boxes)


def test_a_directory_may_be_its_own_next() -> None:
    data = cv2.imencode(".tiff", np.zeros((9, 9), np.uint8))[1].tobytes()
    (start,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, start)
    behind = start + 2 + 12 * entries
    looped = data[:behind] + data[4:8] + data[behind + 4 :]
    assert check_header(looped).is_series


def test_damaged_files_are_read_or_refused(whole_file: tuple[str, bytes]) -> None:
    _read_damaged(whole_file[1], seed=0, count=30)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_many_damaged_files_are_read_or_refused(
    whole_file: tuple[str, bytes], seed: int
) -> None:
    _read_damaged(whole_file[1], seed, count=2000)


def _read_damaged(data: bytes, seed: int, count: int) -> None:
    """Read damaged copies; none may become larger than its header says."""
    for content in mutations(data, seed, count):
        with suppress(ImageError):
            header = check_header(content)
            assert header.height * header.width <= header.max_pixels
            image = decode_image(content)
            assert image.size <= 3 * header.height * header.width
