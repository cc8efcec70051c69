"""Functions run in several processes that have joined as those of one run."""

import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable, Collection
from multiprocessing.connection import Connection
from typing import Any

import torch
from mmengine.config import Config

from lanedet.engine.processes import start_processes


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def run_processes(
    work: Callable[..., Any],
    *args: Any,
    num_processes: int = 2,
    killed: Collection[int] = (),
    timeout: float = 120,
) -> list[Any]:
    """Return what ``work(rank, *args)`` returns in each of several processes.

    They are forked, so that ``work`` may be any function, and nothing is imported anew.
    Those that are ``killed`` in the midst of it return nothing.

    Raises:
        AssertionError: If one of them raises anything, or takes longer than
            ``timeout`` seconds; with what it raised.
    """
    context = multiprocessing.get_context("fork")
    port = free_port()
    pipes = [context.Pipe(duplex=False) for _ in range(num_processes)]
    processes = [
        context.Process(
            target=_join_and_run,
            args=(rank, num_processes, port, pipe[1], work, args),
            daemon=True,
        )
        for rank, pipe in enumerate(pipes)
    ]
    for process in processes:
        process.start()
    try:
        answers = [
            _received(pipe[0], timeout)
            for rank, pipe in enumerate(pipes)
            if rank not in killed
        ]
    finally:
        for process in processes:
            process.kill()
            process.join()
    problems = [problem for problem, _ in answers if problem is not None]
    assert not problems, "\n".join(problems)
    return [result for _, result in answers]


def _received(pipe: Connection, timeout: float) -> tuple[str | None, Any]:
    """Return what went wrong in a process, if anything, and what it returned."""
    if not pipe.poll(timeout):
        return f"A process has not answered within {timeout} s.", None
    problem, result = pipe.recv()
    return problem, result


def _join_and_run(
    rank: int,
    num_processes: int,
    port: int,
    pipe: Connection,
    work: Callable[..., Any],
    args: tuple[Any, ...],
) -> None:
    torch.set_num_threads(1)  # the threads of OpenMP have stayed in the parent
    os.environ |= {
        "RANK": str(rank),
        "LOCAL_RANK": str(rank),
        "WORLD_SIZE": str(num_processes),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
    }
    try:
        start_processes(Config({"launcher": "pytorch"}))
        pipe.send((None, work(rank, *args)))
    except BaseException:
        pipe.send((traceback.format_exc(), None))
        return
    torch.distributed.barrier()  # whoever leaves first would be missed
