"""The files that hold tensors: safetensors, and what ``torch.save`` writes.

A file is damaged or hostile until it has shown to be whole: it never runs code, what
it says of itself is compared with how long it is before memory is taken, and whatever
is wrong with it becomes one ValueError that names it.
"""

import io
import json
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import safetensors
import torch
from torch import Tensor

from lanedet.models.plain_pickle import NotPlainError
from lanedet.models.torch_files import META, check_torch_file, read_torch_file

# What Python and torch raise over a file that is cut, changed or not its own. What the
# system says of the file itself, such as that it may not be read, is an OSError with a
# name and comes before.
_DAMAGED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    pickle.UnpicklingError,
    safetensors.SafetensorError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
_MAX_HEADER = 16 << 20  # bytes of a safetensors header; 1,000 tensors take 0.1 MB
_DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "U16": torch.uint16,
    "I32": torch.int32,
    "U32": torch.uint32,
    "I64": torch.int64,
    "U64": torch.uint64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}


def read_pickled(path: Path, device: torch.device | str = "cpu") -> Any:
    """Return what ``torch.save`` wrote, if it is plain data.

    Args:
        path: An archive, or a file of the form before it (torch 1.5 and older).
        device: Where the tensors go; ``meta`` for their names, shapes and types only:
            then no numbers are read.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is damaged or holds more than numbers, text and dense
            tensors.
    """
    device = torch.device(device)
    with path.open("rb") as file:
        try:
            return read_torch_file(file, device)
        except _DAMAGED as error:
            raise ValueError(
                f"{str(path)!r} is no checkpoint of plain data: it is damaged, or it "
                "holds objects whose loading would run code, which is refused "
                f"({_reason(error)})."
            ) from error


def read_safetensors(
    path: Path, device: torch.device | str = "cpu"
) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Return the metadata of a safetensors file, and its tensors by name.

    Args:
        path: The file.
        device: Where the tensors go; ``meta`` for their names, shapes and types only:
            then no numbers are read.

    Raises:
        OSError: If the file cannot be opened.
        ValueError: If it is damaged, or has numbers of a kind that weights are not.
    """
    device = torch.device(device)
    with path.open("rb") as opened:
        try:
            header = _safetensors_header(opened)
            with safetensors.safe_open(_text(path, opened), framework="pt") as file:
                # Beside the header: the file is as long as it says.
                metadata = dict(file.metadata() or {})
                tensors = {
                    name: torch.empty(shape, dtype=dtype, device=META)
                    if device == META
                    else file.get_tensor(name).to(device)
                    for name, (dtype, shape) in header.items()
                }
        except _DAMAGED as error:
            raise ValueError(
                f"{str(path)!r} is no whole weights file: {_reason(error)}."
            ) from error
    return metadata, tensors


def is_whole_checkpoint(path: Path | str) -> bool:
    """Tell whether a checkpoint or weights file is there and can be read whole.

    The file is read once, with the checksums of an archive, and no memory is taken for
    its tensors. No code in it runs.

    Raises:
        OSError: If the system does not let it be read.
    """
    path = Path(path)
    if not path.is_file():
        return False
    try:
        if path.suffix == ".safetensors":
            read_safetensors(path, META)
            return True
        with path.open("rb") as file:
            check_torch_file(file)
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.filename:
            raise
        return False
    return True


def _reason(error: Exception) -> str:
    """Return the first line of what is wrong, short."""
    if isinstance(error, NotPlainError):
        return str(error)
    text = (str(error).splitlines() or [""])[0].rstrip(".")
    return f"{type(error).__name__}: {text:.160}" if text else type(error).__name__


def _text(path: Path, opened: BinaryIO) -> str:
    """Return a name of an open file that is UTF-8, which safetensors must have."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return f"/dev/fd/{opened.fileno()}"
    return str(path)


def _safetensors_header(file: BinaryIO) -> dict[str, tuple[torch.dtype, list[int]]]:
    """Return type and shape of each tensor by name."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    (length,) = struct.unpack("<Q", file.read(8))
    if length > min(size - 8, _MAX_HEADER):
        raise ValueError(f"a header of {length} bytes in a file of {size}")
    header = json.loads(file.read(length), object_pairs_hook=_unique)
    if not isinstance(header, dict):
        raise ValueError("a header that is no object")
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        dtype, shape = _DTYPES.get(entry["dtype"]), entry["shape"]
        if dtype is None:
            raise ValueError(f"{name:.80} is of the type {entry['dtype']!r:.40}")
        if any(length >= 2**62 for length in shape):
            raise ValueError(f"{name:.80} has a shape that no tensor has")
        found[name] = (dtype, shape)
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a header that says something twice")
    return found
