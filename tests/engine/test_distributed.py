"""Runs of several processes on the CPU."""

import subprocess
import sys
from pathlib import Path

CASES = Path(__file__).with_name("distributed_cases.py")


def test_all_cases_hold_in_a_process_of_their_own() -> None:
    # They fork, which torch refuses where its autograd has begun threads, as it does
    # in the midst of other tests.
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", CASES]
    ended = subprocess.run(
        command, cwd=CASES.parents[2], capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
