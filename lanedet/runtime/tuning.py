"""What of the machine a process may use, and how it uses it well.

Nothing here imports torch: :func:`tune_allocator` works best before torch does, and
:func:`tune_threads` only then.
"""

import ctypes
import os
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>


def tune_allocator() -> None:
    """Make glibc's malloc keep the memory that a network frees, and reuse it.

    With glibc's defaults every large block is mapped afresh and returned when freed,
    so that each forward pass of a network pays thousands of page faults for the same
    few buffers: 9 to 36 ms of the 53 to 69 ms of an ENet pass in eager PyTorch on two
    cores. Two settings stop it, and the pass takes 1.2 to 1.9 times less time. The
    price is that the process holds on to its peak memory. M_TOP_PAD is left alone: with
    steps of 4 MiB or more the heaps of threads are not reused whole, and a video's
    decoder in threads of its own takes 2 kB more with every frame.

    The settings are process-wide. Elsewhere than on glibc this does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl has none
        return
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)  # blocks up to 1 GiB come from the heap,
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)  # whose free end is not given back


def tune_threads() -> None:
    """Let waiting OpenMP threads spin for microseconds and then sleep.

    The threads of a parallel loop wait for one another at its end. GNU's OpenMP lets
    them spin for long. With a data worker or a video decoder on the same few cores, a
    spinning thread keeps the core from the one it waits for: a training step of ENet
    on two cores, one of them busy, was seen to take 6 to 12 seconds instead of 1.6.
    Never to spin costs a quarter of the speed on idle cores; to spin briefly, nothing.
    Settings in the environment go before.

    Must be called before torch is imported: OpenMP reads the setting once.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


def num_usable_cores() -> int:
    """Return how many cores this process may run on, at least 1.

    Fewer than the machine has where an administrator, ``taskset`` or a container says
    so, on systems that tell.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def num_compute_threads() -> int:
    """Return how many threads a network should compute with, at least 1.

    As many as there are usable cores, or as many as ``OMP_NUM_THREADS`` says, which
    PyTorch heeds by itself and other runtimes do not.
    """
    text = os.environ.get("OMP_NUM_THREADS", "")
    if text.isdecimal() and int(text[:6]) >= 1:
        return min(int(text[:6]), num_usable_cores())
    return num_usable_cores()
