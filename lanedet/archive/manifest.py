"""The rows of all clips, in files that are whole at every moment."""

import secrets
from time import monotonic

import pyarrow as pa
import pyarrow.parquet as pq

from lanedet.archive.layout import MANIFEST_FOLDER, digest_of
from lanedet.archive.listing import Clip
from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.schema import MANIFEST
from lanedet.archive.storage import Storage

_FAILED = f"{MANIFEST_FOLDER}/failed.parquet"
_MOST_ROWS = 500  # of a file
_LEAST_WAIT_S = 10.0
_WAIT_SHARE = 0.02  # of the time so far: else long runs would write thousands of files


class Manifest:
    """The manifest of a table that one run adds to.

    Clips that are done are in files that never change; those that failed are in one
    that is replaced, so that a clip that failed and then was done has one row.

    Args:
        storage: Folder of the table.

    Raises:
        StorageError: If it cannot be read.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._run = secrets.token_hex(4)
        self._num_files = 0
        self._begin_s = self._flushed_s = monotonic()
        self._rows: list[ManifestRow] = []
        self._done: dict[bytes, bytes] = {}  # where each clip was read, by the clip
        self._failed: dict[str, ManifestRow] = {}
        for name in storage.names(MANIFEST_FOLDER):
            if name.endswith(".parquet"):  # readers of tables leave marks beside
                self._read(f"{MANIFEST_FOLDER}/{name}")

    def __contains__(self, clip: str) -> bool:
        """Whether a clip is in the table."""
        return _key(clip) in self._done

    def is_of(self, clip: Clip) -> bool:
        """Whether a clip that is in the table was read where this one lies."""
        return self._done.get(_key(clip.name)) == _key(clip.shown_url)

    @property
    def failed(self) -> list[ManifestRow]:
        """The clips that failed."""
        return list(self._failed.values())

    def add(self, row: ManifestRow) -> bool:
        """Add the row of a clip, to be written soon.

        Returns:
            Whether it is new: not where a clip was done before.
        """
        if row.clip in self:
            return False
        if row.is_done:
            self._done[_key(row.clip)] = _key(row.url)
            self._rows.append(row)
            self._failed.pop(row.clip, None)
        else:
            is_new = row.clip not in self._failed
            self._failed[row.clip] = row
            return is_new
        return True

    def flush_now_and_then(self) -> None:
        """Write the rows if there are many, or it was some time ago."""
        now_s = monotonic()
        wait_s = max(_LEAST_WAIT_S, _WAIT_SHARE * (now_s - self._begin_s))
        if len(self._rows) >= _MOST_ROWS or now_s - self._flushed_s > wait_s:
            self.flush()

    def flush(self) -> None:
        """Write the rows that are not written yet.

        Raises:
            OSError: If they cannot be written.
        """
        self._flushed_s = monotonic()
        # First who failed: killed here, a clip has no row, and never two.
        if self._failed:
            self._write(_FAILED, self.failed)
        else:
            self._storage.remove(_FAILED)
        if self._rows:
            name = f"{MANIFEST_FOLDER}/{self._run}-{self._num_files:05d}.parquet"
            self._write(name, self._rows)
            self._num_files += 1
            self._rows = []

    def _write(self, name: str, rows: list[ManifestRow]) -> None:
        table = pa.Table.from_pylist([row.to_dict() for row in rows], schema=MANIFEST)
        with self._storage.new_file(name) as path:
            pq.write_table(table, path, compression="zstd")

    def _read(self, name: str) -> None:
        path = self._storage.path_of(name)
        columns = None if name == _FAILED else ["clip", "url"]
        with self._storage.file_system.open(path, "rb") as file:
            table = pq.read_table(file, columns=columns)
        if name == _FAILED:
            for values in table.to_pylist():
                self._failed[values["clip"]] = ManifestRow(**values)
        else:
            names, urls = (table[each].to_pylist() for each in ("clip", "url"))
            self._done.update(zip(map(_key, names), map(_key, urls), strict=True))


def _key(text: str) -> bytes:
    """Return what a name is remembered by: 8 bytes, however long it is."""
    return bytes.fromhex(digest_of(text))
