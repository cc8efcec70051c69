"""One run at a time writes a table."""

import json
from collections.abc import Iterator
from pathlib import Path
from time import time

import fsspec
import pytest

from lanedet.archive import claim
from lanedet.archive.claim import claim_table
from lanedet.archive.storage import Storage, StorageError
from lanedet.files import ClaimedError


@pytest.fixture
def store() -> Iterator[Storage]:
    storage = Storage("memory://test_claim/table")
    storage.write("table.json", b"{}")
    yield storage
    fsspec.filesystem("memory").rm("/test_claim", recursive=True)


def test_a_second_run_is_refused_on_a_disk(tmp_path: Path) -> None:
    storage = Storage(str(tmp_path / "table"))
    with (
        claim_table(storage),
        pytest.raises(ClaimedError, match="Only one process at a time"),
        claim_table(storage),
    ):
        pass
    with claim_table(storage):
        pass


def test_a_second_run_is_refused_in_a_store(store: Storage) -> None:
    with claim_table(store):
        with (
            pytest.raises(ClaimedError, match=r"Only one run at a time.*process \d+"),
            claim_table(store),
        ):
            pass
        assert store.exists("_lock.json")
    assert not store.exists("_lock.json")


def test_the_claim_of_a_run_that_was_killed_in_a_store_ends(store: Storage) -> None:
    dead = {"holder": "x", "host": "h", "process": 1, "time": time() - 100}
    store.write("_lock.json", json.dumps(dead).encode())
    with pytest.raises(ClaimedError, match="heard of 100 s ago"), claim_table(store):
        pass
    store.write("_lock.json", json.dumps(dead | {"time": time() - 121}).encode())
    with claim_table(store, settle_s=0.0):
        assert json.loads(store.read("_lock.json") or b"")["holder"] != "x"


def test_of_two_that_take_a_dead_one_s_table_at_once_one_has_it(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write("_lock.json", json.dumps({"holder": "x", "time": 0.0}).encode())
    other = json.dumps({"holder": "y", "time": time()}).encode()
    monkeypatch.setattr(claim, "sleep", lambda _: store.write("_lock.json", other))
    with pytest.raises(ClaimedError, match="has just begun to"), claim_table(store):
        pass
    assert store.read("_lock.json") == other


def test_a_lock_that_is_damaged_counts_for_nothing(store: Storage) -> None:
    store.write("_lock.json", b"{")
    with claim_table(store, settle_s=0.0):
        assert store.exists("_lock.json")


def test_a_run_that_slept_leaves_the_table_to_who_took_it(store: Storage) -> None:
    with claim_table(store, refresh_s=0.01) as check:
        check()
        other = json.dumps({"holder": "x", "time": time()}).encode()

        def take() -> None:
            limit = time() + 10
            while time() < limit:  # a renewal may be under way
                store.write("_lock.json", other)
                check()

        with pytest.raises(ClaimedError, match="another one has taken it while"):
            take()
        assert store.read("_lock.json") == other
    assert store.read("_lock.json") == other


def test_a_run_that_wakes_up_looks_before_it_writes(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claim_table(store) as check:  # which is renewed in 20 s only
        begin_s = time()
        store.write("_lock.json", b'{"holder": "x"}')
        check()
        monkeypatch.setattr(claim, "time", lambda: begin_s + 121)
        with pytest.raises(ClaimedError, match="another one has taken it while"):
            check()


def test_a_claim_that_cannot_be_let_go_of_is_no_error(
    store: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with claim_table(store):

        def refuse(*_: object) -> None:
            raise StorageError("Forbidden")

        monkeypatch.setattr(Storage, "remove", refuse)
    assert store.exists("_lock.json")
