"""What ``torch.save`` writes: archives, and the files of torch 1.5 and older.

Sizes that a file states are compared with how long it is before memory is taken.
"""

import io
import math
import struct
import sys
import zipfile
import zlib
from typing import Any, BinaryIO, Protocol

import torch
from torch import Tensor

from lanedet.models.plain_pickle import NotPlainError, Storage, load_plain

META = torch.device("meta")
"""Where tensors have a shape and a type, and no numbers."""

_MAGIC_NUMBER, _PROTOCOL_VERSION = 0x1950A86A20F9469CFC6C, 1001  # of files before zip
_MAX_GROWTH = 8  # a file's content takes at most so many times its bytes, and
_SMALL = 64 << 20  # so many bytes in any case


def read_torch_file(file: BinaryIO, device: torch.device) -> Any:
    """Return the plain data in an open file, at its beginning.

    Args:
        file: What ``torch.save`` wrote.
        device: Where the tensors go; :data:`META` for no numbers.

    Raises:
        NotPlainError: If it holds more than plain data.
        Exception: Of many kinds, if it is damaged.
    """
    # By its first bytes, as torch does: a damaged archive is an archive too.
    return (_read_archive if _is_archive(file) else _read_legacy)(file, device)


def check_torch_file(file: BinaryIO) -> None:
    """Read an open file whole, with the checksums of its records, and keep nothing.

    Raises:
        Exception: Of many kinds, if it is damaged or holds more than plain data.
    """
    read_torch_file(file, META)
    if _is_archive(file):
        archive = _Archive(file, META)
        for info in archive.infos:
            archive.check(info)


def _is_archive(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) == b"PK\3\4"


class _Storages(Protocol):
    def numbers(self, storage: Storage) -> Tensor:
        """Return the numbers of a whole storage, (numel,), on the file's device."""


class _TensorMaker:
    """Make the tensors of a file, no more than the file is good for."""

    def __init__(self, storages: _Storages, size: int, device: torch.device) -> None:
        self._storages = storages
        self._device = device
        self._bytes_left = max(_SMALL, _MAX_GROWTH * size)

    def __call__(
        self,
        storage: Storage,
        dtype: torch.dtype,
        offset: int,
        shape: list[int],
        strides: list[int],
    ) -> Tensor:
        # Many tensors of one storage take no memory until someone copies them.
        self._bytes_left -= math.prod(shape) * dtype.itemsize
        if self._bytes_left < 0:
            raise NotPlainError("its tensors are many times as large as the file")
        numbers = self._storages.numbers(storage)
        if self._device == META:
            return torch.empty_strided(shape, strides, dtype=dtype, device=META)
        # As torch does: a tensor of its own, no view of another.
        tensor = torch.empty(0, dtype=dtype, device=self._device)
        first = storage.start * storage.dtype.itemsize // dtype.itemsize
        return tensor.set_(numbers.untyped_storage(), first + offset, shape, strides)


def _read_archive(file: BinaryIO, device: torch.device) -> Any:
    archive = _Archive(file, device)
    pickled = archive.read("data.pkl")
    maker = _TensorMaker(archive, archive.size, device)
    return load_plain(io.BytesIO(pickled), len(pickled), maker)


class _Archive:
    """The ZIP archive that ``torch.save`` writes: records below one folder."""

    def __init__(self, file: BinaryIO, device: torch.device) -> None:
        self.size = file.seek(0, io.SEEK_END)
        self._zip = zipfile.ZipFile(file)
        self._device = device
        self._loaded: dict[str, Tensor] = {}
        self.infos = self._zip.infolist()
        total = sum(info.file_size for info in self.infos)
        if total > max(_SMALL, _MAX_GROWTH * self.size):
            raise NotPlainError(
                f"its records of {total} bytes are packed into {self.size}"
            )
        pickles = [i.filename for i in self.infos if i.filename.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise NotPlainError("it has no record data.pkl, or several")
        self._folder = pickles[0].removesuffix("data.pkl")
        self._swaps = False
        if f"{self._folder}byteorder" in self._zip.NameToInfo:
            self._swaps = self.read("byteorder").decode() != sys.byteorder

    def read(self, name: str) -> bytes:
        """Return a record; raise BadZipFile if its checksum is another."""
        info = self._zip.getinfo(self._folder + name)
        return bytes(self._bytes(info, memoryview(bytearray(info.file_size))))

    def check(self, info: zipfile.ZipInfo) -> None:
        """Raise BadZipFile if a record cannot be read or its checksum is another."""
        piece = memoryview(bytearray(min(info.file_size, 1 << 20)))
        checksum = 0
        with self._open(info) as record:
            left = info.file_size
            while left:
                read = record.readinto(piece[:left])
                if not read:
                    raise EOFError
                checksum = zlib.crc32(piece[:read], checksum)
                left -= read
        _check_sum(info, checksum)

    def numbers(self, storage: Storage) -> Tensor:
        """Return the numbers of a whole storage, (numel,), on the file's device."""
        info = self._zip.getinfo(f"{self._folder}data/{storage.key}")
        num_bytes = (storage.start + storage.numel) * storage.dtype.itemsize
        if num_bytes > info.file_size:
            raise NotPlainError(
                f"it wants {num_bytes} bytes of a record of {info.file_size}"
            )
        if self._device == META:
            return torch.empty(0, dtype=storage.dtype, device=META)
        if storage.key not in self._loaded:
            numbers = torch.empty(info.file_size, dtype=torch.uint8)
            if info.file_size:
                self._bytes(info, numbers.numpy().data)
            if self._swaps:
                numbers.untyped_storage().byteswap(storage.dtype)
            self._loaded[storage.key] = numbers.to(self._device)
        return self._loaded[storage.key]

    def _bytes(self, info: zipfile.ZipInfo, target: memoryview) -> memoryview:
        filled = 0
        with self._open(info) as record:
            while filled < len(target):
                read = record.readinto(target[filled:])
                if not read:
                    raise EOFError
                filled += read
        _check_sum(info, zlib.crc32(target))
        return target

    def _open(self, info: zipfile.ZipInfo) -> zipfile.ZipExtFile:
        record: Any = self._zip.open(info)
        # torch can leave the checksums out, as 0, which zipfile takes for a sum.
        record._expected_crc = None
        return record


def _check_sum(info: zipfile.ZipInfo, checksum: int) -> None:
    if info.CRC not in (0, checksum):
        raise zipfile.BadZipFile(f"the checksum of {info.filename:.80} is another")


def _read_legacy(file: BinaryIO, device: torch.device) -> Any:
    """Read the form before archives: pickles, then the storages they name, in a row."""
    source = _Bounded(file)
    storages = _LegacyStorages(source, device)

    def load(maker: _TensorMaker) -> Any:
        return load_plain(source, source.size, maker)

    maker = _TensorMaker(storages, source.size, device)
    if load(maker) != _MAGIC_NUMBER or load(maker) != _PROTOCOL_VERSION:
        raise NotPlainError("it is no file of torch")
    system = load(maker)
    if not system["little_endian"] or sys.byteorder != "little":
        raise NotPlainError("it is from a computer with another order of bytes")
    content = load(maker)
    storages.fill(load(maker))
    return content


class _Bounded:
    """A file that never gives, or makes room for, more than it has."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = file.seek(0, io.SEEK_END)
        file.seek(0)
        self.file = file

    @property
    def left(self) -> int:
        return self.size - self.file.tell()

    def read(self, size: int, /) -> bytes:
        return self.file.read(min(size, self.left))

    def readline(self) -> bytes:
        return self.file.readline()


class _LegacyStorages:
    """Storages that are named first and filled at the end."""

    def __init__(self, source: _Bounded, device: torch.device) -> None:
        self._source = source
        self._device = device
        self._found: dict[str, tuple[torch.dtype, Tensor]] = {}
        self._bytes_left = source.size

    def numbers(self, storage: Storage) -> Tensor:
        """Return the numbers of a whole storage, (numel,), which are filled later."""
        if storage.key not in self._found:
            numel = storage.start + storage.numel
            self._bytes_left -= numel * storage.dtype.itemsize
            if self._bytes_left < 0:
                raise NotPlainError("its storages are larger than the file")
            numbers = torch.empty(numel, dtype=storage.dtype, device=self._device)
            self._found[storage.key] = (storage.dtype, numbers)
        dtype, numbers = self._found[storage.key]
        if dtype != storage.dtype or storage.start + storage.numel > len(numbers):
            raise NotPlainError("it names one storage in two sizes")
        return numbers

    def fill(self, keys: Any) -> None:
        """Read the numbers of all storages, in the order of their keys."""
        if sorted(map(str, keys)) != sorted(self._found):
            raise NotPlainError("it does not have the storages that it names")
        for key in map(str, keys):
            _, numbers = self._found[key]
            (numel,) = struct.unpack("<q", self._source.read(8))
            num_bytes = numbers.numel() * numbers.dtype.itemsize
            if numel != numbers.numel() or num_bytes > self._source.left:
                raise NotPlainError("it ends inside a storage")
            if self._device == META:
                self._source.file.seek(num_bytes, io.SEEK_CUR)
            elif num_bytes:
                content = bytearray(self._source.read(num_bytes))
                read = torch.frombuffer(content, dtype=numbers.dtype)
                numbers.copy_(read)
