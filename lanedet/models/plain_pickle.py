"""Pickles of numbers, text and tensors: never code, never more than the file holds.

``torch.load(weights_only=True)`` runs no code either, but it allocates what a pickle
asks for: a few bytes can ask for terabytes. Here a pickle can name the few things that
``torch.save`` needs for plain data, every tensor must lie inside its storage, and
nothing is copied more often than the pickle is long.

The machine is that of Python's ``pickle``, in Python, with the instructions that
``torch.save`` writes: the one in C takes a memo of any size at the word of a pickle.
"""

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

_STORAGE_TYPES = {
    "BFloat16Storage": torch.bfloat16,
    "BoolStorage": torch.bool,
    "ByteStorage": torch.uint8,
    "CharStorage": torch.int8,
    "ComplexDoubleStorage": torch.complex128,
    "ComplexFloatStorage": torch.complex64,
    "DoubleStorage": torch.float64,
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "IntStorage": torch.int32,
    "LongStorage": torch.int64,
    "ShortStorage": torch.int16,
    "UntypedStorage": torch.uint8,
}
_OPCODES = b"".join(
    (
        *(pickle.PROTO, pickle.STOP, pickle.MARK, pickle.GLOBAL, pickle.REDUCE),
        *(pickle.BUILD, pickle.BINPERSID, pickle.NONE, pickle.NEWTRUE, pickle.NEWFALSE),
        *(pickle.BININT, pickle.BININT1, pickle.BININT2, pickle.LONG1, pickle.BINFLOAT),
        *(pickle.BINUNICODE, pickle.BINSTRING, pickle.SHORT_BINSTRING),
        *(pickle.EMPTY_TUPLE, pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2),
        *(pickle.TUPLE3, pickle.EMPTY_LIST, pickle.APPEND, pickle.APPENDS),
        *(pickle.EMPTY_DICT, pickle.SETITEM, pickle.SETITEMS),
        *(pickle.BINGET, pickle.LONG_BINGET, pickle.BINPUT, pickle.LONG_BINPUT),
    )
)
# No tuples and no classes: the hash of nested tuples takes time without bound.
_KEY_TYPES = (str, int, float, bytes, type(None))
_MAX_DIMS = 16


class NotPlainError(ValueError):
    """A pickle holds what plain data does not."""


class Source(Protocol):
    """What a pickle is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, in no more memory than they need."""

    def readline(self) -> bytes:
        """Return the bytes up to the end of the line."""


@dataclass(frozen=True)
class Storage:
    """Numbers of one type, of which tensors are made."""

    key: str
    """Name of the storage in its file."""

    dtype: torch.dtype

    start: int
    """Index of the first number that tensors see."""

    numel: int
    """How many they see."""


MakeTensor = Callable[[Storage, torch.dtype, int, list[int], list[int]], Tensor]
"""Makes a tensor of a storage, its type, the index of its first number, its shape and
its strides, which are known to lie inside the storage."""


def load_plain(source: Source, size: int, make_tensor: MakeTensor) -> Any:
    """Return what the next pickle of a source holds.

    Args:
        source: Where its bytes are.
        size: Bytes of the whole source.
        make_tensor: What makes its tensors.

    Raises:
        NotPlainError: If it holds more than plain data.
        Exception: Those of Python's unpickler, over a pickle that is damaged.
    """
    return _PlainUnpickler(source, size, make_tensor).load()


class _PlainUnpickler(pickle._Unpickler):
    """Python's unpickler, without what reaches into the program."""

    stack: list[Any]
    pop_mark: Callable[[], list[Any]]

    dispatch: ClassVar[dict[int, Callable[..., None]]] = {
        opcode: pickle._Unpickler.dispatch[opcode] for opcode in _OPCODES
    }

    def __init__(self, source: Source, size: int, make_tensor: MakeTensor) -> None:
        super().__init__(source, encoding="utf-8")
        self._copies_left = size
        self._make_tensor = make_tensor
        self._known: dict[str, Any] = {
            "__builtin__.set": self._set,  # as pickles of Python 2 call it
            "_codecs.encode": self._encode,
            "builtins.set": self._set,
            "collections.OrderedDict": self._ordered_dict,
            "torch.Size": self._shape,
            "torch.device": torch.device,
            "torch._utils._rebuild_parameter": _rebuild_parameter,
            "torch._utils._rebuild_tensor": self._rebuild_tensor,
            "torch._utils._rebuild_tensor_v2": self._rebuild_tensor,
            "torch._utils._rebuild_tensor_v3": self._rebuild_tensor_of,
        }

    def find_class(self, module: str, name: str, /) -> Any:
        """Return what stands here for the object that a pickle names."""
        found = self._known.get(f"{module}.{name}")
        if found is None and module in ("torch", "torch.cuda", "torch.storage"):
            found = _STORAGE_TYPES.get(name)
        if found is None and module == "torch":
            dtype = vars(torch).get(name)
            found = dtype if isinstance(dtype, torch.dtype) else None
        if found is None:
            raise NotPlainError(f"it names {f'{module}.{name}':.80}")
        return found

    def get_extension(self, code: int, /) -> None:
        """Refuse the numbers that stand for classes."""
        raise NotPlainError(f"it names the class of number {code}")

    def persistent_load(self, pid: Any, /) -> Storage:
        """Return the storage that a pickle names."""
        kind, dtype, key, _, numel, *view = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise NotPlainError(f"it names a {f'{kind}':.80} of another file")
        start = 0
        if view and view[0] is not None:  # of files before torch 0.4
            _, start, numel = view[0]
        if not _are_counts((start, numel)):
            raise NotPlainError("it has a storage of no size")
        return Storage(str(key), dtype, start, numel)

    def _set_pairs(self, pairs: Sequence[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise NotPlainError("it sets items of what is no dict")
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            if not isinstance(key, _KEY_TYPES):
                raise NotPlainError(f"it has a key that is a {type(key).__name__}")
            target[key] = value

    def _load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set_pairs((key, value))

    def _load_setitems(self) -> None:
        self._set_pairs(self.pop_mark())

    def _load_build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if type(target) is not OrderedDict or not isinstance(state, dict):
            raise NotPlainError(f"it fills an object of {type(target).__name__}")
        if isinstance(state.get("_metadata"), dict):  # of a module's state
            vars(target)["_metadata"] = state["_metadata"]

    dispatch[pickle.SETITEM[0]] = _load_setitem
    dispatch[pickle.SETITEMS[0]] = _load_setitems
    dispatch[pickle.BUILD[0]] = _load_build

    def _count(self, num_copied: int) -> None:
        self._copies_left -= num_copied
        if self._copies_left < 0:
            raise NotPlainError("it copies the same data over and over")

    def _ordered_dict(self, pairs: Sequence[Any] = ()) -> OrderedDict[Any, Any]:
        self._count(len(pairs))
        self.stack.append(OrderedDict())
        self._set_pairs([part for key, value in pairs for part in (key, value)])
        result: OrderedDict[Any, Any] = self.stack.pop()
        return result

    def _set(self, items: Sequence[Any]) -> set[Any]:
        self._count(len(items))
        if not all(isinstance(item, _KEY_TYPES) for item in items):
            raise NotPlainError("it has a set of what are no numbers or texts")
        return set(items)

    def _shape(self, lengths: Sequence[Any]) -> torch.Size:
        self._count(len(lengths))
        return torch.Size(lengths)

    def _encode(self, text: str, encoding: str) -> bytes:
        if encoding != "latin1":  # as Python writes bytes
            raise NotPlainError(f"it encodes bytes as {encoding!r:.80}")
        self._count(len(text))
        return text.encode("latin1")

    def _rebuild_tensor(
        self,
        storage: Storage,
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
        *state: Any,
    ) -> Tensor:
        """Make a tensor; ``state`` is how it took part in training, and its view."""
        if not isinstance(storage, Storage):
            raise NotPlainError("it has a tensor without a storage")
        return self._tensor(storage, storage.dtype, (offset, shape, strides), state[2:])

    def _rebuild_tensor_of(
        self,
        storage: Storage,
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
        *state: Any,
    ) -> Tensor:
        """Make a tensor of a type that has no storages of its own."""
        dtype = state[2]
        if not isinstance(storage, Storage) or not isinstance(dtype, torch.dtype):
            raise NotPlainError("it has a tensor without a storage or type")
        return self._tensor(storage, dtype, (offset, shape, strides), state[3:])

    def _tensor(
        self,
        storage: Storage,
        dtype: torch.dtype,
        place: tuple[int, Sequence[int], Sequence[int]],
        view: Sequence[Any],
    ) -> Tensor:
        if any(view):
            raise NotPlainError("it has a conjugate or negated view")
        offset, shape, strides = place[0], list(place[1]), list(place[2])
        numel = storage.numel * storage.dtype.itemsize // dtype.itemsize
        _check_inside(numel, offset, shape, strides)
        return self._make_tensor(storage, dtype, offset, shape, strides)


def _rebuild_parameter(tensor: Tensor, *_: Any) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise NotPlainError("it has a parameter that is no tensor")
    return tensor


def _are_counts(values: Sequence[Any]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _check_inside(
    numel: int, offset: int, shape: Sequence[int], strides: Sequence[int]
) -> None:
    """Raise NotPlainError unless a tensor lies inside ``numel`` numbers."""
    places = (offset, *shape, *strides)
    if (
        len(shape) != len(strides)
        or len(shape) > _MAX_DIMS
        or not _are_counts(places)
        or max(places) >= 2**62
    ):
        raise NotPlainError("it has a tensor of no shape")
    steps = zip(shape, strides, strict=True)
    last = offset + sum((length - 1) * stride for length, stride in steps)
    if math.prod(shape) > numel or (0 not in shape and last >= numel):
        raise NotPlainError(
            f"it has a tensor of {f'{tuple(shape)}':.80} in a storage of {numel} "
            "numbers"
        )
