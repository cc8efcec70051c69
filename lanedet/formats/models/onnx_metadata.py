"""The metadata of an ONNX file, read and written without the package ``onnx``.

An ONNX file is a protobuf message whose field 14 holds pairs of texts
(https://github.com/onnx/onnx/blob/v1.17.0/onnx/onnx.proto, ``ModelProto``). Runtimes
hand these out to different degrees, and OpenVINO not at all; and a foreign or damaged
file is better told before a runtime works on it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types of protobuf
_KNOWN_FIELDS = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})  # of ModelProto
_GRAPH, _METADATA = 7, 14
_KEY, _VALUE = 1, 2  # of StringStringEntryProto
_LONGEST_VARINT = 10  # bytes


def read_onnx_metadata(path: Path) -> dict[str, str]:
    """Return the texts of an ONNX file's metadata by name.

    Raises:
        OSError: If the file cannot be read.
        ValueError: If it is no whole ONNX file.
    """
    data = path.read_bytes()
    texts: dict[str, str] = {}
    has_graph = False
    try:
        for field, value in _fields(data):
            if field not in _KNOWN_FIELDS:
                raise ValueError(f"field {field}")
            has_graph |= field == _GRAPH
            if field == _METADATA:
                entry = dict(_fields(value))
                key, text = entry.get(_KEY, b""), entry.get(_VALUE, b"")
                texts[bytes(key).decode()] = bytes(text).decode()
        if not has_graph:
            raise ValueError("no graph")
    except (IndexError, ValueError) as error:
        raise ValueError(
            f"{str(path)!r} must be a whole ONNX file, and is none or was cut off. "
            "Copy or export it again."
        ) from error
    return texts


def add_onnx_metadata(model: bytes, texts: Mapping[str, str]) -> bytes:
    """Return an ONNX file with more texts in its metadata.

    Args:
        model: Content of the file.
        texts: By name; none of them is in the file yet.
    """
    entries = (
        _field(_METADATA, _field(_KEY, key.encode()) + _field(_VALUE, text.encode()))
        for key, text in texts.items()
    )
    # Protobuf reads fields in any order: what is put behind a message is part of it.
    return model + b"".join(entries)


def _fields(data: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield number and bytes of the fields of a message.

    Raises:
        IndexError: If the message ends inside one.
        ValueError: If it is no message.
    """
    view, at = memoryview(data), 0
    while at < len(view):
        tag, at = _varint(view, at)
        field, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            _, end = _varint(view, at)
            size = end - at
        elif kind == _BYTES:
            size, at = _varint(view, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {kind}")
        if at + size > len(view):
            raise IndexError(at)
        yield field, view[at : at + size]
        at += size


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    number = 0
    for place in range(_LONGEST_VARINT):
        byte = view[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return number, at + place + 1
    raise ValueError("a number of more than 10 bytes")


def _field(number: int, value: bytes) -> bytes:
    return _written(number << 3 | _BYTES) + _written(len(value)) + value


def _written(number: int) -> bytes:
    """Return a number as a varint."""
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])
