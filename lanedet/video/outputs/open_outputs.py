"""The outputs of a run while it lasts, kept in step."""

from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

from lanedet.arrays import ByteArray
from lanedet.runtime import hold_interrupts
from lanedet.structures import DepartureEvent
from lanedet.video.annotation import AnnotatedFrame
from lanedet.video.outputs.event_clips import cut_event_clips
from lanedet.video.outputs.log import LaneLog, LineFile
from lanedet.video.outputs.outputs import VideoOutputs
from lanedet.video.outputs.painter import Paint, checked_picture, fit_picture
from lanedet.video.outputs.predictions import (
    CULanePredictions,
    TuSimplePredictions,
)
from lanedet.video.outputs.window import FrameWindow
from lanedet.video.outputs.writer import VideoWriter
from lanedet.video.sources.images import ImageSource
from lanedet.video.sources.source import Source, counted
from lanedet.video.step_times import StepTimes


class WindowClosedError(Exception):
    """The user closed the window in which frames were shown."""


class OpenOutputs:
    """The outputs of a run while it lasts.

    Use it as a context manager. Whatever leaves the block, all files are whole, and
    log and clip hold the same frames; only where the clip itself cannot be written,
    as on a full disk, it holds fewer.

    Args:
        outputs: What to make.
        source: Where the frames come from.
        paint: Draws them.
        times: Where drawing and encoding are measured.
        end: Time at which sound is to end, as in :meth:`VideoWriter.write_sound`.
        every: How many of the source's frames one frame stands for.

    Raises:
        OSError: If an output cannot be written, or another run writes to it.
        ValueError: If the clip's name ends in something else than it should.
    """

    def __init__(
        self,
        outputs: VideoOutputs,
        source: Source,
        paint: Paint,
        times: StepTimes,
        *,
        end: Fraction | None = None,
        every: int = 1,
    ) -> None:
        self.num_frames = 0
        self.num_frames_with_lanes = 0
        self._outputs, self._source = outputs, source
        self._paint, self._times, self._end = paint, times, end
        self._events: list[DepartureEvent] = []
        self._first = self._last = Fraction(0)
        self._rate = source.frame_rate / every
        self._picture_shape: tuple[int, int] | None = None
        self._event_clips: list[Path] = []
        folder = outputs.event_clips
        self._has_new_folder = folder is not None and not folder.exists()
        # What was opened is closed if the next cannot be.
        with ExitStack() as claims, ExitStack() as opening:
            claims.enter_context(outputs.claimed())
            self._open(opening)
            self._open_files, self._claims = opening.pop_all(), claims.pop_all()

    def _open(self, stack: ExitStack) -> None:
        outputs, source = self._outputs, self._source
        self._window = FrameWindow(source.name) if outputs.show else None
        if self._window is not None:
            stack.callback(self._window.close)
        self._clip: VideoWriter | None = None
        if outputs.clip is not None:
            self._clip = VideoWriter(
                outputs.clip,
                self._rate,
                source.sample_aspect_ratio,
                time_base=source.time_base,
                sound=source.sound,
            )
            stack.callback(self._clip.close)
        self._log: LaneLog | None = None
        if outputs.log is not None:
            self._log = stack.enter_context(LaneLog(outputs.log))
        self._tusimple: TuSimplePredictions | None = None
        if outputs.tusimple is not None:
            self._tusimple = stack.enter_context(TuSimplePredictions(outputs.tusimple))
        self._culane = (
            None if outputs.culane is None else CULanePredictions(outputs.culane)
        )

    @property
    def written(self) -> list[Path]:
        """The files and folders that hold what was written, complete after the end."""
        return [*(part.path for part in self._kept_parts()), *self._event_clips]

    @property
    def event_clips(self) -> list[Path]:
        """The clips of events, which are cut at the end."""
        return self._event_clips

    @property
    def num_events_uncut(self) -> int:
        """How many events have no clip in the end, though clips were asked for."""
        if self._outputs.event_clips is None:
            return 0
        return len(self._events) - len(self._event_clips)

    @property
    def length_s(self) -> float:
        """Length of what was written, in seconds."""
        if not self.num_frames:
            return 0.0
        return float(self._last - self._first + 1 / self._rate)

    def draw(self, annotated: AnnotatedFrame) -> ByteArray | None:
        """Return the picture of a frame, (H, W, 3) uint8, RGB, of the first one's size.

        None where nothing shows pictures. Another thread may write meanwhile.

        Raises:
            ValueError: If what was drawn is no picture.
        """
        if self._clip is None and self._window is None:
            return None
        with self._times.measure("draw"):
            picture = checked_picture(self._paint(annotated))
            if self._picture_shape is None:
                self._picture_shape = (picture.shape[0], picture.shape[1])
            return fit_picture(picture, self._picture_shape)

    def write(self, annotated: AnnotatedFrame, picture: ByteArray | None) -> None:
        """Write a frame into all outputs.

        Args:
            annotated: The frame.
            picture: What :meth:`draw` returned for it.

        Raises:
            OSError: If an output cannot be written.
            WindowClosedError: If the user has closed the window; the frame is written.
        """
        with hold_interrupts():  # into all files or none
            self._write_text(annotated)
            self._write_clip(annotated, picture)
            if not self.num_frames:
                self._first = annotated.frame.time
            self._last = annotated.frame.time
            self.num_frames += 1
            self.num_frames_with_lanes += bool(annotated.sample.pred_lanes)
            self._events += annotated.state.events
        if self._window and picture is not None and not self._window.show(picture):
            raise WindowClosedError

    def finish(self) -> None:
        """Write the sound that comes after the last frame of a whole source."""
        if self._clip is not None:
            self._clip.write_sound(self._end)

    def describe(self) -> str:
        """Return a sentence that says what was kept."""
        kept = self._kept_parts()
        if not kept:
            return "No frame was kept."
        if len({part.num_frames for part in kept}) > 1:  # on a full disk
            each = (f"{p.path} ({counted(p.num_frames)})" for p in kept)
            return f"Whole and kept: {', '.join(each)}."
        paths = ", ".join(str(part.path) for part in kept)
        return f"Whole and kept, with {counted(kept[0].num_frames)}: {paths}."

    def _kept_parts(self) -> list[VideoWriter | LineFile | CULanePredictions]:
        clip = self._clip if self._clip is not None and self._clip.is_kept else None
        parts = (clip, self._log, self._tusimple, self._culane)
        return [part for part in parts if part is not None and part.num_frames]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._claims:
            self._open_files.close()
            if not isinstance(error, OSError):  # as of a full disk
                self._cut_events()
        folder = self._outputs.event_clips
        if folder is not None and self._has_new_folder and not self._events:
            with suppress(OSError):  # somebody else has put something there
                folder.rmdir()

    def _cut_events(self) -> None:
        clip, folder = self._clip, self._outputs.event_clips
        if clip is None or not clip.is_kept or folder is None:
            return
        clips = cut_event_clips(clip.path, self._events, self._first, folder)
        for path in clips:  # one by one: those before a Ctrl-C count
            self._event_clips.append(path)

    def _write_text(self, annotated: AnnotatedFrame) -> None:
        # The log last, as its frames are those of the clip: where a line fails, the
        # clip does not get the frame. Where the clip fails the log has more.
        frame, sample = annotated.frame, annotated.sample
        if self._tusimple is not None:
            self._tusimple.write(frame.name, sample, annotated.run_time_ms)
        if self._culane is not None:
            self._culane.write(frame.name, sample)
        if self._log is not None:
            # Frames of a clip have no names but those that benchmarks want.
            name = frame.name if isinstance(self._source, ImageSource) else None
            self._log.write(
                frame.index, frame.time_s, sample, annotated.state, name=name
            )

    def _write_clip(self, annotated: AnnotatedFrame, picture: ByteArray | None) -> None:
        if self._clip is None or picture is None:
            return
        with self._times.measure("encode"):
            self._clip.write(picture, annotated.frame.time)
            self._clip.write_sound(self._end)
