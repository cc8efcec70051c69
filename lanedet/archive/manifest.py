"""The rows of all clips, in files that are whole at every moment."""

import secrets
from collections.abc import Collection
from time import monotonic
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from lanedet.archive.file_version import is_changed
from lanedet.archive.layout import MANIFEST_FOLDER, digest_of
from lanedet.archive.listing import Clip
from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.schema import MANIFEST
from lanedet.archive.storage import Storage

_FAILED = f"{MANIFEST_FOLDER}/failed.parquet"
_MOST_ROWS = 500  # of a file
_LEAST_WAIT_S = 10.0
_WAIT_SHARE = 0.02  # of the time so far: else long runs would write thousands of files


class _Origin(NamedTuple):
    """What a clip that is done was made of."""

    url: bytes
    version: str | None


class Manifest:
    """The manifest of a table that one run adds to.

    Clips that are done are in files that never change, unless a clip itself does; those
    that failed are in one that is replaced, so that a clip that failed and then was
    done has one row.

    Args:
        storage: Folder of the table.

    Raises:
        ValueError: If one of its files is damaged.
        StorageError: If it cannot be read.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._run = secrets.token_hex(4)
        self._num_files = 0
        self._begin_s = self._flushed_s = monotonic()
        self._rows: list[ManifestRow] = []
        self._done: dict[bytes, _Origin] = {}  # by the clip
        self._failed: dict[str, ManifestRow] = {}
        for name in self._files():
            self._read(name)

    def __contains__(self, clip: str) -> bool:
        """Whether a clip is in the table."""
        return _key(clip) in self._done

    def is_of(self, clip: Clip) -> bool:
        """Whether a clip that is in the table was read where this one lies."""
        origin = self._done.get(_key(clip.name))
        return origin is not None and origin.url == _key(clip.shown_url)

    def is_of_other_file(self, clip: Clip, version: str | None) -> bool:
        """Whether a clip that is in the table was another file than it is now.

        Args:
            clip: The clip.
            version: Of its file now, None if that is not known.
        """
        return is_changed(self._done[_key(clip.name)].version, version)

    def drop(self, clips: Collection[str]) -> None:
        """Take clips that are in the table out, so that they are done again.

        Raises:
            OSError: If the table cannot be read or written.
        """
        if not clips:
            return
        gone = pa.array(sorted(clips), pa.string())
        for name in self._files():
            table = self._table(name)
            kept = table.filter(pc.invert(pc.is_in(table["clip"], value_set=gone)))
            if not len(kept):
                self._storage.remove(name)
            elif len(kept) < len(table):
                self._write_table(name, kept)
        for clip in clips:
            del self._done[_key(clip)]

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
            self._done[_key(row.clip)] = _Origin(_key(row.url), row.file_version)
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
        values = [row.to_dict() for row in rows]
        self._write_table(name, pa.Table.from_pylist(values, schema=MANIFEST))

    def _write_table(self, name: str, table: pa.Table) -> None:
        with self._storage.new_file(name) as path:
            pq.write_table(table, path, compression="zstd")

    def _files(self) -> list[str]:
        names = self._storage.names(MANIFEST_FOLDER)
        return [
            f"{MANIFEST_FOLDER}/{name}"
            for name in names
            if name.endswith(".parquet")  # readers of tables leave marks beside
        ]

    def _table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        path = self._storage.path_of(name)
        try:
            with self._storage.file_system.open(path, "rb") as file:
                return pq.read_table(file, columns=columns)
        except pa.ArrowInvalid as error:  # as a disk may leave it after a power cut
            raise ValueError(
                f"{name} of {self._storage.shown!r} must be Parquet, and is damaged. "
                "Delete it: the lanes of its clips say the same, and the next run "
                "reads it there."
            ) from error

    def _read(self, name: str) -> None:
        if name == _FAILED:
            for values in self._table(name).to_pylist():
                self._failed[values["clip"]] = ManifestRow(**values)
            return
        table = self._table(name, ["clip", "url", "file_version"])
        for clip, url, version in zip(*table.to_pydict().values(), strict=True):
            self._done[_key(clip)] = _Origin(_key(url), version)


def _key(text: str) -> bytes:
    """Return what a name is remembered by: 8 bytes, however long it is."""
    return bytes.fromhex(digest_of(text))
