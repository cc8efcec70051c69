"""Pictures of labels: files, or what lies inside a ZIP or a label file."""

import base64
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Protocol

from lanedet.files import is_hidden
from lanedet.formats.label_faults import LabelError
from lanedet.formats.picture_files import spelling_key

MAX_PICTURE_BYTES = 1 << 28
"""Largest picture that is read out of another file: no camera's is as large."""

# A file in a ZIP of more bytes than this must not be packed more densely than that:
# labels are by 10 to 50 times, pictures hardly.
_ANY_BYTES, _MAX_RATIO = 1 << 24, 200

# What zipfile raises for archives that are damaged, encrypted or of an unknown kind.
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    EOFError,
    struct.error,
    RuntimeError,
    ValueError,
    IndexError,
)


class Picture(Protocol):
    """Something that holds the bytes of a picture file. A ``Path`` is one."""

    @property
    def name(self) -> str:
        """The file's name, without folders."""

    def read_bytes(self) -> bytes:
        """Return the file's content."""


@dataclass(frozen=True)
class EncodedPicture:
    """A picture that is kept as text in a label file."""

    file: Path
    """The label file."""

    name: str
    """The picture's name."""

    text: str
    """The bytes in base64."""

    def __str__(self) -> str:
        return f"{self.file}, imageData"

    def read_bytes(self) -> bytes:
        """Return the picture.

        Raises:
            LabelError: If the text is no base64.
        """
        try:
            return base64.b64decode("".join(self.text.split()), validate=True)
        except ValueError as error:
            raise LabelError(f"{self}: this is no base64 ({error}).") from error


@dataclass(frozen=True)
class ZippedPicture:
    """A picture in a ZIP file."""

    archive: "Archive"
    member: str

    def __str__(self) -> str:
        return f"{self.archive.path}/{self.member}"

    @property
    def name(self) -> str:
        """The file's name, without folders."""
        return PurePosixPath(self.member).name

    def read_bytes(self) -> bytes:
        """Return the picture.

        Raises:
            LabelError: If it is damaged or larger than :data:`MAX_PICTURE_BYTES`.
        """
        with self.archive.open(self.member, MAX_PICTURE_BYTES) as file:
            return file.read()


class Archive:
    """A ZIP file, read in place. What systems hide in it is left out.

    Args:
        path: The file.

    Raises:
        LabelError: If it is no whole ZIP file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._members: dict[str, list[str]] = {}
        with self._checked(path):
            self._zip = zipfile.ZipFile(path)
        for name in self._zip.namelist():
            parts = PurePosixPath(name).parts
            if not name.endswith("/") and not any(map(is_hidden, parts)):
                self._members.setdefault(spelling_key(name), []).append(name)

    @property
    def names(self) -> list[str]:
        """Names of the files in it, with folders."""
        return [name for names in self._members.values() for name in names]

    @contextmanager
    def open(self, member: str, max_bytes: int) -> Iterator[BinaryIO]:
        """Open a file in it.

        Args:
            member: Its name.
            max_bytes: Largest size that is read.

        Raises:
            LabelError: If it is larger or damaged.
        """
        where = f"{self.path}/{member}"
        info = self._zip.getinfo(member)
        size = info.file_size
        if size > _ANY_BYTES:  # what is packed so densely was made to fill a disk
            max_bytes = min(max_bytes, _MAX_RATIO * info.compress_size)
        if size > max_bytes:
            raise LabelError(
                f"{where}: a file must have at most {max_bytes:,} bytes when it is "
                f"unpacked, got {size:,}."
            )
        with self._checked(where), self._zip.open(member) as file:
            yield file  # type: ignore[misc]

    def find_all(
        self, path: PurePosixPath, suffixes: Sequence[str] = ("",)
    ) -> list[ZippedPicture]:
        """Return the files whose name is a path with one of the suffixes.

        A name that is spelt otherwise fits too, as on the disk
        (:class:`~lanedet.formats.picture_files.FileFinder`).
        """
        fitting = [
            name
            for suffix in suffixes
            for name in self._members.get(spelling_key(f"{path}{suffix}"), ())
        ]
        if "" in suffixes and str(path) in fitting:
            fitting = [str(path)]
        return [ZippedPicture(self, name) for name in fitting]

    @contextmanager
    def _checked(self, where: Path | str) -> Iterator[None]:
        try:
            yield
        except LabelError:
            raise
        except _ZIP_ERRORS as error:
            raise LabelError(
                f"{where}: this cannot be read out of the ZIP file ({error}). Export "
                "it again, or unzip it and give the folder."
            ) from error
