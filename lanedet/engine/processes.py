"""The processes of a run: those of a distributed one, and those it starts."""

import atexit
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
from mmengine.config import Config
from mmengine.dist import get_dist_info, init_dist, is_distributed

from lanedet.runtime import end_with_parent

_TIMEOUT_S = 600  # how long a process waits for the others; NCCL's own default
_STARTED_BY = {  # what a launcher leaves in the environment
    "pytorch": ("LOCAL_RANK", "torchrun --nproc-per-node 2 -m lanedet"),
    "slurm": ("SLURM_PROCID", "srun --ntasks 2 lanedet"),
    "mpi": ("OMPI_COMM_WORLD_RANK", "mpirun -n 2 lanedet"),
}
_BY_GLOO = ("pytorch", "slurm")


def start_processes(config: Config) -> None:
    """Join the other processes of a distributed run.

    mmengine's own start calls ``torch.cuda`` in every case, so without a GPU the
    processes are joined here, with Gloo. With GPUs mmengine does it, with NCCL.

    Args:
        config: Its ``launcher`` says how the processes were started, and its
            ``env_cfg.dist_cfg.timeout``, in seconds, how long each waits for the
            others, then and whenever they exchange anything (600).

    Raises:
        ConnectionError: If the others do not come.
        ValueError: If no launcher has started this process, or it needs a GPU.
    """
    launcher = config.get("launcher", "none")
    if launcher == "none" or is_distributed():
        return
    variable, command = _STARTED_BY[launcher]
    if variable not in os.environ:
        starter = command.split()[0]
        raise ValueError(
            f"--launcher {launcher} is for processes that {starter} starts: {command} "
            f"train ... --launcher {launcher}"
        )
    own = (config.get("env_cfg") or {}).get("dist_cfg", {})
    dist_cfg = {"timeout": _TIMEOUT_S, **own}
    atexit.register(_end_processes)  # NCCL warns if nobody does
    try:
        if torch.cuda.is_available():
            # What the runner would do later: who claims the work directory must be
            # known.
            init_dist(launcher, **dist_cfg)
            return
        _join_by_gloo(launcher, timedelta(seconds=dist_cfg["timeout"]))
    except torch.distributed.DistError as error:
        place = ":".join(
            os.environ.get(name, "?") for name in ("MASTER_ADDR", "MASTER_PORT")
        )
        raise ConnectionError(
            f"The {os.environ.get('WORLD_SIZE', '?')} processes of a run must meet at "
            f"{place} within {dist_cfg['timeout']} s, and process "
            f"{os.environ.get('RANK', '?')} met not all of them: {_first_line(error)} "
            "Look whether the others started, and whether they reach this address; "
            "MASTER_ADDR and MASTER_PORT in the environment name another."
        ) from error
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


def _join_by_gloo(launcher: str, timeout: timedelta) -> None:
    if launcher not in _BY_GLOO:
        raise ValueError(
            f"--launcher {launcher} needs CUDA GPUs, and torch sees none. Without a "
            "GPU use torchrun and --launcher pytorch."
        )
    if launcher == "slurm":
        read_slurm_environment()
    torch.distributed.init_process_group("gloo", timeout=timeout)


def read_slurm_environment() -> None:
    """Set what torch reads from what Slurm says, as mmengine does where GPUs are.

    Raises:
        ValueError: If ``scontrol`` does not name the nodes of the job, and
            ``MASTER_ADDR`` names none.
    """
    environment = os.environ
    if "MASTER_ADDR" not in environment:
        nodes = ["scontrol", "show", "hostnames", environment["SLURM_NODELIST"]]
        names = subprocess.run(nodes, capture_output=True, text=True, check=False)
        if names.returncode != 0 or not names.stdout.split():
            raise ValueError(
                f"scontrol must name the nodes {environment['SLURM_NODELIST']}, and "
                f"said: {names.stderr.strip() or 'nothing'}. Name the first of them by "
                "MASTER_ADDR in the environment."
            )
        environment["MASTER_ADDR"] = names.stdout.split()[0]
    environment.setdefault("MASTER_PORT", "29500")
    environment["WORLD_SIZE"] = environment["SLURM_NTASKS"]
    environment["RANK"] = environment["SLURM_PROCID"]
    environment["LOCAL_RANK"] = environment["SLURM_LOCALID"]


@contextmanager
def reported_lost_processes() -> Iterator[None]:
    """Say it in words when another process of a run is gone, or does not answer.

    Raises:
        ConnectionError: In place of what the exchange with it raised. Where Ctrl-C or
            ``kill`` came meanwhile, as torchrun sends it, they go before and have a
            note.
    """
    try:
        yield
    except (RuntimeError, ValueError) as error:
        failed = _failed_exchange(error)
        if failed is None:
            raise
        raise ConnectionError(_lost(failed)) from error
    except (KeyboardInterrupt, SystemExit) as interrupt:
        failed = _failed_exchange(interrupt)
        if failed is not None:
            interrupt.add_note(_lost(failed))
        raise


def _failed_exchange(error: BaseException | None) -> RuntimeError | None:
    """Return the error in what processes exchange that led to another, None if none."""
    while is_distributed() and error is not None:
        # Gloo has no type of its own, but says where in its source it was.
        if isinstance(error, RuntimeError) and (
            isinstance(error, torch.distributed.DistError) or "gloo" in str(error)
        ):
            return error
        error = error.__cause__ or error.__context__
    return None


def _lost(error: RuntimeError) -> str:
    rank, num_processes = get_dist_info()
    return (
        f"Process {rank} of {num_processes}, counted from 0, has lost another one, "
        "which has ended or does not answer. What that one wrote last, or its machine, "
        f"says why; here is known: {_first_line(error)} A training goes on from its "
        "last checkpoint with --resume."
    )


def _first_line(error: BaseException | None) -> str:
    line = str(error).strip().split("\n")[0]
    return line if line.endswith(".") else f"{line}."


def start_worker(
    number: int,
    then: Callable[[int], object] | None,
    *,
    is_of_several: bool = False,
) -> None:
    """Begin a data worker that ends with the process it loads for.

    Ctrl-C is for that process alone, which may need the worker until all processes of
    the run have stopped.

    Args:
        number: Number of the worker, from 0.
        then: What else is to be done when a worker begins.
        is_of_several: Whether the run has several processes. Then ``kill``, which
            torchrun sends to the worker, too, waits likewise.
    """
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if is_of_several:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if then is not None:
        then(number)


def _end_processes() -> None:
    if is_distributed():
        torch.distributed.destroy_process_group()
