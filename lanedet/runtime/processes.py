"""Programs of several processes."""

import multiprocessing
import os
import threading

LAUNCHERS = ("none", "pytorch", "slurm", "mpi")
"""What starts the processes of a distributed run, as mmengine calls it; ``none`` for a
single process."""


def end_with_parent() -> None:
    """End this process at once when the one that started it is gone.

    A parent that is killed ends nobody. torch's data workers look for it every five
    seconds; a process of a pool never does. What this process was doing is not
    finished: like its parent, it must be ready to be killed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()
