"""The files that a run over a video writes, kept in step."""

from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from lanedet.runtime import hold_interrupts
from lanedet.structures import ByteArray
from lanedet.video.annotated_frame import AnnotatedFrame
from lanedet.video.driving_monitor import DepartureEvent
from lanedet.video.event_clips import cut_event_clips
from lanedet.video.frame_painter import FramePainter, fit_picture
from lanedet.video.frame_window import FrameWindow
from lanedet.video.lane_log import LaneLog
from lanedet.video.prediction_files import CULanePredictions, TuSimplePredictions
from lanedet.video.source import Source
from lanedet.video.stage_times import StageTimes
from lanedet.video.video_writer import VideoWriter


@dataclass(frozen=True)
class VideoOutputs:
    """What a run is to make. At least one thing must be asked for."""

    clip: Path | None = None
    """The annotated clip: .mp4, .mov or .mkv."""

    log: Path | None = None
    """The lanes as JSON Lines (:class:`LaneLog`)."""

    tusimple: Path | None = None
    """The lanes as a TuSimple prediction file (:class:`TuSimplePredictions`)."""

    culane: Path | None = None
    """The lanes as a folder of CULane's files (:class:`CULanePredictions`)."""

    event_clips: Path | None = None
    """Folder of short clips around each lane departure; needs ``clip``."""

    show: bool = False
    """Whether to show the annotated frames in a window while they are made."""

    @property
    def paths(self) -> list[Path]:
        """All files and folders."""
        values = (getattr(self, field.name) for field in fields(self))
        return [value for value in values if isinstance(value, Path)]

    def check(self, source: str) -> None:
        """Raise ValueError if this cannot be made of a source."""
        if not self.paths and not self.show:
            raise ValueError(
                "Nothing to do: ask for a clip, a log of the lanes, a benchmark's "
                "format or a window."
            )
        if self.event_clips is not None and self.clip is None:
            raise ValueError("Clips of events are cut out of a clip: ask for it too.")
        paths = [Path(source), *self.paths]
        if len({path.resolve() for path in paths}) < len(paths):
            raise ValueError(
                "The source and the outputs must be different files, got "
                f"{', '.join(repr(str(path)) for path in paths)}."
            )


class WindowClosedError(Exception):
    """The user closed the window in which frames were shown."""


class OpenOutputs:
    """The outputs of a run while it lasts.

    Use it as a context manager. Whatever leaves the block, all files are whole, and
    log and clip hold the same frames; only where the clip itself cannot be written,
    as on a full disk, there is none.

    Args:
        outputs: What to make.
        source: Where the frames come from.
        painter: Draws them.
        times: Where drawing and encoding are measured.
        end: Time at which sound is to end, as in :meth:`VideoWriter.write_sound`.
        every: How many of the source's frames one frame stands for.

    Raises:
        OSError: If an output cannot be written.
        ValueError: If the clip's name ends in something else than it should.
    """

    def __init__(
        self,
        outputs: VideoOutputs,
        source: Source,
        painter: FramePainter,
        times: StageTimes,
        *,
        end: Fraction | None = None,
        every: int = 1,
    ) -> None:
        self.num_frames = 0
        self.num_frames_with_lanes = 0
        self._outputs, self._source = outputs, source
        self._painter, self._times, self._end = painter, times, end
        self._events: list[DepartureEvent] = []
        self._first = self._last = Fraction(0)
        self._rate = source.frame_rate / every
        self._picture_shape: tuple[int, int] | None = None
        self._window = FrameWindow(source.name) if outputs.show else None
        self._clip: VideoWriter | None = None
        if outputs.clip is not None:
            self._clip = VideoWriter(
                outputs.clip,
                self._rate,
                source.sample_aspect_ratio,
                time_base=source.time_base,
                sound=source.sound,
            )
        self._log = None if outputs.log is None else LaneLog(outputs.log)
        self._tusimple = (
            None if outputs.tusimple is None else TuSimplePredictions(outputs.tusimple)
        )
        self._culane = (
            None if outputs.culane is None else CULanePredictions(outputs.culane)
        )

    @property
    def length_s(self) -> float:
        """Length of what was written, in seconds."""
        if not self.num_frames:
            return 0.0
        return float(self._last - self._first + 1 / self._rate)

    def write(self, found: AnnotatedFrame) -> None:
        """Write a frame into all outputs.

        Raises:
            OSError: If an output cannot be written.
            WindowClosedError: If the user has closed the window; the frame is written.
        """
        with hold_interrupts():  # into all files or none
            picture = self._paint(found)
            self._write_text(found)
            self._write_clip(found, picture)
            if not self.num_frames:
                self._first = found.frame.time
            self._last = found.frame.time
            self.num_frames += 1
            self.num_frames_with_lanes += bool(found.sample.pred_lanes)
            self._events += found.state.events
        if self._window and picture is not None and not self._window.show(picture):
            raise WindowClosedError

    def finish(self) -> None:
        """Write the sound that comes after the last frame of a whole source."""
        if self._clip is not None:
            self._clip.write_sound(self._end)

    def describe(self) -> str:
        """Return a sentence that says what was kept."""
        clip = self._clip if self._clip is not None and self._clip.is_kept else None
        parts = (clip, self._log, self._tusimple, self._culane)
        kept = [part for part in parts if part is not None and part.num_frames]
        if not kept:
            return "No frame was kept."
        paths = ", ".join(str(part.path) for part in kept)
        return f"Whole and kept, with {kept[0].num_frames} frames: {paths}."

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for part in (self._window, self._log, self._tusimple):
            if part is not None:
                part.close()
        if self._clip is not None:
            self._clip.close()
            folder = self._outputs.event_clips
            if folder is not None and self._clip.is_kept:
                cut_event_clips(self._clip.path, self._events, self._first, folder)

    def _paint(self, found: AnnotatedFrame) -> ByteArray | None:
        if self._clip is None and self._window is None:
            return None
        with self._times.measure("draw"):
            picture = self._painter.paint(found)
            if self._picture_shape is None:
                self._picture_shape = (picture.shape[0], picture.shape[1])
            return fit_picture(picture, self._picture_shape)

    def _write_text(self, found: AnnotatedFrame) -> None:
        # The log last, as its frames are those of the clip: where a line fails, the
        # clip does not get the frame. Where the clip fails there is none.
        frame, sample = found.frame, found.sample
        if self._tusimple is not None:
            self._tusimple.write(frame.name, sample, found.run_time_ms)
        if self._culane is not None:
            self._culane.write(frame.name, sample)
        if self._log is not None:
            self._log.write(frame.index, frame.time_s, sample, found.state)

    def _write_clip(self, found: AnnotatedFrame, picture: ByteArray | None) -> None:
        if self._clip is None or picture is None:
            return
        with self._times.measure("encode"):
            self._clip.write(picture, found.frame.time)
            self._clip.write_sound(self._end)
