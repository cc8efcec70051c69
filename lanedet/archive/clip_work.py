"""One stretch of a clip: from its frames to the table, or to what is joined later."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from lanedet.archive.figures import ClipFigures
from lanedet.archive.file_version import file_version, is_changed
from lanedet.archive.job import ArchiveJob
from lanedet.archive.layout import (
    lanes_file,
    partition_of,
    stretches_folder,
    table_text,
)
from lanedet.archive.listing import Clip
from lanedet.archive.manifest_row import DONE, FAILED, ManifestRow
from lanedet.archive.reports import (
    ClipReport,
    CutReport,
    Ledger,
    Report,
    StopReport,
    StretchReport,
)
from lanedet.archive.rows import (
    FollowedLanes,
    FrameLanes,
    GroupedWriter,
    detections_table,
    lanes_table,
    read_detections,
)
from lanedet.archive.schema import DETECTIONS, LANES
from lanedet.archive.storage import (
    Storage,
    StoredFile,
    local_path,
    open_file_system,
)
from lanedet.archive.stretches import Stretch, cut_clip, is_long, stretch_frames
from lanedet.runtime import reported_warnings
from lanedet.video import DrivingMonitor, LaneTracker, VideoBreakError, VideoReader
from lanedet.video.detection import LaneDetection
from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.stored import StoredReader

_ROW_KEY = "lanedet.manifest"  # of the clip's row, in the metadata of its lanes
_FACTS_KEY = "lanedet.stretch"  # of what is known of a stretch, likewise
_ADVANCE_S = 2.0  # so often a worker says how far it is


class TableError(OSError):
    """The table cannot be written or read, which no clip is to blame for."""


@dataclass
class StretchFacts:
    """What the reader knows of a stretch when it is at its end."""

    frame_rate: float
    """Frames of the clip per second."""

    undecodable: int = 0
    """Frames that could not be decoded."""

    fault: str | None = None
    """Why the stretch breaks off, or what it has lost."""

    is_broken: bool = False
    """Whether it breaks off, so that what comes after it does not count."""

    remarks: list[str] = field(default_factory=list)
    """Warnings of the reader."""


class ClipWorker:
    """Does stretches of clips, one after the other.

    Args:
        job: What is done to them.
        ledger: Who is told.
    """

    def __init__(self, job: ArchiveJob, ledger: Ledger) -> None:
        self._job, self._ledger = job, ledger
        self._storage = Storage(job.table, job.stall_s)
        self._inferencer = job.model.open(job.device, job.half, job.runtime)
        self._detection = LaneDetection(
            self._inferencer,
            batch_size=job.batch_size,
            num_networks=1,
            attention=False,
        )
        self._header = job.header

    def work(self, stretch: Stretch) -> Report:
        """Do a stretch of a clip, whatever becomes of it.

        What is wrong with the clip is a row of the manifest; what is wrong with the
        table stops the run.
        """
        name, clip_share = str(stretch), 1 / len(stretch.bounds)
        times = self._ledger.begin(name)
        try:
            if times > self._job.max_tries:
                return self._failed(stretch.clip, _poison(stretch, times - 1))
            stretch = self._stretch_of_now(stretch)
            report = self._work(stretch)
            if isinstance(report, CutReport):
                clip_share = 0.0
            return report
        except TableError as error:
            return StopReport(str(error))
        except Exception as error:  # whatever a damaged clip makes of its decoder
            is_plain = isinstance(error, OSError | ValueError)
            reason = str(error) if is_plain else f"{type(error).__name__}: {error}"
            return self._failed(stretch.clip, reason)
        finally:
            self._ledger.end(name, clip_share)

    def _work(self, stretch: Stretch) -> Report:
        row = self._row_in_table(stretch.clip)
        if row is not None:  # of a run, or a worker, that was killed before it said so
            return ClipReport(row)
        if not stretch.is_cut:
            with self._open(stretch.clip) as reader:
                if is_long(reader, self._job.stretch_s):
                    stretches = cut_clip(stretch.clip, reader, self._job.stretch_s)
                    return CutReport(tuple(stretches))
        if len(stretch.bounds) == 1:
            return self._work_whole(stretch)
        plan = self._plan(stretch)
        self._detect_stretch(stretch, plan)
        name, count = stretch.clip.name, len(stretch.bounds)
        if not self._ledger.finish_stretch(name, stretch.number, count):
            return StretchReport()
        return self._join(stretch, plan)

    def _work_whole(self, stretch: Stretch) -> Report:
        facts = StretchFacts(0.0)
        return self._write(stretch, self._detect(stretch, facts), [facts])

    def _stretch_of_now(self, stretch: Stretch) -> Stretch:
        """Return a stretch with the version of the clip's file that is there.

        Raises:
            ValueError: If the clip was cut, and has another file now.
        """
        if stretch.is_cut:
            self._check_unchanged(stretch.clip)
            return stretch
        version = self._version_of(stretch.clip)
        return replace(stretch, clip=replace(stretch.clip, version=version))

    def _check_unchanged(self, clip: Clip) -> None:
        """Raise ValueError if the clip's file is another one than it was."""
        now = self._version_of(clip)
        if is_changed(clip.version, now):
            raise ValueError(
                f"{clip.shown_url!r} must stay as it is while it is read, and was "
                f"changed: {clip.version} before, {now} now. The next run does it anew."
            )

    def _version_of(self, clip: Clip) -> str | None:
        return file_version(clip.url, self._job.stall_s)

    def _row_in_table(self, clip: Clip) -> ManifestRow | None:
        """Return what the lanes of a clip say of it, None where it has none yet.

        Lanes of another file than the one that is there are removed.
        """
        name = lanes_file(clip.name)
        content = self._metadata(name, _ROW_KEY)
        if content is None:
            return None
        row = ManifestRow.from_json(content)
        if is_changed(row.file_version, clip.version):
            with _writing():
                self._storage.remove(name)
            return None
        return row

    def _metadata(self, name: str, key: str) -> bytes | None:
        """Return what a file says of itself, None if there is no such file.

        One that is not whole, as a disk may leave it after a power cut, is removed.
        """
        with _writing():
            if not self._storage.exists(name):
                return None
            path = self._storage.path_of(name)
            try:
                with self._storage.file_system.open(path, "rb") as file:
                    content: bytes = pq.read_metadata(file).metadata[key.encode()]
            except pa.ArrowInvalid:
                self._storage.remove(name)
                return None
        return content

    def _open(self, clip: Clip) -> ContainerReader:
        file_system, path = open_file_system(clip.url)
        # One of several workers on a machine: threads would take the others' cores.
        if (local := local_path(file_system, path)) is not None:
            return VideoReader(local, decoder_threads=1)
        file = StoredFile(clip.url, self._job.stall_s)
        return StoredReader(file, clip.shown_url, decoder_threads=1)

    def _open_at(self, stretch: Stretch) -> ContainerReader:
        """Return a reader that is at a stretch's first frame, or somewhere before."""
        reader = self._open(stretch.clip)
        if stretch.start:
            try:
                reader.begin_at(stretch.start)
            except ValueError:  # the file is damaged: only the long way leads there
                reader.close()
                return self._open(stretch.clip)
        return reader

    def _detect(self, stretch: Stretch, facts: StretchFacts) -> Iterator[FrameLanes]:
        """Yield what the network finds in a stretch, and fill in the facts.

        A stretch that breaks off ends there; the facts say why.
        """
        with (
            reported_warnings(facts.remarks.append),
            self._open_at(stretch) as reader,
        ):
            facts.frame_rate = float(reader.frame_rate)
            frames = stretch_frames(stretch, reader)
            progress = _Progress(self._ledger, stretch, reader)
            try:
                with self._detection.run(frames) as batches:
                    for detected in batches:
                        progress.add(len(detected.frames))
                        for frame, sample in zip(
                            detected.frames, detected.samples, strict=True
                        ):
                            yield FrameLanes(frame.time_s, sample)
            except VideoBreakError as error:
                facts.fault, facts.is_broken = str(error), True
            self._check_unchanged(stretch.clip)
            facts.undecodable = reader.num_undecodable
            progress.finish()

    def _detect_stretch(self, stretch: Stretch, plan: str) -> None:
        """Write the detections of a stretch, unless an earlier run has."""
        name = _stretch_name(plan, stretch.number)
        if self._metadata(name, _FACTS_KEY) is not None:
            return
        facts = StretchFacts(0.0)
        with self._new_file(name) as path, _writer(path, DETECTIONS) as writer:
            for row in self._detect(stretch, facts):
                with _writing():
                    writer.append(row)
            with _writing():
                writer.finish({_FACTS_KEY: json.dumps(vars(facts))})

    def _join(self, stretch: Stretch, plan: str) -> Report:
        """Follow the lanes through all stretches of a clip, and write them."""
        facts: list[StretchFacts] = []
        detected = self._read_stretches(stretch, plan, facts)
        try:
            report = self._write(stretch, detected, facts)
        except TableError:
            # Another worker may have joined them and died before it said so, or does
            # the same at this moment: its stretches are gone, but its lanes are there.
            row = self._row_in_table(stretch.clip)
            if row is None:
                raise
            return ClipReport(row)
        with _writing():
            self._storage.remove(stretches_folder(plan))
        return report

    def _read_stretches(
        self, stretch: Stretch, plan: str, facts: list[StretchFacts]
    ) -> Iterator[FrameLanes]:
        """Yield the detections of a clip, up to where a stretch breaks off."""
        for number in range(len(stretch.bounds)):
            path = self._storage.path_of(_stretch_name(plan, number))
            with _writing(), self._storage.file_system.open(path, "rb") as file:
                detected = pq.ParquetFile(file)
                content = detected.metadata.metadata[_FACTS_KEY.encode()]
                facts.append(StretchFacts(**json.loads(content)))
                for group in range(detected.num_row_groups):
                    table = detected.read_row_group(group)
                    yield from read_detections(table, self._inferencer.num_slots)
            if facts[-1].is_broken:
                return

    def _write(
        self,
        stretch: Stretch,
        detected: Iterable[FrameLanes],
        facts: list[StretchFacts],
    ) -> Report:
        """Follow lanes, write them, and say what is known of the clip."""
        figures = ClipFigures()
        name = lanes_file(stretch.clip.name)
        with self._new_file(name) as path, _writer(path, LANES) as writer:
            for row in self._follow(detected):
                figures.add(row)
                with _writing():
                    writer.append(row)
            if not figures.num_frames:
                fault = next((each.fault for each in facts if each.fault), None)
                raise ValueError(fault or f"{stretch.clip.name!r} has no frames.")
            manifest_row = self._row(stretch.clip, DONE)
            figures.fill(manifest_row, facts[0].frame_rate)
            _fill_facts(manifest_row, facts)
            with _writing():
                writer.finish({_ROW_KEY: manifest_row.to_json()})
        return ClipReport(manifest_row)

    def _follow(self, detected: Iterable[FrameLanes]) -> Iterator[FollowedLanes]:
        num_slots = self._inferencer.num_slots
        tracker = LaneTracker(num_slots) if self._job.tracking else None
        monitor = DrivingMonitor(num_slots, self._job.calibration)
        for frame, (time_s, sample) in enumerate(detected):
            followed = sample if tracker is None else tracker.update(sample, time_s)
            state = monitor.update(followed, time_s, frame)
            yield FollowedLanes(frame, time_s, followed, state)

    def _row(self, clip: Clip, state: str) -> ManifestRow:
        return ManifestRow(
            clip=clip.name,
            partition=partition_of(clip.name),
            url=clip.shown_url,
            state=state,
            file_version=clip.version,
            lanedet=self._header.lanedet,
            weights=self._header.weights,
            half=self._header.half,
            tracking=self._header.tracking,
            calibration=self._header.calibration,
            runtime=self._inferencer.runtime,
        )

    def _failed(self, clip: Clip, error: str) -> ClipReport:
        row = self._row(clip, FAILED)
        row.error = table_text(error)
        return ClipReport(row)

    def _plan(self, stretch: Stretch) -> str:
        """Return all that the detections of a clip's stretches depend on."""
        clip, header = stretch.clip, self._header.to_bytes().decode()
        return f"{clip.url} {clip.version} {stretch.bounds} {header}"

    @contextmanager
    def _new_file(self, name: str) -> Iterator[Path]:
        """Give a file to fill; what fails around it is the table's fault."""
        manager = self._storage.new_file(name)
        with _writing():
            path = manager.__enter__()
        try:
            yield path
        except BaseException as error:
            manager.__exit__(type(error), error, error.__traceback__)
            raise
        with _writing():
            manager.__exit__(None, None, None)


class _Progress:
    """Tells the ledger how far a stretch is, now and then."""

    def __init__(
        self, ledger: Ledger, stretch: Stretch, reader: ContainerReader
    ) -> None:
        self._ledger, self._name = ledger, str(stretch)
        self._rest = 1 / len(stretch.bounds)
        number = reader.expected_frames or 0
        self._share = 1 / number if number else 0.0
        self._frames = 0
        self._told_s = monotonic()

    def add(self, num_frames: int) -> None:
        self._frames += num_frames
        if monotonic() - self._told_s > _ADVANCE_S:
            self._tell(min(self._frames * self._share, self._rest))

    def finish(self) -> None:
        self._tell(self._rest)

    def _tell(self, clip_share: float) -> None:
        self._ledger.advance(self._name, self._frames, clip_share)
        self._rest -= clip_share
        self._frames, self._told_s = 0, monotonic()


@contextmanager
def _writing() -> Iterator[None]:
    """Let errors in the block count as the table's."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise TableError(
            f"The table must be open for reading and writing, and is not: {reason}. "
            "What is in it is whole; run the same command again when that is mended."
        ) from error


def _writer(path: Path, schema: Any) -> GroupedWriter[Any]:
    to_table = lanes_table if schema is LANES else detections_table
    with _writing():
        return GroupedWriter(path, schema, to_table)


def _stretch_name(plan: str, number: int) -> str:
    return f"{stretches_folder(plan)}/{number:05d}.parquet"


def _fill_facts(row: ManifestRow, facts: list[StretchFacts]) -> None:
    row.undecodable = sum(each.undecodable for each in facts)
    faults = (table_text(each.fault) for each in facts if each.fault)
    row.fault = next(faults, None)
    remarks = (table_text(each) for stretch in facts for each in stretch.remarks)
    row.remarks = list(dict.fromkeys(remarks))


def _poison(stretch: Stretch, times: int) -> str:
    return (
        f"{str(stretch)!r} has killed the workers that read it, {times} times, and is "
        "set aside: its memory runs out, or its decoder crashes. Look at the clip with "
        "lanedet video."
    )
