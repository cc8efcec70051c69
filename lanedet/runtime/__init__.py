"""How programs run: errors, interrupts, progress, memory, threads and cores.

Nothing here imports torch, so that :func:`tune_allocator` and :func:`tune_threads` can
be called before torch is imported.
"""

from lanedet.runtime.errors import reported_warnings, shell_word, user_errors
from lanedet.runtime.extras import RUNTIMES, needs_extra
from lanedet.runtime.interrupts import hold_interrupts
from lanedet.runtime.processes import LAUNCHERS, end_with_parent
from lanedet.runtime.progress import progress_bar
from lanedet.runtime.tuning import (
    num_compute_threads,
    num_usable_cores,
    tune_allocator,
    tune_threads,
)

__all__ = [
    "LAUNCHERS",
    "RUNTIMES",
    "end_with_parent",
    "hold_interrupts",
    "needs_extra",
    "num_compute_threads",
    "num_usable_cores",
    "progress_bar",
    "reported_warnings",
    "shell_word",
    "tune_allocator",
    "tune_threads",
    "user_errors",
]
