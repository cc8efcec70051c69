"""From a source of frames to an annotated clip and a log of its lanes."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from lanedet.arrays import ByteArray
from lanedet.inference import LaneInferencer
from lanedet.runtime import hold_interrupts, num_usable_cores, progress_bar
from lanedet.video.annotation import AnnotatedFrame, FrameAnnotator, SizeWatch
from lanedet.video.detection import LaneDetection
from lanedet.video.driving.calibration import Calibration
from lanedet.video.outputs.open_outputs import OpenOutputs, WindowClosedError
from lanedet.video.outputs.outputs import VideoOutputs
from lanedet.video.outputs.painter import FramePainter, Paint
from lanedet.video.sources.images import ImageSource
from lanedet.video.sources.open import open_source
from lanedet.video.sources.selection import Selection
from lanedet.video.sources.source import Source, VideoFrame
from lanedet.video.step_times import StepTimes
from lanedet.video.summary import VideoSummary, frame_noun
from lanedet.video.threads import FrameQueue, ReadAhead, WriteBehind

_QUEUE_SIZE = 4  # frames that wait between two steps; more smooth nothing out
_LIVE_QUEUE_SIZE = 2  # of a live source the newest ones are wanted
_MAX_NETWORK_THREADS = 16  # each holds the activations of a network


@dataclass(frozen=True)
class VideoOptions:
    """How a run goes about it.

    Raises:
        ValueError: If ``batch_size`` or ``num_networks`` is below 1, or a view from
            above is wanted without a calibration.
    """

    batch_size: int = 1
    """Frames per pass of the network. More than 1 helps on a GPU only."""

    threads: bool | None = None
    """Whether reading, the network, drawing and encoding overlap, and on a CPU the
    network looks at several frames at once. If not given, where :func:`threads_pay`."""

    tracking: bool = True
    """Whether lanes are followed and smoothed from frame to frame. The pictures of one
    folder are taken as a sequence; those of several folders are as many sequences."""

    calibration: Calibration | None = None
    """Where the camera is mounted, for metres."""

    attention: bool = False
    """Whether to show where the network looks, beside each frame."""

    birds_eye: bool = False
    """Whether to show the road from above, in an inset; needs ``calibration``."""

    num_networks: int | None = None
    """How many frames the network looks at at once, with threads on a CPU: if not
    given as many as there are cores, at most 16."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}.")
        if self.num_networks is not None and self.num_networks < 1:
            raise ValueError(
                f"num_networks must be at least 1, got {self.num_networks}."
            )
        if self.birds_eye and self.calibration is None:
            raise ValueError(
                "The road can be shown from above only with a calibration of the "
                "camera: give one."
            )


def threads_pay(device: str) -> bool:
    """Return whether to overlap the steps on a device: with two cores or a GPU."""
    return device != "cpu" or num_usable_cores() > 1


def annotate_video(
    source: Source | Path | str,
    inferencer: LaneInferencer,
    outputs: VideoOutputs,
    *,
    selection: Selection | None = None,
    options: VideoOptions | None = None,
    paint: Paint | None = None,
) -> VideoSummary:
    """Draw the lanes of a video into a clip, and log them.

    The clip has the source's size (of pictures, the first one's), shape of pixels and
    sound, and each frame the time that it has there. Frames that are not selected are
    in no output.

    Whatever ends the run, all files are whole, and log and clip hold the same frames;
    only where the clip itself cannot be written, as on a full disk, it has fewer. After
    Ctrl-C, too, clips of the departures so far are cut; Ctrl-C again stops that. A
    note on the exception tells what was kept, and one before it, if that is any frame,
    is the summary. Memory does not grow with the length.

    Args:
        source: Where frames come from, as :func:`open_source` takes it. A
            :class:`Source` stays open.
        inferencer: Finds the lanes.
        outputs: What to make.
        selection: Which frames; all if not given.
        options: How to go about it.
        paint: What draws a frame, in place of :meth:`FramePainter.paint`: it gets the
            frame with its lanes and what these say, and returns the picture (H, W, 3)
            uint8, RGB, of any size, which is fitted into that of the first one. It is
            called for one frame at a time, in order, perhaps by a thread, where a clip
            or a window is made.

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If there is no such source.
        VideoBreakError: If the source breaks off, after what comes before was written.
        ValueError: If the source is no video, no output is asked for, or an output
            would overwrite a file of the source or another output; if no frame is in
            the selection, or one cannot be drawn or logged, after what comes before; if
            ``paint`` is given and the view from above too, which it would have to draw.
        OSError: If the source cannot be opened or an output cannot be written.

    Warns:
        UserWarning: Once, if pictures are of several sizes and are drawn.

    Example:
        Number the frames, on top of what is drawn otherwise:

        >>> import cv2
        >>> painter = FramePainter(num_slots=6)
        >>> def paint(annotated):
        ...     picture = painter.paint(annotated)
        ...     text, font = str(annotated.frame.index), cv2.FONT_HERSHEY_SIMPLEX
        ...     cv2.putText(picture, text, (10, 30), font, 1, (255, 0, 0))
        ...     return picture
        >>> outputs = VideoOutputs(Path("lanes.mp4"))
        >>> annotate_video(  # doctest: +SKIP
        ...     "drive.mp4", LaneInferencer(), outputs, paint=paint
        ... )
    """
    selection = Selection() if selection is None else selection
    options = VideoOptions() if options is None else options
    painter = _painter(paint, inferencer.num_slots, options)
    if isinstance(source, Source):
        outputs.check(source.name, source.files, source.sequences)
        return _Run(source, inferencer, outputs, selection, options, painter).run()
    outputs.check(str(source))
    has_clip = outputs.clip is not None
    with open_source(str(source), with_sound=has_clip) as opened:
        outputs.check(opened.name, opened.files, opened.sequences)
        return _Run(opened, inferencer, outputs, selection, options, painter).run()


class _Run:
    """One source, once."""

    def __init__(
        self,
        source: Source,
        inferencer: LaneInferencer,
        outputs: VideoOutputs,
        selection: Selection,
        options: VideoOptions,
        paint: Paint,
    ) -> None:
        self._source, self._outputs, self._selection = source, outputs, selection
        self._paint = paint
        self._times = StepTimes()
        self._annotator = FrameAnnotator(
            inferencer.num_slots,
            self._times,
            tracking=options.tracking,
            calibration=options.calibration,
            is_sequence=options.tracking or not isinstance(source, ImageSource),
        )
        self._sizes = SizeWatch(has_names=isinstance(source, ImageSource))
        self._has_threads = options.threads
        if self._has_threads is None:
            self._has_threads = threads_pay(inferencer.device)
        self._num_networks = 1
        if self._has_threads and inferencer.device == "cpu":
            most = min(num_usable_cores(), _MAX_NETWORK_THREADS)
            self._num_networks = options.num_networks or most
        self._detection = LaneDetection(
            inferencer,
            batch_size=options.batch_size,
            num_networks=self._num_networks,
            attention=options.attention,
        )

    def run(self) -> VideoSummary:
        begin = perf_counter()
        is_live = self._source.is_live
        queue: FrameQueue[VideoFrame] = FrameQueue(
            _LIVE_QUEUE_SIZE if is_live else _QUEUE_SIZE, drops=is_live
        )
        files: OpenOutputs | None = None
        try:
            with ExitStack() as stack:
                frames = self._frames(stack, queue)
                files = stack.enter_context(self._open_outputs())
                bar = stack.enter_context(
                    progress_bar(
                        total=self._selection.expected_frames(self._source),
                        unit=frame_noun(self._annotator.is_sequence),
                        desc=Path(self._source.name).name,
                    )
                )
                batches = stack.enter_context(self._detection.run(frames))
                stack.callback(self._source.stop)
                with suppress(WindowClosedError), self._writer(files) as write:
                    for detected in batches:
                        seconds = detected.seconds / self._num_networks
                        self._times.add("infer", seconds, len(detected.frames))
                        for annotated in self._annotator.annotate(detected):
                            if self._outputs.has_pictures:
                                self._sizes.check(annotated.frame)
                            write(annotated)
                            bar.update()
                        if is_live:
                            bar.set_postfix(dropped=queue.num_dropped, refresh=False)
                files.finish()
        except BaseException as stop:  # among them Ctrl-C and what `kill` raises
            if files is not None:  # and closed again by now, or not even that worked
                if files.num_frames:
                    summary = self._summary(files, queue, perf_counter() - begin)
                    stop.add_note("\n".join(summary.lines()))
                stop.add_note(files.describe())
            raise
        return self._summary(files, queue, perf_counter() - begin)

    def _summary(
        self, files: OpenOutputs, queue: FrameQueue[VideoFrame], seconds: float
    ) -> VideoSummary:
        return VideoSummary(
            num_frames=files.num_frames,
            num_frames_with_lanes=files.num_frames_with_lanes,
            length_s=files.length_s if self._annotator.is_sequence else None,
            seconds=seconds,
            driving=self._annotator.summary,
            times=self._times,
            num_undecodable=self._source.num_undecodable,
            num_dropped=queue.num_dropped,
            num_reconnects=self._source.num_reconnects,
            written=tuple(files.written),
            event_clips=tuple(files.event_clips),
            num_events_uncut=files.num_events_uncut,
            is_sound_missing=self._source.is_live and self._outputs.clip is not None,
        )

    def _frames(
        self, stack: ExitStack, queue: FrameQueue[VideoFrame]
    ) -> Iterable[VideoFrame]:
        """Return the selected frames, read by a thread where that is wanted."""
        frames = self._timed(self._selection.frames(self._source))
        # A live source must be read all the time: only the reader can drop frames.
        if not (self._has_threads or self._source.is_live):
            return frames
        ahead = stack.enter_context(ReadAhead(frames, queue))
        stack.callback(self._source.stop)
        return ahead

    def _open_outputs(self) -> OpenOutputs:
        return OpenOutputs(
            self._outputs,
            self._source,
            self._paint,
            self._times,
            end=self._selection.end,
            every=self._selection.every,
        )

    @contextmanager
    def _writer(self, files: OpenOutputs) -> Iterator[Callable[[AnnotatedFrame], None]]:
        """Yield what draws a frame and writes it, by a thread where that is wanted."""
        # A window belongs to the main thread.
        if not self._has_threads or self._outputs.show:

            def draw_and_write(annotated: AnnotatedFrame) -> None:
                with hold_interrupts():  # what was begun is written
                    files.write(annotated, files.draw(annotated))

            yield draw_and_write
            return

        def write(drawn: tuple[AnnotatedFrame, ByteArray | None]) -> None:
            files.write(*drawn)

        # Nothing takes as long as encoding: its thread does nothing else.
        with WriteBehind(write, _QUEUE_SIZE) as behind:

            def draw(annotated: AnnotatedFrame) -> None:
                with hold_interrupts():
                    behind.put((annotated, files.draw(annotated)))

            yield draw

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        begin = perf_counter()
        for frame in frames:
            self._times.add("decode", perf_counter() - begin)
            yield frame
            begin = perf_counter()


def _painter(paint: Paint | None, num_slots: int, options: VideoOptions) -> Paint:
    """Return what draws the frames.

    Raises:
        ValueError: If something is wanted that is up to ``paint``.
    """
    if paint is None:
        birds_eye = options.calibration if options.birds_eye else None
        return FramePainter(num_slots, birds_eye).paint
    if options.birds_eye:
        raise ValueError(
            "birds_eye must be left out where paint draws the frames: give a "
            "FramePainter the calibration and let paint call it."
        )
    return paint
