"""A table that one run at a time may write to."""

import json
import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import sleep, time
from typing import Any

from lanedet.archive.layout import LOCK
from lanedet.archive.storage import Storage
from lanedet.files import ClaimedError, claim_folder

_STALE_S = 120.0  # since a holder last said that it is there


@contextmanager
def claim_table(
    storage: Storage, *, refresh_s: float = 20.0, settle_s: float = 2.0
) -> Iterator[Callable[[], None]]:
    """Hold a table against other runs.

    On a disk the claim ends with the process, however that ends. In an object store a
    file says who holds the table and is renewed; one that is older than two minutes, by
    this computer's clock, counts for nothing.

    Args:
        storage: Folder of the table, which is made where there is none.
        refresh_s: Seconds after which the claim in a store is renewed.
        settle_s: Seconds to wait after a dead one's claim in a store was taken: of two
            that take it at once the later one has it.

    Yields:
        A function that raises ClaimedError if the claim is lost: another run has taken
        the table while this one slept or could not reach the store for two minutes.

    Raises:
        ClaimedError: If another run holds it.
        OSError: If it cannot be written.
    """
    if storage.folder is not None:
        with claim_folder(storage.folder):
            yield lambda: None
        return
    claim = _StoredClaim(storage, settle_s)
    with claim.renewed(refresh_s):
        yield claim.check


class _StoredClaim:
    """The claim of this run on a table in an object store.

    Raises:
        ClaimedError: If another run holds the table.
        StorageError: If the store cannot be used.
    """

    def __init__(self, storage: Storage, settle_s: float) -> None:
        self._storage, self._holder = storage, secrets.token_hex(8)
        self._ended, self._lost = threading.Event(), threading.Event()
        self._told_s = time()
        _take(storage, self._holder, settle_s)

    @contextmanager
    def renewed(self, refresh_s: float) -> Iterator[None]:
        """Renew the claim while the block runs, then let go of it."""
        renewing = threading.Thread(
            target=self._renew_often, args=(refresh_s,), daemon=True
        )
        renewing.start()
        try:
            yield
        finally:
            self._ended.set()
            renewing.join()
            with suppress(OSError):  # it ends by itself, and the run is what counts
                if _read(self._storage).get("holder") == self._holder:
                    self._storage.remove(LOCK)

    def check(self) -> None:
        """Raise ClaimedError if another run has taken the table."""
        # Right after a sleep nobody has looked yet.
        if not self._lost.is_set() and time() - self._told_s > _STALE_S:
            self._renew()
        if self._lost.is_set():
            raise ClaimedError(
                f"Only one run at a time may write {self._storage.shown!r}, and "
                "another one has taken it while this one slept or could not reach it. "
                "Wait until that one is done."
            )

    def _renew_often(self, refresh_s: float) -> None:
        while not self._ended.wait(refresh_s) and not self._lost.is_set():
            with suppress(OSError):  # the next time, or never; the run will notice
                self._renew()

    def _renew(self) -> None:
        now_s = time()
        if _read(self._storage).get("holder", self._holder) != self._holder:
            self._lost.set()
            return
        self._storage.write(LOCK, _content(self._holder))
        self._told_s = now_s


def _take(storage: Storage, holder: str, settle_s: float) -> None:
    try:
        storage.create(LOCK, _content(holder))
        return
    except FileExistsError:
        other = _read(storage)
    age_s = time() - other.get("time", 0.0)
    if age_s < _STALE_S:
        raise ClaimedError(
            f"Only one run at a time may write {storage.shown!r}, and process "
            f"{other.get('process')} on {other.get('host')} does, heard of "
            f"{max(0.0, age_s):.0f} s ago. Wait until it is done, or choose another "
            f"table. If it was killed, its claim ends after {_STALE_S:.0f} s."
        )
    storage.write(LOCK, _content(holder))
    sleep(settle_s)
    if _read(storage).get("holder") != holder:  # another took it at this moment
        raise ClaimedError(
            f"Only one run at a time may write {storage.shown!r}, and another one has "
            "just begun to. Wait until it is done, or choose another table."
        )


def _content(holder: str) -> bytes:
    return json.dumps(
        {
            "holder": holder,
            "host": platform.node(),
            "process": os.getpid(),
            "time": time(),
        }
    ).encode()


def _read(storage: Storage) -> dict[str, Any]:
    content = storage.read(LOCK)
    try:
        values = json.loads(content or b"{}")
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}
