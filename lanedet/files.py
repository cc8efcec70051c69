"""Files as they must be found and written: seen, whole, by one process at a time."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from filelock import FileLock

_SYSTEM_NAMES = frozenset(
    {
        *("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini"),
        *("$recycle.bin", "system volume information", "lost+found"),
        *("@eadir", "#recycle"),  # of Synology's disk stations
    }
)
_UNFINISHED = ".unfinished-"  # how folders begin in which others are made
LONGEST_NAME = 255
"""Bytes in the name of a file, at most, on the file systems in use."""


class ClaimedError(OSError):
    """Another process holds a place that only one may write to."""


def is_hidden(name: str) -> bool:
    """Tell whether a name is of those that systems put beside a user's files.

    These are names that begin with a dot (``._a.png``, ``.ipynb_checkpoints``), and
    such as ``__MACOSX``, ``Thumbs.db``, ``$RECYCLE.BIN`` or ``@eaDir``, in small or
    large letters.

    Args:
        name: One part of a path.

    Example:
        >>> [is_hidden(name) for name in ("._a.png", "Thumbs.db", "..", "a.png")]
        [True, True, False, False]
    """
    is_dotted = name.startswith(".") and name not in (".", "..")
    return is_dotted or name.lower() in _SYSTEM_NAMES


def visible_files(folder: Path, pattern: str = "*") -> Iterator[Path]:
    """Yield the files in a folder and its folders that are not hidden, sorted.

    Args:
        folder: Where to look. Its own name may be a hidden one.
        pattern: What the name of a file must match, as in ``Path.match``, in the case
            of letters that is given.
    """
    for path in sorted(folder.rglob(pattern)):
        if path.is_file() and not any(map(is_hidden, path.relative_to(folder).parts)):
            yield path


def check_empty_folder(folder: Path) -> None:
    """Raise ValueError if a folder to be made holds something already.

    Checked before any work. What systems hide in a folder does not count.

    Args:
        folder: The folder, which need not exist.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"'{folder}' must be a folder, but there is a file.")
    if folder.exists() and not all(is_hidden(path.name) for path in folder.iterdir()):
        raise ValueError(
            f"'{folder}' must be a new or an empty folder: nothing is overwritten. If "
            "it was begun before and not finished, delete it first."
        )


@contextmanager
def whole_folder(
    folder: Path, order: Callable[[Path], Any] = attrgetter("name")
) -> Iterator[Path]:
    """Give a folder to fill, and put what is in it into another at the end.

    An error, Ctrl-C or a full disk then leaves nothing, and ``kill -9`` something
    hidden that the next run removes: what fails can be done again.

    Args:
        folder: The folder to be, new or empty. One process at a time may make it.
        order: Files and folders come into it in the order of this key: last what says
            that it is whole.

    Yields:
        The folder to fill, hidden in the other one.

    Raises:
        ValueError: If there is something in the folder.
        OSError: If another process makes it, or it cannot be written.
    """
    check_empty_folder(folder)
    with claim_folder(folder):
        for left in folder.glob(f"{_UNFINISHED}*"):  # by a run that was killed
            shutil.rmtree(left)
        with TemporaryDirectory(prefix=_UNFINISHED, dir=folder) as unfinished:
            yield Path(unfinished)
            for path in sorted(Path(unfinished).iterdir(), key=order):
                path.replace(folder / path.name)


def replace_file(path: Path | str, data: bytes | str) -> None:
    """Write a small file so that it is there whole, or as it was before.

    Args:
        path: The file. Where it is no regular file, as ``/dev/stdout``, it is written
            as it stands.
        data: Its bytes, or text, which becomes UTF-8. A name in it that is not UTF-8
            gets the bytes again that it has on disk.

    Raises:
        OSError: If it cannot be written, with its name.
    """
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogateescape")
    with partial_file(path) as partial:
        try:
            partial.write_bytes(data)
        except OSError as error:  # of a full disk, it has no name
            error.filename = str(partial)
            raise


@contextmanager
def partial_file(path: Path | str) -> Iterator[Path]:
    """Give a file beside another to write to, and put it in the other's place.

    A full disk, an error or Ctrl-C then leaves what was there before. The new file
    has the rights of the old one; without one, those that the umask gives.

    Args:
        path: The file to be. A link is followed. Where it is no regular file, as
            ``/dev/stdout``, it is given itself.

    Yields:
        The file to write, in the same folder, with the same suffix and a hidden name.

    Raises:
        OSError: If it cannot be written; where the name in an error is the partial
            file's, it becomes that of ``path``.
    """
    path = Path(path)
    final = Path(os.path.realpath(path))
    if final.exists() and not final.is_file():
        yield path
        return
    partial = final.with_name(f".{secrets.token_hex(6)}.part{final.suffix[:16]}")
    try:
        yield partial
        if final.exists():
            partial.chmod(final.stat().st_mode & 0o7777)
        partial.replace(final)
    except OSError as error:
        if error.filename == str(partial):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


@contextmanager
def claim_folder(folder: Path | str) -> Iterator[None]:
    """Hold a folder that only one process at a time may write to.

    The claim ends with the block, and with the process however that ends.

    Args:
        folder: The folder. It is made where there is none.

    Raises:
        ClaimedError: If another process, or another block of this one, holds it.
        OSError: If it cannot be made.
    """
    folder = Path(os.path.realpath(folder))
    folder.mkdir(parents=True, exist_ok=True)
    with _lock(folder / ".lock", folder):
        yield


@contextmanager
def claim_file(path: Path | str) -> Iterator[None]:
    """Hold a file that only one process at a time may write, as ``claim_folder`` does.

    Args:
        path: The file, which need not exist. Its folder is made where there is none.
            What is no regular file, as ``/dev/null``, is for all.

    Raises:
        ClaimedError: If another process, or another block of this one, holds it.
        OSError: If it cannot be made.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    # A name of its own would be too long where the file's is as long as can be.
    digest = sha256(os.fsencode(path.name)).hexdigest()[:12]
    with _lock(path.with_name(f".{digest}.lock"), path):
        yield


@contextmanager
def _lock(file: Path, place: Path) -> Iterator[None]:
    lock = _locked(file)
    if lock is None:
        raise ClaimedError(
            f"Only one process at a time may write '{place}', and another one does. "
            "Wait until it is done, or choose another place."
        )
    try:
        yield
    finally:
        # While it is held: whoever has opened it meanwhile sees that it is gone.
        with suppress(OSError):
            file.unlink()
        lock.release()


def _locked(file: Path) -> "FileLock | None":
    """Return the lock in a file, held, or None where another holds it."""
    from filelock import FileLock, Timeout  # who finds lanes alone needs no lock

    while True:
        lock = FileLock(file, is_singleton=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        if file.exists():
            return lock
        lock.release()  # of a file that its holder has removed


def check_distinct_outputs(pairs: Iterable[tuple[Path, Path]]) -> None:
    """Raise ValueError if two sources would be written to one output.

    Args:
        pairs: A source and its output, for each source.
    """
    sources: dict[Path, Path] = {}
    for source, output in pairs:
        other = sources.setdefault(output, source)
        if other != source:
            raise ValueError(
                f"Each source must have an output of its own, got '{output}' for both "
                f"'{other}' and '{source}'. Rename one of them, or treat them apart."
            )


def check_name_length(path: Path) -> None:
    """Raise OSError if the last part of a path is longer than file systems take.

    Checked before any work, so that it is not lost.

    Args:
        path: A file that is to be written.
    """
    length = len(os.fsencode(path.name))
    if length > LONGEST_NAME:
        raise OSError(
            errno.ENAMETOOLONG,
            f"A file's name must have at most {LONGEST_NAME} bytes, got {length}",
            str(path),
        )
