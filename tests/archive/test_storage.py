"""Files of a table are whole or not there, wherever they lie."""

import errno
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile

from lanedet.archive.file_version import file_version
from lanedet.archive.listing import list_clips
from lanedet.archive.storage import (
    Storage,
    StorageError,
    StoredFile,
    storage_errors,
    without_password,
)


@pytest.fixture(params=["disk", "store"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    if request.param == "disk":
        yield Storage(f"{tmp_path}/table/")
        return
    yield Storage("memory://test_storage/table")
    fsspec.filesystem("memory").rm("/test_storage", recursive=True)


def test_files_are_written_read_named_and_removed(storage: Storage) -> None:
    assert storage.read("a/1.json") is None
    assert storage.names("a") == []
    storage.remove("a")
    storage.write("a/1.json", b"one")
    storage.write("a/2.json", b"two")
    storage.write("a/1.json", b"new")
    assert storage.read("a/1.json") == b"new"
    assert storage.exists("a/2.json")
    assert storage.names("a") == ["1.json", "2.json"]
    storage.remove("a")
    assert not storage.exists("a/1.json")


def test_what_fails_leaves_what_was_there(storage: Storage) -> None:
    storage.write("a.json", b"old")

    def write() -> None:
        with storage.new_file("a.json") as path:
            path.write_bytes(b"half of a n")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write()
    assert storage.read("a.json") == b"old"
    storage.remove_partial()
    assert [name for name in storage.names() if name != "_work"] == ["a.json"]


def test_a_file_is_created_once(storage: Storage) -> None:
    storage.write("other", b"")
    storage.create("lock", b"mine")
    with pytest.raises(FileExistsError):
        storage.create("lock", b"yours")
    assert storage.read("lock") == b"mine"


def test_a_folder_on_a_disk_is_known_as_such(tmp_path: Path) -> None:
    assert Storage(str(tmp_path)).folder == tmp_path
    assert Storage("memory://x").folder is None


def test_passwords_are_not_shown() -> None:
    assert without_password("ftp://me:se@cret@host/a@b") == "ftp://host/a@b"
    assert without_password("/clips/a@b.mp4") == "/clips/a@b.mp4"


@pytest.mark.parametrize(
    "module", ["botocore.exceptions", "gcsfs.retry", "aiohttp.client_exceptions"]
)
def test_errors_of_clients_say_what_to_check(module: str) -> None:
    refusal = type("ClientError", (Exception,), {"__module__": module})
    own = type("OwnError", (refusal,), {})  # as a client that stands on another has
    for kind in (refusal, own):
        with (
            pytest.raises(StorageError, match="'s3://b' cannot be used: no such host"),
            storage_errors("s3://me:key@b"),
        ):
            raise kind("no such host.")


def test_errors_of_a_disk_stay_what_they_are() -> None:
    with pytest.raises(FileNotFoundError), storage_errors("s3://b"):
        raise FileNotFoundError("b/clip.mp4")
    with pytest.raises(OSError, match="No space"), storage_errors("/table"):
        raise OSError(errno.ENOSPC, "No space left on device", "/table/a")


@pytest.mark.parametrize(
    "error", [TypeError("no such argument"), KeyError("key"), ValueError("value")]
)
def test_errors_of_the_program_are_not_the_store_s(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, storage_errors("s3://b"):
        raise error
    assert caught.value is error


def test_real_clients_raise_what_counts_as_theirs() -> None:
    exceptions = pytest.importorskip("botocore.exceptions")
    for error in (
        exceptions.NoCredentialsError(),
        exceptions.EndpointConnectionError(endpoint_url="http://h"),
        exceptions.ClientError({"Error": {"Message": "no"}}, "HeadObject"),
        exceptions.ParamValidationError(report="bucket"),
    ):
        with pytest.raises(StorageError, match="cannot be used"), storage_errors("s3:"):
            raise error


def test_what_a_store_s_client_lacks_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValueError("unable to connect without an account.")

    memory = "fsspec.implementations.memory.MemoryFileSystem._strip_protocol"
    monkeypatch.setattr(memory, refuse)
    with pytest.raises(StorageError, match="cannot be used: unable to connect"):
        Storage("memory://x")


def test_a_stored_file_reads_as_one_on_a_disk() -> None:
    store = fsspec.filesystem("memory")
    store.pipe_file("/test_stored/a.bin", bytes(range(200)))
    try:
        file = StoredFile("memory://test_stored/a.bin", stall_s=5)
        assert file.read(3) == b"\x00\x01\x02"
        assert file.seek(-2, 2) == 198
        assert file.read() == bytes([198, 199])
        assert file.tell() == 200
        file.close()
        with pytest.raises(FileNotFoundError):
            StoredFile("memory://test_stored/none.bin", stall_s=5)
    finally:
        store.rm("/test_stored", recursive=True)


@pytest.fixture
def silent_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A store that takes connections and never answers; give a URL in it."""
    pytest.importorskip("s3fs")
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            monkeypatch.setenv(name, value)
        yield "s3://fleet/clips"


@pytest.mark.parametrize("ask", [Storage, StoredFile, file_version, list_clips])
def test_a_store_that_never_answers_is_not_waited_for(
    silent_s3: str, ask: Callable[[str, float], object]
) -> None:
    begin = time.monotonic()
    with pytest.raises(StorageError, match=r"'s3://fleet/clips' must answer within 0"):
        ask(silent_s3, 0.2)
    assert time.monotonic() - begin < 30  # its client alone tries for 14 minutes


def test_a_store_that_stalls_is_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = fsspec.filesystem("memory")
    store.pipe_file("/test_stall/a.bin", b"abc")
    try:
        file = StoredFile("memory://test_stall/a.bin", stall_s=0.05)
        monkeypatch.setattr(MemoryFile, "read", lambda *_: time.sleep(0.5))
        begin = time.monotonic()
        with pytest.raises(StorageError, match=r"answer within 0\.05 s, and the store"):
            file.read(1)
        assert time.monotonic() - begin < 0.45
    finally:
        store.rm("/test_stall", recursive=True)
