"""What this machine can do at most: multiplications and bytes a second.

A network that ran at one of these limits could not be made faster by another runtime.
Both are loaded as :mod:`~lanedet.benchmark.subject_process` loads a peer, so that they
run where the runtimes do, in turn with them.
"""

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch.nn import functional as F

from lanedet.models import usable_device

_SIDE = 1152  # of matrices; 128 channels on 96x108 pixels take as many multiplications
_TRIALS = 5

Work = Callable[[], Any]


class CallWork(NamedTuple):
    """What each call of a limit does."""

    macs: int
    """Multiplications with an addition, of :func:`load_multiplying`."""

    num_bytes: int
    """Bytes read and written, together, of :func:`load_copying`."""


def call_work(device: str) -> CallWork:
    """Return what each call does on a device: on a GPU more, which would be idle."""
    return CallWork(_copies(device) * _SIDE**3, 2 * _copies(device) * 2**26)


def load_multiplying() -> Callable[[Sequence[Any]], None]:
    """Return what multiplies as fast as PyTorch can, matrices or in a convolution.

    On a CPU in float32; on a GPU also in float16.
    """
    torch.set_grad_enabled(False)
    device = str(usable_device(None))
    types = [torch.float32] if device == "cpu" else [torch.float32, torch.float16]
    ways = [
        way
        for dtype in types
        for way in (_matrices(device, dtype), _convolution(device, dtype))
    ]
    return _finished(min(ways, key=_best_s), device)


def load_copying() -> Callable[[Sequence[Any]], None]:
    """Return what copies memory that no cache holds."""
    device = str(usable_device(None))
    source = torch.ones(_copies(device) * 2**26, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return _finished(lambda: target.copy_(source), device)


def _copies(device: str) -> int:
    return 1 if device == "cpu" else 32


def _matrices(device: str, dtype: torch.dtype) -> Work:
    shape = (_copies(device), _SIDE, _SIDE)
    one, other = torch.ones((2, *shape), dtype=dtype, device=device)
    return lambda: one @ other


def _convolution(device: str, dtype: torch.dtype) -> Work:
    shape = (_copies(device), 128, 96, 108)
    images = torch.ones(shape, dtype=dtype, device=device)
    images = images.contiguous(memory_format=torch.channels_last)
    weight = torch.ones((128, 128, 3, 3), dtype=dtype, device=device)
    weight = weight.contiguous(memory_format=torch.channels_last)
    return lambda: F.conv2d(images, weight, padding=1)


def _finished(work: Work, device: str) -> Callable[[Sequence[Any]], None]:
    def run(_images: Sequence[Any]) -> None:
        work()
        if device != "cpu":
            torch.accelerator.synchronize()

    return run


def _best_s(work: Work) -> float:
    seconds = []
    for _ in range(_TRIALS):
        begin_s = time.perf_counter()
        work()
        if torch.accelerator.is_available():
            torch.accelerator.synchronize()
        seconds.append(time.perf_counter() - begin_s)
    return min(seconds)
