"""The processes of a run: those of a distributed one, and those it starts."""

import atexit
import multiprocessing
import os
import threading
from collections.abc import Callable

import torch
from mmengine.config import Config
from mmengine.dist import init_dist, is_distributed


def start_processes(config: Config) -> None:
    """Join the other processes of a distributed run.

    mmengine's own start calls ``torch.cuda`` in every case, so without a GPU the
    processes are joined here, with Gloo. With GPUs mmengine does it, with NCCL.

    Args:
        config: Its ``launcher`` says how the processes were started.

    Raises:
        ValueError: If no launcher has started this process, or it needs a GPU.
    """
    launcher = config.get("launcher", "none")
    if launcher == "none" or is_distributed():
        return
    if launcher == "pytorch" and "LOCAL_RANK" not in os.environ:
        raise ValueError(
            "--launcher pytorch is for processes that torchrun starts: torchrun "
            "--nproc-per-node 2 -m lanedet train ... --launcher pytorch"
        )
    atexit.register(_end_processes)  # NCCL warns if nobody does
    if torch.cuda.is_available():
        # What the runner would do later: who claims the work directory must be known.
        init_dist(launcher, **(config.get("env_cfg") or {}).get("dist_cfg", {}))
        return
    if launcher != "pytorch":
        raise ValueError(
            f"--launcher {launcher} needs CUDA GPUs, and torch sees none. Without a "
            "GPU use torchrun and --launcher pytorch."
        )
    torch.distributed.init_process_group("gloo")
    # mmengine would name GPUs to the wrapper.
    config.setdefault(
        "model_wrapper_cfg",
        {
            "type": "MMDistributedDataParallel",
            "device_ids": None,
            "broadcast_buffers": False,
            "find_unused_parameters": config.get("find_unused_parameters", False),
        },
    )


def end_with_parent() -> None:
    """End this process at once when the one that started it is gone.

    A parent that is killed ends nobody. torch's data workers look for it every five
    seconds; a training in a process pool never does. What this process was doing is
    not finished: like its parent, it must be ready to be killed.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="end with parent", daemon=True).start()


def start_worker(number: int, then: Callable[[int], object] | None) -> None:
    """Begin a data worker that ends with the process it loads for.

    Args:
        number: Number of the worker, from 0.
        then: What else is to be done when a worker begins.
    """
    end_with_parent()
    if then is not None:
        then(number)


def _end_processes() -> None:
    if is_distributed():
        torch.distributed.destroy_process_group()
