"""A table that one run at a time may write to."""

import json
import os
import platform
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import time
from typing import Any

from lanedet.archive.layout import LOCK
from lanedet.archive.storage import Storage
from lanedet.files import ClaimedError, claim_folder

_REFRESH_S = 20.0
_STALE_S = 120.0  # since a holder last said that it is there


@contextmanager
def claim_table(storage: Storage) -> Iterator[Callable[[], None]]:
    """Hold a table against other runs.

    On a disk the claim ends with the process, however that ends. In an object store a
    file says who holds the table and is renewed every 20 s; one that is older than two
    minutes, by this computer's clock, counts for nothing.

    Args:
        storage: Folder of the table, which is made where there is none.

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
    holder = secrets.token_hex(8)
    _take(storage, holder)
    ended, lost = threading.Event(), threading.Event()
    refreshing = threading.Thread(
        target=_refresh, args=(storage, holder, ended, lost), daemon=True
    )
    refreshing.start()

    def check() -> None:
        if lost.is_set():
            raise ClaimedError(
                f"Only one run at a time may write {storage.shown!r}, and another one "
                "has taken it while this one slept or could not reach it. Wait until "
                "that one is done."
            )

    try:
        yield check
    finally:
        ended.set()
        refreshing.join()
        if _read(storage).get("holder") == holder:
            storage.remove(LOCK)


def _take(storage: Storage, holder: str) -> None:
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
    if _read(storage).get("holder") != holder:  # another took it at this moment
        raise ClaimedError(
            f"Only one run at a time may write {storage.shown!r}, and another one has "
            "just begun to. Wait until it is done, or choose another table."
        )


def _refresh(
    storage: Storage, holder: str, ended: threading.Event, lost: threading.Event
) -> None:
    while not ended.wait(_REFRESH_S):
        try:
            if _read(storage).get("holder", holder) != holder:
                lost.set()
                return
            storage.write(LOCK, _content(holder))
        except OSError:  # the next time, or never; the run itself will notice
            continue


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
