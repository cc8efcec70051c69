"""A file that has changed has another version, wherever it lies."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from lanedet.archive.file_version import (
    file_version,
    is_changed,
    version_in,
    version_in_list,
)

STORE = "/test_file_version"


@pytest.fixture(params=["disk", "store"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "disk":
        yield str(tmp_path / "a.mp4")
        return
    yield f"memory:/{STORE}/a.mp4"
    fsspec.filesystem("memory").rm(STORE, recursive=True)


def write(url: str, content: bytes) -> None:
    with fsspec.open(url, "wb") as file:
        file.write(content)


def test_a_file_keeps_its_version_until_it_is_written(url: str) -> None:
    write(url, b"one")
    first = file_version(url)
    assert first is not None
    assert first.endswith(", 3 bytes")
    assert file_version(url, stall_s=5) == first
    write(url, b"other")
    assert is_changed(first, file_version(url))
    assert file_version(f"{url}.none") is None


def test_of_the_same_size_the_time_tells(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"one")
    first = file_version(str(path))
    path.write_bytes(b"two")
    os.utime(path, ns=(1, 1))
    assert is_changed(first, file_version(str(path)))


def test_of_a_link_what_it_leads_to_counts(tmp_path: Path) -> None:
    path, link = tmp_path / "a.mp4", tmp_path / "b.mp4"
    path.write_bytes(b"one")
    link.symlink_to(path)
    assert file_version(str(link)) == file_version(str(path))


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        # S3 has ETags in quotes, also where it lists; Azure lists them without.
        ({"size": 7, "ETag": '"9b"', "LastModified": 5}, "etag 9b, 7 bytes"),
        ({"size": 7, "etag": "9b", "last_modified": 5}, "etag 9b, 7 bytes"),
        ({"size": 7, "ETag": 'W/"9b"'}, "etag 9b, 7 bytes"),
        # Of Google's, ETags change with the metadata too.
        ({"size": 7, "etag": "9b", "md5Hash": "c0"}, "md5hash c0, 7 bytes"),
        ({"size": 7, "Last-Modified": "today"}, "lastmodified today, 7 bytes"),
        ({"size": 7, "mtime": 5.0, "created": 9}, "mtime 5.0, 7 bytes"),
        ({"size": 7, "ETag": None}, None),
        ({"size": None, "type": "file"}, None),
    ],
)
def test_what_stores_say_of_files(info: dict[str, Any], expected: str | None) -> None:
    assert version_in(info) == expected


def test_times_in_lists_do_not_count() -> None:
    assert version_in_list({"size": 7, "LastModified": 5}) is None
    info = {"size": 7, "ETag": '"9b"', "LastModified": 5}
    assert version_in_list(info) == "etag 9b, 7 bytes"


def test_what_cannot_be_compared_counts_as_unchanged() -> None:
    assert not is_changed("etag a, 1 bytes", None)
    assert not is_changed(None, None)
    assert not is_changed("etag a, 1 bytes", "mtime 1, 2 bytes")
    assert is_changed("mtime 1, 1 bytes", "mtime 1, 2 bytes")
