"""What tells whether a clip's file is still the one that it was."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lanedet.archive.storage import STALL_S, in_time, local_path, open_file_system

# What stores call a digest of a file and the time of its last change, the surest first;
# in small letters, without hyphens and underscores.
_DIGESTS = ("md5hash", "etag")
_TIMES = (
    *("mtime", "lastmodified", "modified", "modify", "modificationtime"),
    *("updated", "created"),
)


def version_in(
    info: Mapping[str, Any], stamps: Sequence[str] = _DIGESTS + _TIMES
) -> str | None:
    """Return what a store says of a file, as far as it changes with the content.

    Args:
        info: What fsspec has of the file.
        stamps: Under which names a digest or a time counts, the first one first.

    Returns:
        Its ETag or the like, else when it was changed, and its size in bytes. None
        where the store says neither.

    Example:
        >>> version_in({"size": 7, "ETag": '"9b2c"', "LastModified": "today"})
        'etag 9b2c, 7 bytes'
    """
    known = {
        name.lower().replace("-", "").replace("_", ""): value
        for name, value in info.items()
        if value is not None
    }
    for name in stamps:
        if name in known:
            stamp = str(known[name]).removeprefix("W/").strip('"')
            return f"{name} {stamp}, {known.get('size')} bytes"
    return None


def version_in_list(info: Mapping[str, Any]) -> str | None:
    """Return the version of a file that a store has listed, None if it has no digest.

    Times do not count there: some stores round them in lists and not elsewhere.

    Args:
        info: What fsspec has of the file.
    """
    return version_in(info, _DIGESTS)


def file_version(url: str, stall_s: float = STALL_S) -> str | None:
    """Return the version of what lies at a URL or path now, None if nothing does.

    Args:
        url: Where it lies.
        stall_s: How long a store may take to answer, in seconds.

    Raises:
        ValueError: As :func:`~lanedet.archive.storage.open_file_system` does.
        StorageError: If the store cannot be reached, refuses, or says nothing in time.
    """
    try:
        file_system, path = open_file_system(url)
        if (local := local_path(file_system, path)) is not None:
            return _version_on_disk(local)
        return version_in(in_time(url, stall_s, file_system.info, path))
    except FileNotFoundError:
        return None


def is_changed(before: str | None, now: str | None) -> bool:
    """Return whether two versions are known to be of different contents.

    Those of different kinds, as where a store gives ETags only when it is asked for a
    single file, say nothing about each other.

    Example:
        >>> is_changed("etag 9b2c, 7 bytes", "etag 9b2d, 7 bytes")
        True
        >>> is_changed("etag 9b2c, 7 bytes", "mtime 5, 7 bytes"), is_changed(None, "x")
        (False, False)
    """
    if before is None or now is None:
        return False
    return before.split()[0] == now.split()[0] and before != now


def _version_on_disk(path: Path) -> str:
    found = path.stat()  # of what a link leads to
    return f"mtime {found.st_mtime_ns}, {found.st_size} bytes"
