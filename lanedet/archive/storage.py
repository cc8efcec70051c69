"""Files on a disk or in an object store, by the URLs that fsspec knows."""

import io
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import fsspec

_PARTS = "_work/partial"
# Where a file that is put is there whole or not at all.
_WHOLE_PUTS = frozenset(
    {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "adl", "az", "memory", "oss", "cos"}
)
_BLOCK_SIZE = 1 << 22  # bytes of an object that are asked for at once
# Packages whose own classes of errors say what is wrong with a store. By name: none of
# them need be installed.
_CLIENTS = frozenset(
    {
        *("adlfs", "aiobotocore", "aiohttp", "asyncssh", "azure", "boto3", "botocore"),
        *("fsspec", "ftplib", "gcsfs", "google", "http", "huggingface_hub", "httpx"),
        *("ocifs", "oci", "oss2", "ossfs", "paramiko", "requests", "s3fs", "smbclient"),
        *("smbprotocol", "spnego", "urllib3", "webdav4"),
    }
)


STALL_S = 120.0
"""How long a store may say nothing, in seconds, where nobody says otherwise."""


class StorageError(OSError):
    """A store that cannot be reached, or refuses what is asked of it."""


@contextmanager
def storage_errors(url: str) -> Iterator[None]:
    """Turn what the client of a store raises in the block into a StorageError.

    Args:
        url: What is read or written, for the message. A password in it is not shown.

    Raises:
        StorageError: In place of what the client raises. The errors of a disk, such as
            that it is full, and FileNotFoundError stay what they are; so does what no
            client raises, which is an error of the program.
    """
    try:
        yield
    except (FileNotFoundError, StorageError):
        raise
    except PermissionError as error:
        raise StorageError(
            f"{without_password(url)!r} must be open to the credentials in use, which "
            f"the store refuses ({_reason(error)}). Set those that its client reads, "
            "such as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        ) from error
    except OSError as error:
        if error.errno is not None and error.filename is not None:
            raise
        raise _unusable(url, error) from error
    except Exception as error:
        if not _is_of_client(error):
            raise
        raise _unusable(url, error) from error


def without_password(url: str) -> str:
    """Return a URL as it may be shown.

    Example:
        >>> without_password("ftp://me:secret@host/clips")
        'ftp://host/clips'
    """
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def open_file_system(url: str) -> tuple[Any, str]:
    """Return fsspec's file system for a URL or path, and the path in it.

    Raises:
        ValueError: If what fsspec needs for such URLs is not installed, or it does not
            know them.
        StorageError: If the store cannot be reached.
    """
    scheme = urlsplit(url).scheme if "://" in url else "file"
    try:
        fsspec.get_filesystem_class(scheme)
        with storage_errors(url):
            return fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        raise ValueError(
            f"URLs with {scheme}:// need a package that is not installed: {error}."
        ) from error
    except ValueError as error:
        if scheme in fsspec.available_protocols():  # as of an account that it needs
            raise _unusable(url, error) from error
        raise ValueError(
            f"{without_password(url)!r} must be a path or a URL that fsspec knows, "
            f"such as s3:// or gs://, got {scheme}://."
        ) from error


def local_path(file_system: Any, path: str) -> Path | None:
    """Return where on this computer's disks something lies, None if elsewhere."""
    protocol = file_system.protocol
    names = (protocol,) if isinstance(protocol, str) else protocol
    return Path(path) if "file" in names or "local" in names else None


class Storage:
    """A folder in which files are written whole or not at all.

    Args:
        url: The folder: a path or a URL. It need not exist.
        stall_s: How long a store may take to answer for the first time, in seconds.

    Raises:
        ValueError: As :func:`open_file_system` does.
        StorageError: If a store cannot be reached, refuses, or says nothing in time.

    Attributes:
        url: As given, without a slash at its end.
        folder: The folder where it is on a disk, else None.
    """

    def __init__(self, url: str, stall_s: float = STALL_S) -> None:
        self.url = url.rstrip("/") or "/"
        check_answers(self.url, stall_s)
        self._fs, root = open_file_system(self.url)
        self._root = root.rstrip("/")
        self.folder = local_path(self._fs, self._root)

    @property
    def shown(self) -> str:
        """What to call the folder in messages."""
        return without_password(self.url)

    def path_of(self, name: str) -> str:
        """Return where a file lies, as :attr:`file_system` calls it."""
        return f"{self._root}/{name}"

    @property
    def file_system(self) -> Any:
        """Fsspec's file system, for what else reads the files."""
        return self._fs

    def read(self, name: str) -> bytes | None:
        """Return a file's content, None if there is no such file."""
        try:
            with storage_errors(self.url):
                content: bytes = self._fs.cat_file(self.path_of(name))
        except FileNotFoundError:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, which is then there whole, or as it was before."""
        with self.new_file(name) as path:
            path.write_bytes(content)

    def create(self, name: str, content: bytes) -> None:
        """Write a small file that is not there yet.

        Raises:
            FileExistsError: If it is, also where two ask at the same moment and the
                store can tell.
        """
        with storage_errors(self.url):
            try:
                self._fs.pipe_file(self.path_of(name), content, mode="create")
            except FileExistsError as error:
                raise FileExistsError(17, "There is such a file", name) from error

    def exists(self, name: str) -> bool:
        """Return whether there is such a file."""
        with storage_errors(self.url):
            return bool(self._fs.exists(self.path_of(name)))

    def names(self, folder: str = "") -> list[str]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        path = self.path_of(folder) if folder else self._root
        try:
            with storage_errors(self.url):
                found = self._fs.ls(path, detail=False)
        except FileNotFoundError:
            return []
        names = (each.rstrip("/").rpartition("/")[2] for each in found)
        # Some stores have an object in the place of a folder, with its name.
        return sorted(name for name in names if name and name != path.split("/")[-1])

    def remove(self, name: str) -> None:
        """Delete a file or a folder with all in it, if it is there."""
        try:
            with storage_errors(self.url):
                self._fs.rm(self.path_of(name), recursive=True)
        except FileNotFoundError:
            return

    @contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """Give a file on a disk to fill, and put it in its place at the end.

        A full disk, an error or ``kill -9`` leaves what was there before. Something
        unfinished is left at most where :meth:`remove_partial` finds it.

        Args:
            name: Of the file to be, below the folder.

        Yields:
            The file to write.

        Raises:
            OSError: If it cannot be written or put in its place.
        """
        if self.folder is not None:
            with self._new_local_file(self.folder, name) as path:
                yield path
            return
        with TemporaryDirectory(prefix="lanedet-") as temporary:
            path = Path(temporary) / "part"
            yield path
            with storage_errors(self.url):
                self._put(path, self.path_of(name))

    def remove_partial(self) -> None:
        """Delete what runs that were killed have left unfinished."""
        self.remove(_PARTS)

    @contextmanager
    def _new_local_file(self, folder: Path, name: str) -> Iterator[Path]:
        # Apart from the others: who reads the table must not see it.
        path = folder / _PARTS / secrets.token_hex(8)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield path
            final = folder / name
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)
        finally:
            path.unlink(missing_ok=True)

    def _put(self, path: Path, target: str) -> None:
        protocol = self._fs.protocol
        names = (protocol,) if isinstance(protocol, str) else protocol
        if not _WHOLE_PUTS.isdisjoint(names):
            self._fs.put_file(str(path), target)
            return
        partial = f"{self._root}/{_PARTS}/{secrets.token_hex(8)}"
        self._fs.makedirs(f"{self._root}/{_PARTS}", exist_ok=True)
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        self._fs.put_file(str(path), partial)
        self._fs.mv(partial, target)


def check_answers(url: str, stall_s: float) -> None:
    """Check that a store answers, which its client might wait for a quarter of an hour.

    Args:
        url: Of something in the store, which need not exist. Disks are not asked.
        stall_s: How long the store may take, in seconds.

    Raises:
        ValueError: As :func:`open_file_system` does.
        StorageError: If the store cannot be reached, refuses, or says nothing in time.
    """
    file_system, path = open_file_system(url)
    if local_path(file_system, path) is None:
        in_time(url, stall_s, file_system.exists, path)


def in_time(
    url: str,
    stall_s: float,
    call: Callable[..., Any],
    *arguments: Any,
) -> Any:
    """Return what a call of a store's client gives, if it does in time.

    Args:
        url: What is asked for, for messages.
        stall_s: How long it may take, in seconds.
        call: What to call.
        arguments: For it.

    Raises:
        FileNotFoundError: If there is no such object.
        StorageError: If the store cannot be reached, refuses, or says nothing in time.
    """
    answer: Future[Any] = Future()

    def ask() -> None:
        try:
            answer.set_result(call(*arguments))
        except BaseException as error:
            answer.set_exception(error)

    # What hangs in a client cannot be stopped, only left behind: also by the process
    # at its end.
    threading.Thread(target=ask, name="lanedet-ask", daemon=True).start()
    with storage_errors(url):
        try:
            return answer.result(stall_s)
        except TimeoutError as error:
            raise StorageError(
                f"{without_password(url)!r} must answer within {stall_s:g} s, and the "
                "store stalls. Try again later, or give it longer with --stall."
            ) from error


class StoredFile(io.RawIOBase):
    """An object of a store, open for reading, that does not wait for ever.

    Args:
        url: The object.
        stall_s: How long a read may take, in seconds.

    Raises:
        FileNotFoundError: If there is no such object.
        StorageError: If the store cannot be reached, refuses, or says nothing in time.
            So do the methods.
    """

    def __init__(self, url: str, stall_s: float) -> None:
        super().__init__()
        self._url, self._stall_s = url, stall_s
        self._file: BinaryIO = self._in_time(self._open)

    def _open(self) -> BinaryIO:
        file_system, path = open_file_system(self._url)
        file: BinaryIO = file_system.open(
            path, "rb", block_size=_BLOCK_SIZE, cache_type="readahead"
        )
        return file

    def readinto(self, buffer: Any) -> int:  # noqa: D102 - as of any file
        content = self._in_time(self._file.read, len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:  # noqa: D102
        return int(self._in_time(self._file.seek, offset, whence))

    def tell(self) -> int:  # noqa: D102
        return self._file.tell()

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def _in_time(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return in_time(self._url, self._stall_s, call, *arguments)


def _is_of_client(error: Exception) -> bool:
    """Return whether the client of a store, or what it stands on, raised an error."""
    kinds = (kind for kind in type(error).__mro__ if kind is not Exception)
    return any(kind.__module__.partition(".")[0] in _CLIENTS for kind in kinds)


def _unusable(url: str, error: Exception) -> StorageError:
    return StorageError(
        f"{without_password(url)!r} cannot be used: {_reason(error)}. Check its name, "
        "the network, and the credentials that the store's client reads."
    )


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return f"{text:.300}" if text else type(error).__name__
