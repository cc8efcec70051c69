"""Which clips a user names: a folder, a pattern, a list, a URL."""

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import has_magic
from operator import itemgetter
from pathlib import Path
from typing import Any

from lanedet.archive.file_version import version_in_list
from lanedet.archive.layout import table_text
from lanedet.archive.storage import (
    STALL_S,
    check_answers,
    local_path,
    open_file_system,
    storage_errors,
    without_password,
)
from lanedet.files import is_hidden
from lanedet.images import VIDEO_SUFFIXES

LIST_SUFFIXES = (".txt", ".lst", ".list")
"""How the names of lists of clips end."""


@dataclass(frozen=True)
class Clip:
    """One video of an archive."""

    name: str
    """What the table calls it: its path below the folder or pattern that was named,
    with ``/``; of a list, what the list says."""

    url: str
    """Where it lies: an absolute path or a URL."""

    version: str | None = field(default=None, compare=False)
    """What tells its file from others that lay there, as far as that is known."""

    @property
    def shown_url(self) -> str:
        """Where it lies, without a password, as :func:`table_text` gives it."""
        return table_text(without_password(self.url))


def list_clips(source: str, stall_s: float = STALL_S) -> list[Clip]:
    """Return the clips that a source names, sorted by name; of a list, in its order.

    Args:
        source: A folder, for the videos in it and its folders; a pattern such as
            ``drives/*/front.mp4``; one video; a text file (``LIST_SUFFIXES``) with a
            path or URL in each line, where paths are relative to the file's folder; or
            a URL of any of them. What is hidden is left out.
        stall_s: How long a store may take to answer for the first time, in seconds.

    Raises:
        FileNotFoundError: If there is no such file or folder, or no clip in it.
        ValueError: If the name is empty or the URL of a kind that is not known, or a
            list is no text or names a clip twice.
        StorageError: If a store cannot be reached, refuses, or says nothing in time.
    """
    if not source:
        raise ValueError(
            "A source must be named: a folder, a pattern, a list or a URL, got ''. For "
            "the folder you are in use '.'."
        )
    check_answers(source, stall_s)
    file_system, path = open_file_system(source)
    with storage_errors(source):
        found = _find(file_system, path, source)
    clips = found if isinstance(found, list) else list(found.clips())
    if not clips:
        raise FileNotFoundError(
            f"No clips in {without_password(source)!r}: nothing in it ends in "
            f"{', '.join(VIDEO_SUFFIXES)}. Name a folder with videos, or list them in "
            "a .txt file."
        )
    return clips


def _find(file_system: Any, path: str, source: str) -> "list[Clip] | _ClipList":
    is_local = local_path(file_system, path) is not None
    if has_magic(path) and not (is_local and Path(path).exists()):
        found = file_system.glob(path, detail=True)
        files = {
            name: info for name, info in found.items() if info.get("type") == "file"
        }
        return list(_named(file_system, files, _fixed_part(path)))
    # To HTTP a folder is a page, and so a file.
    if file_system.isfile(path) and not path.endswith("/"):
        if posixpath.splitext(path)[1].lower() in LIST_SUFFIXES:
            return _ClipList(file_system, path, file_system.cat_file(path), source)
        name = table_text(posixpath.basename(path))
        return [Clip(name, _url(file_system, path))]
    if not file_system.exists(path):
        raise FileNotFoundError(
            f"No folder, list or clip at {without_password(source)!r}. Check the name."
        )
    files = file_system.find(path, detail=True)
    return list(_named(file_system, files, path.rstrip("/")))


def _named(
    file_system: Any, files: Mapping[str, Mapping[str, Any]], root: str
) -> Iterator[Clip]:
    """Yield the videos among files, named by their paths below a folder."""
    for path, info in sorted(files.items(), key=itemgetter(0)):
        name = path[len(root) :].lstrip("/")
        is_video = posixpath.splitext(name)[1].lower() in VIDEO_SUFFIXES
        if is_video and not any(map(is_hidden, name.split("/"))):
            url = _url(file_system, path)
            yield Clip(table_text(name), url, version_in_list(info))


@dataclass(frozen=True)
class _ClipList:
    """A text file with a clip in each line."""

    file_system: Any
    path: str
    content: bytes
    source: str

    def clips(self) -> Iterator[Clip]:
        """Yield the clips, or raise ValueError."""
        seen = set()
        for number, line in enumerate(self._lines(), start=1):
            if not line or line.startswith("#"):
                continue
            if line in seen:
                raise ValueError(
                    f"{without_password(self.source)}:{number}: each clip must be "
                    f"named once, got {line!r} again. Remove the line."
                )
            seen.add(line)
            yield self._clip(line)

    def _lines(self) -> list[str]:
        try:
            return [
                line.strip() for line in self.content.decode("utf-8-sig").splitlines()
            ]
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{without_password(self.source)!r} must be a text file in UTF-8 with "
                "a clip in each line. Name videos themselves, or write such a list."
            ) from error

    def _clip(self, line: str) -> Clip:
        if "://" in line:
            return Clip(without_password(line), line)
        folder = posixpath.dirname(self.path)
        path = posixpath.normpath(posixpath.join(folder, line))
        return Clip(line, _url(self.file_system, path))


def _url(file_system: Any, path: str) -> str:
    is_local = local_path(file_system, path) is not None
    return path if is_local else str(file_system.unstrip_protocol(path))


def _fixed_part(pattern: str) -> str:
    """Return the folder that all files of a pattern lie in.

    Example:
        >>> _fixed_part("/clips/2026/*/front.mp4")
        '/clips/2026'
    """
    parts = pattern.split("/")
    number = next(index for index, part in enumerate(parts) if has_magic(part))
    return "/".join(parts[:number])
