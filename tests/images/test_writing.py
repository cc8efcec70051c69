import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from lanedet.images import (
    check_image_path,
    decode_image,
    encode_image,
    read_image,
    read_stored_image,
    write_image,
)

IMAGE = np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)


@contextmanager
def _disk_of(num_bytes: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_image(tmp_path / "new" / "a.png", IMAGE)
    np.testing.assert_array_equal(read_image(tmp_path / "new" / "a.png"), IMAGE)


def test_masks_are_written_as_they_are(tmp_path: Path) -> None:
    write_image(tmp_path / "mask.png", IMAGE[..., 0])
    np.testing.assert_array_equal(
        read_stored_image(tmp_path / "mask.png"), IMAGE[..., 0]
    )


def test_jpegs_have_a_quality() -> None:
    sizes = [len(encode_image(IMAGE, ".JPG", quality)) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))
    assert decode_image(encode_image(IMAGE, ".jpg")).shape == IMAGE.shape
    assert len(encode_image(IMAGE, ".jpg")) == sizes[-1]


@pytest.mark.parametrize("name", [b"a.txt", b"a", b".png", b"a.p\xffng"])
def test_another_format(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    with pytest.raises(ValueError, match=r"written as \.jpg or \.png, got "):
        write_image(path, IMAGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", [b"stra\xdfe.png", b"\xd6\xd0.png", b"-a:b%d\n.png", b"x" * 251 + b".png"]
)
def test_a_file_may_have_any_name(tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(b"l\xe4ufe") / os.fsdecode(name)
    check_image_path(path)
    write_image(path, IMAGE)
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_array_equal(read_image(path), IMAGE)


def test_a_name_may_be_too_long(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="at most 255 bytes, got 256"):
        write_image(tmp_path / f"{'x' * 252}.png", IMAGE)


def test_a_full_disk_leaves_the_old_picture_or_none(tmp_path: Path) -> None:
    old, new = tmp_path / "old.png", tmp_path / "new.png"
    write_image(old, IMAGE)
    size = old.stat().st_size
    for path in (old, new):
        with pytest.raises(OSError, match=f"{path.name}"), _disk_of(size // 2):
            write_image(path, 255 - IMAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["old.png"]
    np.testing.assert_array_equal(read_image(old), IMAGE)
