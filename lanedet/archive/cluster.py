"""A cluster to work on: Ray on this computer, or one that is there."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from lanedet.archive.engine_host import HostedEngine
from lanedet.archive.job import ArchiveJob
from lanedet.archive.ray_engine import share_gpus
from lanedet.archive.run import Engine
from lanedet.runtime import needs_extra, num_usable_cores

_OBJECT_STORE = 200 << 20  # bytes; what goes through it are names and reports
# What Ray started here does without, unless the environment says otherwise: statistics
# of its own work for a Prometheus that nobody runs beside it, and its log files looked
# for ten times a second, of which nothing is shown.
_FRUGAL = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_event_stats": "0",
    "RAY_LOG_MONITOR_MANY_FILES_THRESHOLD": "0",
}
_NO_TASK_EVENTS = {"RAY_task_events_report_interval_ms": "0"}  # the dashboard's list
_MOST_PER_CORE = 4  # workers on this computer: each has half a gigabyte
_CLIENT = "ray://"  # how addresses begin that reach a cluster from outside
_PATIENCE_S = 10.0  # for a cluster's first answer; Ray itself would try for minutes


@contextmanager
def ray_engine(
    job: ArchiveJob,
    *,
    address: str | None = None,
    num_workers: int | None = None,
    dashboard: bool = True,
    tell: Callable[[str], object] = print,
) -> Iterator[Engine]:
    """Give workers on Ray, and let go of them at the end.

    Args:
        job: What they do.
        address: Of a cluster, such as ``10.0.0.1:6379`` or ``ray://10.0.0.1:10001``, or
            ``auto``; if not given, Ray is started on this computer and ends with the
            block.
        num_workers: How many, each with a core; as many as there are cores if not
            given.
        dashboard: Whether Ray, where it is started, serves its page of figures.
        tell: Gets lines for the user.

    Raises:
        ValueError: If Ray is not installed, ``num_workers`` is below 1 or above four
            for each core of this computer, or the cluster has fewer cores.
        ConnectionError: If there is no such cluster.
    """
    if num_workers is not None and num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {num_workers}.")
    if address is None and (num_workers or 0) > _MOST_PER_CORE * num_usable_cores():
        raise ValueError(
            f"Each worker needs a core, and this computer has {num_usable_cores()} for "
            f"{num_workers}. Ask for fewer with --workers."
        )
    with needs_extra("An archive", "ray"):
        import ray
        import ray.util.scheduling_strategies
    with _same_end():
        context = _connect(ray, address, num_workers, dashboard)
    try:
        cores = int(ray.cluster_resources().get("CPU", 0))
        number = cores if num_workers is None else num_workers
        if not 1 <= number <= cores:
            raise ValueError(
                f"Each worker needs a core, and the cluster has {cores} for "
                f"{max(1, number)}. Ask for fewer with --workers."
            )
        resources = (node["Resources"] for node in ray.nodes() if node["Alive"])
        nodes = [each for each in resources if each.get("CPU")]
        job, gpus = share_gpus(job, nodes, number, tell)
        url = getattr(context, "dashboard_url", None)
        if url:
            tell(f"Ray's dashboard: http://{url}")
        yield HostedEngine(job, number, gpus)
    finally:
        ray.shutdown()


def _connect(
    ray: Any, address: str | None, num_workers: int | None, dashboard: bool
) -> Any:
    options: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
    if address is not None:
        check_address(address)
        try:
            return ray.init(address, **options)
        except ConnectionError as error:
            raise _no_cluster(address) from error
    # Else it would join a cluster that happens to be there, and tell its makers of it.
    os.environ.pop("RAY_ADDRESS", None)
    for name, value in (_FRUGAL if dashboard else _FRUGAL | _NO_TASK_EVENTS).items():
        os.environ.setdefault(name, value)
    try:
        return ray.init(
            address="local",
            num_cpus=max(num_usable_cores(), num_workers or 1),
            object_store_memory=_OBJECT_STORE,
            include_dashboard=dashboard,
            **options,
        )
    except Exception as error:  # Ray has no class of its own for what fails here
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        raise ConnectionError(
            f"Ray must start on this computer, and does not: {last} Try again when "
            "less is running, or with --no-dashboard."
        ) from error


def check_address(address: str, patience_s: float = _PATIENCE_S) -> None:
    """Check that something answers where a cluster is said to be.

    A cluster that starts answers its clients last, so it is asked again.

    Args:
        address: ``HOST:PORT``, ``ray://HOST:PORT``, or ``auto``, where nothing is
            checked: Ray knows what runs on this computer.
        patience_s: How long it is asked, in seconds.

    Raises:
        ConnectionError: If nothing answers.
        ValueError: If it is no address.
    """
    if address == "auto":
        return
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(
            "The address of a cluster must be HOST:PORT, ray://HOST:PORT or auto, got "
            f"{address!r}."
        )
    end_s = monotonic() + patience_s
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), patience_s).close()
            return
        except (OSError, OverflowError) as error:
            if monotonic() >= end_s:
                raise _no_cluster(address) from error
        sleep(0.2)


def _no_cluster(address: str) -> ConnectionError:
    return ConnectionError(
        f"There must be a Ray cluster at {address!r}, and none answers. Start one with "
        "ray start --head. If it asks for a token, set RAY_AUTH_MODE=token."
    )


@contextmanager
def _same_end() -> Iterator[None]:
    """Let ``kill`` do after the block what it did before, and not what Ray makes of it.

    Ray's handlers print a trace of its C++, or end the run without a word.
    """
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        is_main = threading.current_thread() is threading.main_thread()
        if is_main and handler is not None:
            signal.signal(signal.SIGTERM, handler)
