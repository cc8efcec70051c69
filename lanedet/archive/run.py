"""An archive of clips, from their names to a table."""

import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Protocol

from tqdm import tqdm

from lanedet.archive.claim import claim_table
from lanedet.archive.clip_work import TableError
from lanedet.archive.file_version import file_version
from lanedet.archive.job import ArchiveJob, TableHeader
from lanedet.archive.layout import HEADER, LANES_FOLDER, LOCK, WORK_FOLDER
from lanedet.archive.listing import Clip
from lanedet.archive.manifest import Manifest
from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.reports import ClipReport, CutReport, Report, StopReport
from lanedet.archive.storage import Storage
from lanedet.archive.stretches import Stretch
from lanedet.files import ClaimedError, is_hidden
from lanedet.runtime import progress_bar
from lanedet.video.sources.source import counted

_LEAST_ROUND = 2000  # stretches of clips that the workers get at once
_ROUND_PER_WORKER = 32  # so that few of them wait while the last ones are done
_WATCH_S = 1.0
_NUM_ASKED = 16  # files whose versions are asked for at once


class Engine(Protocol):
    """What has workers."""

    num_workers: int
    """How many stretches are done at once."""

    def run(self, stretches: Sequence[Stretch]) -> Iterator[Report]:
        """Do stretches of clips; yield a report on each, in any order."""

    def progress(self) -> tuple[int, float]:
        """Return how many frames were seen, and of how many clips.

        Raises:
            ConnectionError: If who knows it is gone.
        """

    def forget(self, clip: str) -> None:
        """Forget what was noted of a clip that is done with."""


OpenEngine = Callable[[ArchiveJob], AbstractContextManager[Engine]]


@dataclass(frozen=True)
class ArchiveSummary:
    """What one run has done."""

    num_clips: int
    """Clips that the source names."""

    num_before: int
    """Clips of these that were in the table before."""

    num_done: int
    """Clips that the run has added."""

    failed: tuple[ManifestRow, ...]
    """The rows of the clips that failed."""

    num_frames: int
    """Frames that the network has seen."""

    seconds: float
    """Wall-clock time."""

    def lines(self) -> list[str]:
        """Return the summary as a person may want to read it."""
        hours = self.seconds / 3600
        lines = [
            f"{self.num_done} of {counted(self.num_clips, 'clip')} added in "
            f"{self.seconds:.1f} s "
            f"({self.num_done / hours:.0f} clips/h, "
            f"{self.num_frames / self.seconds:.1f} frames/s)"
        ]
        if self.num_before:
            lines.append(f"{self.num_before} were in the table already")
        if self.failed:
            lines.append(f"{len(self.failed)} failed; the next run tries them again:")
            lines += [f"  {row.clip}: {row.error}" for row in self.failed[:10]]
            if len(self.failed) > 10:
                lines.append("  and more: see the manifest, state = 'failed'")
        return lines


def run_archive(
    clips: Sequence[Clip],
    job: ArchiveJob,
    open_engine: OpenEngine,
    *,
    allow_mixed: bool = False,
) -> ArchiveSummary:
    """Find the lanes of clips, and write them into a table.

    Clips that are in the table already are passed over, unless their files have changed
    since. Whatever ends the run, each clip is wholly in the table or not at all, and
    the next run does the rest.

    Args:
        clips: Which ones.
        job: What is done to them, and the table.
        open_engine: Gives what has the workers.
        allow_mixed: Whether the table may hold clips that were made otherwise.

    Warns:
        UserWarning: If clips are passed over that lie elsewhere than those of their
            names in the table, or are done again because their files have changed.

    Raises:
        ClaimedError: If another run writes the table, or has taken it meanwhile.
        ValueError: If the folder holds something else, or clips that were made
            otherwise; if the model cannot be run.
        ConnectionError: If a process of the engine that is no worker dies.
        OSError: If the table cannot be written.
    """
    storage = Storage(job.table, job.stall_s)
    check_table(storage)
    with claim_table(storage) as check_claim:
        _check_header(storage, job.header, allow_mixed)
        storage.remove_partial()
        manifest = Manifest(storage)
        _warn_of_others(clips, manifest)
        _drop_changed(clips, manifest, job.stall_s)
        missing = [clip for clip in clips if clip.name not in manifest]
        run = _Run(manifest, len(clips), missing, check_claim)
        if missing:
            with open_engine(job) as engine:
                run.work(engine)
        if not manifest.failed:
            storage.remove(WORK_FOLDER)
        return run.summary()


class _Run:
    """One run, once."""

    def __init__(
        self,
        manifest: Manifest,
        num_clips: int,
        missing: Sequence[Clip],
        check_claim: Callable[[], None],
    ) -> None:
        self._manifest, self._num_clips = manifest, num_clips
        self._missing, self._check_claim = missing, check_claim
        self._num_done = self._num_frames = 0
        self._begin_s = monotonic()

    def work(self, engine: Engine) -> None:
        """Do all clips that are missing."""
        size = max(_LEAST_ROUND, _ROUND_PER_WORKER * engine.num_workers)
        clips = iter(self._missing)
        waiting: deque[Stretch] = deque()
        try:
            with self._watch(engine):
                while True:
                    fresh = islice(clips, max(0, size - len(waiting)))
                    waiting.extend(map(Stretch, fresh))
                    if not waiting:
                        break
                    round_ = [waiting.popleft() for _ in range(min(size, len(waiting)))]
                    for report in engine.run(round_):
                        waiting.extend(self._take(report, engine))
                        self._check_claim()
                        self._manifest.flush_now_and_then()
            self._check_claim()
        except ClaimedError:  # what is not written is the other run's to write
            raise
        except BaseException as stop:  # among them Ctrl-C
            num_there = self._num_clips - len(self._missing) + self._num_done
            stop.add_note(
                f"{num_there} of {self._num_clips} clips are in the table. The same "
                "command goes on from there."
            )
            with suppress(OSError):  # perhaps it is why the run ends
                self._manifest.flush()
            raise
        self._manifest.flush()

    def summary(self) -> ArchiveSummary:
        """Return what was done."""
        # The table may have clips of another source, which are not this run's affair.
        own = {clip.name for clip in self._missing}
        failed = tuple(row for row in self._manifest.failed if row.clip in own)
        return ArchiveSummary(
            num_clips=self._num_clips,
            num_before=self._num_clips - len(self._missing),
            num_done=self._num_done,
            failed=failed,
            num_frames=self._num_frames,
            seconds=monotonic() - self._begin_s,
        )

    def _take(self, report: Report, engine: Engine) -> Sequence[Stretch]:
        """Note a report; return what is to be done because of it."""
        if isinstance(report, StopReport):
            raise (TableError if report.is_table else ValueError)(report.message)
        if isinstance(report, CutReport):
            return report.stretches
        if isinstance(report, ClipReport):
            is_new = self._manifest.add(report.row)
            self._num_done += is_new and report.row.is_done
            engine.forget(report.row.clip)
            if is_new and not report.row.is_done:
                text = f"{report.row.clip} failed: {report.row.error}"
                tqdm.write(text, file=sys.stderr)  # above the progress bar
        return ()

    @contextmanager
    def _watch(self, engine: Engine) -> Iterator[None]:
        """Show how far the workers are."""
        ended = threading.Event()
        with progress_bar(
            total=len(self._missing),
            unit="clip",
            desc="clips",
            bar_format="{desc} {percentage:3.0f}%|{bar}| {n:.1f}/{total} "
            "[{elapsed}<{remaining}{postfix}]",
        ) as bar:

            def show() -> None:
                begin_s = monotonic()
                while not ended.wait(_WATCH_S):
                    try:
                        self._num_frames, num_clips = engine.progress()
                    except ConnectionError:  # the run itself will say it
                        return
                    seconds = monotonic() - begin_s
                    bar.set_postfix_str(
                        f"{3600 * num_clips / seconds:.0f} clips/h, "
                        f"{self._num_frames / seconds:.1f} frames/s",
                        refresh=False,
                    )
                    bar.update(min(num_clips, len(self._missing)) - bar.n)

            watching = threading.Thread(target=show, daemon=True)
            watching.start()
            try:
                yield
            finally:
                ended.set()
                watching.join()
            self._num_frames, _ = engine.progress()
            bar.update(len(self._missing) - bar.n)  # what failed is done with, too


def _warn_of_others(clips: Sequence[Clip], manifest: Manifest) -> None:
    """Say which clips are taken for others, as of two folders with the same names."""
    others = [
        clip for clip in clips if clip.name in manifest and not manifest.is_of(clip)
    ]
    if others:
        warnings.warn(
            f"{counted(len(others), 'clip')} will be passed over: the table has "
            f"{others[0].name!r} from another place than {others[0].shown_url!r}. If "
            "these are other clips, name a folder above both, or take another table.",
            stacklevel=3,
        )


def _drop_changed(clips: Sequence[Clip], manifest: Manifest, stall_s: float) -> None:
    """Take clips out of the manifest whose files have changed since, and say so."""
    there = (clip for clip in clips if manifest.is_of(clip))
    changed: list[str] = []
    with ThreadPoolExecutor(_NUM_ASKED) as threads:
        while batch := list(islice(there, _LEAST_ROUND)):
            versions = threads.map(partial(_version_of, stall_s=stall_s), batch)
            changed += [
                clip.name
                for clip, version in zip(batch, versions, strict=True)
                if manifest.is_of_other_file(clip, version)
            ]
    if changed:
        warnings.warn(
            f"{counted(len(changed), 'clip')} will be done again: the file of "
            f"{changed[0]!r} has changed since it was read.",
            stacklevel=3,
        )
        manifest.drop(changed)


def _version_of(clip: Clip, stall_s: float) -> str | None:
    if clip.version is not None:
        return clip.version
    try:
        return file_version(clip.url, stall_s)
    except (OSError, ValueError):  # a clip in the table may be gone, and its store
        return None


def check_table(storage: Storage) -> None:
    """Raise ValueError if a folder holds something that is no table, or is a file."""
    if storage.folder is not None:
        _check_no_file(storage.folder)
    others = [
        name
        for name in storage.names()
        if not is_hidden(name) and name not in (LOCK, WORK_FOLDER)
    ]
    if others and HEADER not in others:
        raise ValueError(
            f"{storage.shown!r} must be a new or empty folder, or a table that lanedet "
            f"archive made: it has no {HEADER}. Choose another folder."
        )


def _check_no_file(folder: Path) -> None:
    there = next(each for each in (folder, *folder.parents) if each.exists())
    if not there.is_dir():
        raise ValueError(
            f"'{folder}' must be a folder, and '{there}' is a file. Choose another "
            "name."
        )


def _check_header(storage: Storage, header: TableHeader, allow_mixed: bool) -> None:
    content = storage.read(HEADER)
    # One that has no lanes yet may be of weights that could not be run.
    if content is None or not storage.names(LANES_FOLDER):
        storage.write(HEADER, header.to_bytes())
        return
    there = TableHeader.from_bytes(content, storage.shown)
    if not allow_mixed:
        there.check_same(header, storage.shown)
