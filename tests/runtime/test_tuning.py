import os
import subprocess
import sys

import pytest

from lanedet.runtime import num_usable_cores

_COUNT_FAULTS = """
import resource, sys
import numpy as np
from lanedet.runtime import tune_allocator
if sys.argv[1] == "tuned":
    tune_allocator()
np.ones(8 << 20)  # the first 64 MiB are new memory in any case
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    np.ones(8 << 20)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
assert "torch" not in sys.modules
"""


@pytest.mark.skipif(
    "CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}),
    reason="The allocator is only tuned on glibc.",
)
def test_freed_memory_is_reused_without_page_faults() -> None:
    default, tuned = (
        int(subprocess.check_output([sys.executable, "-c", _COUNT_FAULTS, setting]))
        for setting in ("default", "tuned")
    )
    # 64 MiB are 16384 pages of 4 KiB, or 32 huge ones.
    assert tuned < 20
    assert default > 100


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"),
    reason="Nothing binds a process to cores here.",
)
def test_cores_that_the_process_is_kept_from_do_not_count() -> None:
    usable = os.sched_getaffinity(0)
    assert num_usable_cores() == len(usable)
    try:
        os.sched_setaffinity(0, {min(usable)})
        assert num_usable_cores() == 1
    finally:
        os.sched_setaffinity(0, usable)
