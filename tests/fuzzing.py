"""Damaged copies of a file's content, for tests of readers.

A reader's test hands each copy to it and allows what the reader promises, nothing
else, so that any other exception fails the test::

    from fuzzing import mutations

    @pytest.mark.parametrize("seed", range(3))
    def test_reads_damaged_files_or_says_why(tmp_path, seed):
        path = tmp_path / "label.txt"
        for content in mutations(WHOLE, seed, count=200):
            path.write_bytes(content)
            with contextlib.suppress(ValueError):  # and OSError, where it may be one
                read_label(path)
"""

import re
from collections.abc import Callable, Iterator

import numpy as np

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_ODD_NUMBERS = (
    *(b"0", b"-1", b"-0", b"2", b"1e-9", b"0.1", b"255", b"65536", b"99999"),
    *(b"2147483648", b"-9223372036854775809", b"1e9", b"-1e30", b"1e309", b"9" * 400),
    *(b"nan", b"NaN", b"-inf", b"Infinity", b"0x10", b"1_0", b"\xd9\xa3", b"1,5"),
)
_ODD_BYTES = (
    *(
        b"\0",
        b"\n",
        b"\r\n",
        b" ",
        b"\t",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc3\x28",
        b"\x1a",
    ),
    *(b'"', b"'", b"[", b"]", b"{", b"}", b"<", b">", b"&", b",", b":", b";", b"/"),
    *(b"null", b"true", b"../", b"\\", b"%", b"[" * 3000, b'{"a":' * 3000, b"A" * 300),
)

_Mutator = Callable[[bytes, np.random.Generator], bytes]


def mutations(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Yield damaged copies of a file's content, the same ones for the same seed.

    Each has one to four faults: flipped bits, changed bytes, a cut end, something odd
    put in, a span deleted, repeated or moved, a number replaced by an odd one. The
    numbers are those that text has; in binary files they are found by chance.

    Args:
        data: What a whole file holds. It may be empty.
        seed: Of the draw.
        count: Number of copies. One may equal the original.
    """
    rng = np.random.default_rng(seed)
    for _ in range(count):
        copy = data
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            copy = _MUTATORS[rng.integers(len(_MUTATORS))](copy, rng)
        yield copy


def _flip_bit(data: bytes, rng: np.random.Generator) -> bytes:
    if not data:
        return data
    changed = bytearray(data)
    changed[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _change_bytes(data: bytes, rng: np.random.Generator) -> bytes:
    """Overwrite a few bytes that follow each other, by chance, by 0 or by 255."""
    start, size = _place(data, rng), int(rng.choice((1, 2, 4, 8)))
    fill = (rng.bytes(size), b"\0" * size, b"\xff" * size)[rng.integers(3)]
    return data[:start] + fill[: len(data) - start] + data[start + size :]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: _place(data, rng)]


def _insert(data: bytes, rng: np.random.Generator) -> bytes:
    start = _place(data, rng)
    return data[:start] + _ODD_BYTES[rng.integers(len(_ODD_BYTES))] + data[start:]


def _delete_span(data: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(data, rng)
    return data[:start] + data[end:]


def _repeat_span(data: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(data, rng)
    return data[:end] + data[start:end] * int(rng.choice((1, 1, 2, 30))) + data[end:]


def _move_span(data: bytes, rng: np.random.Generator) -> bytes:
    start, end = _span(data, rng)
    rest = data[:start] + data[end:]
    to = _place(rest, rng)
    return rest[:to] + data[start:end] + rest[to:]


def _swap_number(data: bytes, rng: np.random.Generator) -> bytes:
    """Put an odd number, or another of the file's, in the place of one."""
    found = list(_NUMBER.finditer(data))
    if not found:
        return _change_bytes(data, rng)
    old, other = (found[rng.integers(len(found))] for _ in range(2))
    odd = _ODD_NUMBERS[rng.integers(len(_ODD_NUMBERS))]
    new = other[0] if rng.integers(4) == 0 else odd
    return data[: old.start()] + new + data[old.end() :]


def _place(data: bytes, rng: np.random.Generator) -> int:
    """Return a place in the content; every other one near its head."""
    head = min(len(data), 64) if rng.integers(2) else len(data)
    return int(rng.integers(head + 1))


def _span(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    """Return start and end of a span, most of them short."""
    start = _place(data, rng)
    size = int(rng.integers(1, rng.choice((3, 16, 64, 4096))))
    return start, min(start + size, len(data))


_MUTATORS: tuple[_Mutator, ...] = (
    _flip_bit,
    _change_bytes,
    _cut,
    _insert,
    _delete_span,
    _repeat_span,
    _move_span,
    _swap_number,
    _swap_number,
)
