"""Archives on real Ray: on one computer, on two nodes, with workers that are killed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import av
import pyarrow.parquet as pq
import pytest
from clips import write_clip

pytestmark = pytest.mark.slow

NUM_TINY = int(os.environ.get("LANEDET_TESTS_TINY_CLIPS", "10000"))
REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = {
    **os.environ,
    "OMP_NUM_THREADS": "1",
    "RAY_worker_niceness": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
}


def command(*args: Path | str) -> list[str]:
    return [sys.executable, "-m", "lanedet", "archive", *map(str, args)]


def run(*args: Path | str, status: int = 0, **environment: str) -> str:
    """Run the command; return what it says."""
    done = subprocess.run(
        command(*args),
        cwd=REPOSITORY,
        env=ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=3600,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def rows_of(table: Path) -> dict[str, dict[str, list[object]]]:
    """Return the lanes of each partition, row for row."""
    return {
        path.parent.name: pq.read_table(path, partitioning=None).to_pydict()
        for path in sorted(table.glob("lanes/*/lanes.parquet"))
    }


def manifest_of(table: Path) -> list[dict[str, object]]:
    rows = pq.read_table(table / "manifest").to_pylist()
    return sorted(rows, key=lambda row: str(row["clip"]))


def processes_below(parent: int) -> dict[int, str]:
    """Return the processes that a process has started, and theirs, with their names."""
    children: dict[int, list[int]] = {}
    names: dict[int, str] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
            name = (folder / "cmdline").read_text().replace("\0", " ").strip()
        except OSError:
            continue
        number = int(folder.name)
        names[number] = name
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(number)
    found, waiting = {}, [parent]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found[child] = names[child]
            waiting.append(child)
    return found


def memory_of(process: int) -> int:
    """Return the memory of a process that it shares with none, in bytes."""
    try:
        text = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0
    return 1024 * sum(
        int(line.split()[1]) for line in text.splitlines() if "Private" in line
    )


@pytest.fixture(scope="module")
def drives(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six clips of generated drives, 160x90, one of them longer than a stretch."""
    from lanedet.simulation.drive import Drive

    folder = tmp_path_factory.mktemp("archive") / "drives"
    folder.mkdir()
    for seed in range(6):
        with av.open(str(folder / f"drive {seed}.mp4"), "w") as container:
            stream = container.add_stream("libx264", rate=25)
            stream.height, stream.width = 90, 160
            stream.pix_fmt = "yuv420p"
            stream.codec_context.gop_size = 10
            for image, _ in Drive(seed, 90 if seed == 3 else 10, 25.0, (90, 160)):
                frame = av.VideoFrame.from_ndarray(image, format="rgb24")
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    return folder


@pytest.fixture(scope="module")
def undisturbed(drives: Path) -> Path:
    """The table of the drives, made by one worker without a cut."""
    table = drives.parent / "undisturbed"
    run(drives, "--out", table, "--workers", "1", "--no-dashboard")
    assert len(rows_of(table)) == 6
    return table


def test_two_workers_and_cuts_change_no_row(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table"
    arguments = (drives, "--out", table, "--workers", "2", "--stretch", "1")
    said = run(*arguments)
    assert "Ray's dashboard: http://127.0.0.1:" in said
    assert "6 of 6 clips added" in said
    assert "core_worker" not in said  # nothing between the lines of the progress bar
    assert rows_of(table) == rows_of(undisturbed)
    assert manifest_of(table) == manifest_of(undisturbed)
    assert not (table / "_work").exists()


def test_workers_killed_at_ten_random_moments_change_no_row(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table"
    running = subprocess.Popen(
        command(
            *(drives, "--out", table, "--workers", "2", "--stretch", "1"),
            *("--tries", "100", "--no-dashboard"),
        ),
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    rng = random.Random(0)
    killed = 0
    while running.poll() is None:
        time.sleep(rng.uniform(0, 2))
        workers = [
            number
            for number, name in processes_below(running.pid).items()
            if name.startswith("ray::MapWorker")
        ]
        if not workers or killed == 10:
            continue
        try:
            os.kill(rng.choice(workers), signal.SIGKILL)
            killed += 1
        except ProcessLookupError:
            continue
    assert running.stderr is not None
    assert running.returncode == 0, running.stderr.read()
    assert killed == 10
    assert rows_of(table) == rows_of(undisturbed)
    assert manifest_of(table) == manifest_of(undisturbed)


def test_a_run_that_is_killed_is_gone_on_with(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table"
    arguments = (drives, "--out", table, "--stretch", "1", "--no-dashboard")
    running = subprocess.Popen(
        command(*arguments), cwd=REPOSITORY, env=ENVIRONMENT, start_new_session=True
    )
    while not rows_of(table):
        assert running.poll() is None
        time.sleep(0.1)
    for number in (running.pid, *processes_below(running.pid)):
        os.kill(number, signal.SIGKILL)
    running.wait()
    before = {path: path.stat().st_mtime_ns for path in table.glob("lanes/*/*")}
    assert before
    run(*arguments)
    assert all(path.stat().st_mtime_ns == then for path, then in before.items())
    assert rows_of(table) == rows_of(undisturbed)
    assert manifest_of(table) == manifest_of(undisturbed)


def test_the_death_of_what_is_no_worker_ends_a_run_with_a_word(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    table = tmp_path / "table"
    arguments = (drives, "--out", table, "--workers", "1", "--no-dashboard")
    process = subprocess.Popen(
        command(*arguments),
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    limit = time.monotonic() + 120
    while True:
        processes = processes_below(process.pid)
        found = [
            number
            for number, title in processes.items()
            if title.startswith("ray::EngineHost")
        ]
        if found and any("MapWorker" in title for title in processes.values()):
            break
        assert time.monotonic() < limit
        time.sleep(0.05)
    os.kill(found[0], signal.SIGKILL)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "error: The process that hands out the work must live as long as" in said
    assert "of 6 clips are in the table. The same command goes on from there" in said
    assert "Traceback" not in said
    run(*arguments)
    assert rows_of(table) == rows_of(undisturbed)


def test_kill_ends_a_run_with_a_word(drives: Path, tmp_path: Path) -> None:
    table = tmp_path / "table"
    running = subprocess.Popen(
        command(drives, "--out", table, "--workers", "1", "--no-dashboard"),
        cwd=REPOSITORY,
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not rows_of(table):
        assert running.poll() is None
        time.sleep(0.1)
    running.terminate()
    _, said = running.communicate(timeout=60)
    assert running.returncode == 143
    assert said.splitlines()[-2] == "terminated"
    assert "The same command goes on from there." in said.splitlines()[-1]


@contextmanager
def two_nodes() -> Iterator[tuple[str, str]]:
    """Start two nodes on this computer as docs/archive.md does; give both addresses."""
    ray = str(Path(sys.executable).with_name("ray"))
    own = ["--num-cpus", "1", "--object-store-memory", "100000000", "--block"]
    head = ["--head", "--port", "6391", "--ray-client-server-port", "6392"]
    nodes: list[subprocess.Popen[bytes]] = []
    try:
        for options in (
            [*head, "--include-dashboard", "false"],
            ["--address", "127.0.0.1:6391"],
        ):
            nodes.append(
                subprocess.Popen([ray, "start", *options, *own], env=ENVIRONMENT)
            )
            _wait_for_nodes(len(nodes))
        yield "127.0.0.1:6391", "ray://127.0.0.1:6392"
    finally:
        for node in reversed(nodes):
            below = processes_below(node.pid)
            node.terminate()
            node.wait(60)
            for number in below:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)


def _wait_for_nodes(number: int) -> None:
    code = (
        "import ray, sys; ray.init('127.0.0.1:6391', logging_level='error'); "
        f"sys.exit(ray.cluster_resources().get('CPU', 0) != {number})"
    )
    for _ in range(20):
        asked = subprocess.run([sys.executable, "-c", code], env=ENVIRONMENT)
        if not asked.returncode:
            return
        time.sleep(3)
    raise TimeoutError(f"There must be {number} nodes by now.")


@pytest.mark.parametrize("is_client", [False, True])
def test_two_nodes_make_the_same_table(
    drives: Path, undisturbed: Path, tmp_path: Path, is_client: bool
) -> None:
    table = tmp_path / "table"
    with two_nodes() as addresses:
        address = addresses[is_client]
        said = run(
            *(drives, "--out", table, "--address", address, "--workers", "2"),
            *("--stretch", "1"),
        )
        refused = run(
            *(drives, "--out", tmp_path / "other", "--address", address),
            *("--workers", "3"),
            status=1,
        )
    assert "6 of 6 clips added" in said
    assert "needs a core, and the cluster has 2 for 3" in refused
    assert rows_of(table) == rows_of(undisturbed)
    assert manifest_of(table) == manifest_of(undisturbed)


def test_a_clip_that_kills_its_workers_is_set_aside(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    # Python runs this module first: a process ends where it puts that clip's lanes.
    (tmp_path / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def end(event, arguments):\n"
        "    if event == 'os.mkdir' and 'clip=drive%204' in str(arguments[0]):\n"
        "        os.kill(os.getpid(), 9)\n"
        "sys.addaudithook(end)\n"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.getenv("PYTHONPATH")])])
    table = tmp_path / "table"
    arguments = (drives, "--out", table, "--no-dashboard")
    said = run(*arguments, "--tries", "2", status=1, PYTHONPATH=path)
    assert "'drive 4.mp4' has killed the workers that read it, 2 times" in said
    rows = {row["clip"]: row for row in manifest_of(table)}
    assert [name for name, row in rows.items() if row["state"] != "done"] == [
        "drive 4.mp4"
    ]
    assert len(rows_of(table)) == 5
    run(*arguments)
    assert rows_of(table) == rows_of(undisturbed)
    assert manifest_of(table) == manifest_of(undisturbed)


def test_a_table_in_s3_is_the_same(
    drives: Path, undisturbed: Path, tmp_path: Path
) -> None:
    moto_server = pytest.importorskip("moto.server")
    s3fs = pytest.importorskip("s3fs")
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    keys = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        store = s3fs.S3FileSystem(
            key="key", secret="secret", endpoint_url=keys["AWS_ENDPOINT_URL"]
        )
        store.mkdir("fleet")
        store.put(str(drives), "fleet/drives", recursive=True)
        arguments = ("s3://fleet/drives", "--out", "s3://fleet/table", "--workers", "1")
        said = run(*arguments, "--stretch", "1", "--no-dashboard", **keys)
        assert "6 of 6 clips added" in said
        assert "6 clips, 0.00 h, 140 frames" in run(
            "--summary", "s3://fleet/table", **keys
        )
        store.invalidate_cache()
        store.get("fleet/table", str(tmp_path / "table"), recursive=True)
        said = run("s3://nowhere/drives", "--out", tmp_path / "t", status=1, **keys)
        assert "s3://nowhere/drives" in said
    finally:
        server.stop()
    assert rows_of(tmp_path / "table") == rows_of(undisturbed)
    in_store, on_disk = manifest_of(tmp_path / "table"), manifest_of(undisturbed)
    for row in in_store:
        row["url"] = str(row["url"]).replace("s3://fleet/drives", str(drives))
        assert str(row.pop("file_version")).startswith("etag ")
    for row in on_disk:
        assert str(row.pop("file_version")).startswith("mtime ")
    assert in_store == on_disk
    assert not (tmp_path / "table" / "_lock.json").exists()


def test_credentials_that_fail_are_told_before_any_work(tmp_path: Path) -> None:
    pytest.importorskip("s3fs")
    none = {
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
        "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    }
    said = run("s3://fleet/drives", "--out", tmp_path / "t", status=1, **none)
    assert "'s3://fleet/drives' cannot be used" in said
    assert "credentials" in said
    assert not (tmp_path / "t").exists()


def test_ten_thousand_tiny_clips_take_no_more_memory(
    small_weights: bytes, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path, num_frames=2)
    folder, table = tmp_path / "clips", tmp_path / "table"
    for number in range(NUM_TINY):
        path = folder / f"{number % 100:02d}" / f"{number:05d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.hardlink_to(clip)
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(small_weights)
    running = subprocess.Popen(
        command(
            *(folder, "--out", table, "--weights", weights, "--no-dashboard"),
            *("--workers", "2"),
        ),
        cwd=REPOSITORY,
        env=ENVIRONMENT,
    )
    seen: list[tuple[int, int, int]] = []
    while running.poll() is None:
        time.sleep(1)
        number = len(list((table / "lanes").glob("*"))) if table.exists() else 0
        workers = [
            memory_of(process)
            for process, name in processes_below(running.pid).items()
            if name.startswith("ray::MapWorker")
        ]
        seen.append((number, memory_of(running.pid), max(workers, default=0)))
    assert running.returncode == 0
    (tmp_path / "memory.json").write_text(json.dumps(seen))
    rows = manifest_of(table)
    assert len(rows) == NUM_TINY
    assert {row["state"] for row in rows} == {"done"}
    assert {row["frames"] for row in rows} == {2}
    assert len({row["clip"] for row in rows}) == NUM_TINY
    quarter, rest = [], []
    for number, *memory in seen:
        if number > NUM_TINY // 10:
            (quarter if number < NUM_TINY // 3 else rest).append(memory)
    for which in (0, 1):  # the run itself, and its workers
        early = max(memory[which] for memory in quarter)
        late = max(memory[which] for memory in rest)
        assert late < early * 1.1 + 30e6, (early, late)
