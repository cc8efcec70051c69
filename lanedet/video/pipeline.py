"""From a source of frames to an annotated clip and a log of its lanes."""

import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from time import perf_counter
from typing import NamedTuple

import cv2
import torch

from lanedet.arrays import ByteArray, FloatArray
from lanedet.inference import LaneInferencer
from lanedet.inference.caller_line import callers_stacklevel
from lanedet.ops import map_to_original
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample
from lanedet.video.annotated_frame import AnnotatedFrame
from lanedet.video.calibration import Calibration
from lanedet.video.container_reader import counted
from lanedet.video.driving_monitor import DrivingMonitor, DrivingSummary
from lanedet.video.frame_painter import FramePainter
from lanedet.video.frame_queue import FrameQueue, ReadAhead, WriteBehind, map_ahead
from lanedet.video.image_source import ImageSource
from lanedet.video.lane_tracker import LaneTracker
from lanedet.video.open_source import open_source
from lanedet.video.selection import Selection
from lanedet.video.source import Source, VideoBreakError, VideoFrame
from lanedet.video.stage_times import STAGES, StageTimes
from lanedet.video.video_outputs import (
    OpenOutputs,
    VideoOutputs,
    WindowClosedError,
)

_QUEUE_SIZE = 4  # frames that wait between two stages; more smooth nothing out
_LIVE_QUEUE_SIZE = 2  # of a live source the newest ones are wanted
_MAX_NETWORK_THREADS = 16  # each holds the activations of a network
_NO_LANES_HINT = (
    "No lane was found in any frame. Is the picture upright, and a road seen from a "
    "windscreen? Weights see what they were trained on: others may see more."
)


@dataclass(frozen=True)
class VideoOptions:
    """How a run goes about it.

    Raises:
        ValueError: If ``batch_size`` is below 1, or a view from above is wanted without
            a calibration.
    """

    batch_size: int = 1
    """Frames per pass of the network. More than 1 helps on a GPU only."""

    threads: bool | None = None
    """Whether reading, the network, and drawing with encoding overlap, and on a CPU
    the network looks at as many frames at once as there are cores. If not given, where
    :func:`threads_pay`."""

    tracking: bool = True
    """Whether lanes are followed and smoothed from frame to frame. The pictures of one
    folder are taken as a film; those of several folders are as many films."""

    calibration: Calibration | None = None
    """Of the camera, for metres."""

    attention: bool = False
    """Whether to show where the network looks, beside each frame."""

    birds_eye: bool = False
    """Whether to show the road from above, in an inset; needs ``calibration``."""

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}.")
        if self.birds_eye and self.calibration is None:
            raise ValueError(
                "The road can be shown from above only with a calibration of the "
                "camera: give one."
            )


@dataclass(frozen=True)
class VideoSummary:
    """What was done with a source."""

    num_frames: int
    """Frames that were written."""

    num_frames_with_lanes: int
    """Those of them in which a lane was found."""

    length_s: float | None
    """Length of what was written, in seconds; None where pictures are no film."""

    seconds: float
    """Wall-clock time, without loading the weights."""

    driving: DrivingSummary
    """What the lanes said about the driving."""

    times: StageTimes
    """How long each stage took."""

    num_undecodable: int
    """Frames that could not be decoded."""

    num_dropped: int
    """Frames of a live source that came faster than they could be looked at."""

    num_reconnects: int
    """How often a live source was connected again."""

    written: tuple[Path, ...]
    """The files and folders that hold it."""

    event_clips: tuple[Path, ...]
    """Those of them that show one lane departure each."""

    num_events_uncut: int
    """Lane departures without a clip though clips were asked for: the cutting of them
    was stopped, or had no room."""

    is_sound_missing: bool
    """Whether a clip is silent because the sound of a live source is not recorded."""

    @property
    def frames_per_second(self) -> float:
        """Speed of the whole pipeline."""
        return self.num_frames / self.seconds

    @property
    def lane_share(self) -> float:
        """Share of the frames in which a lane was found, in [0, 1]."""
        return self.num_frames_with_lanes / self.num_frames if self.num_frames else 0.0

    def lines(self) -> list[str]:
        """Return the summary as a person may want to read it."""
        is_film = self.length_s is not None
        noun = _noun(is_film)
        length = f", {self.length_s:.1f} s long," if is_film else ""
        lines = [
            f"{counted(self.num_frames, noun)}{length} in {self.seconds:.1f} s "
            f"({self.frames_per_second:.1f} {noun}s/s)",
            f"lanes in {self.lane_share:.0%} of the {noun}s, the driver's own lane in "
            f"{self.driving.ego_lane_share:.0%}",
            *(_driving_lines(self.driving) if is_film else []),
            f"{noun}s/s of each stage alone: " + _stages_text(self.times),
        ]
        losses = {
            "could not be decoded": self.num_undecodable,
            "came too fast to be looked at": self.num_dropped,
        }
        lines += [
            f"{counted(number, noun)} {why}" for why, number in losses.items() if number
        ]
        if self.num_reconnects:
            lines.append(f"connected again {counted(self.num_reconnects, 'time')}")
        lines += self._event_clip_lines()
        if self.is_sound_missing:
            lines.append("no sound: that of a live source is not recorded")
        if not self.num_frames_with_lanes:
            lines.append(_NO_LANES_HINT)
        return lines

    def _event_clip_lines(self) -> list[str]:
        num_cut = len(self.event_clips)
        num_wanted = num_cut + self.num_events_uncut
        if not num_wanted:
            return []
        line = counted(num_cut, "event clip")
        if self.num_events_uncut:
            line += f" of {num_wanted}"
        if num_cut:
            line += ": " + ", ".join(path.name for path in self.event_clips)
        return [line]


def _noun(is_film: bool) -> str:
    return "frame" if is_film else "picture"


def _place_lines(driving: DrivingSummary) -> list[str]:
    if driving.mean_abs_offset_share is None:
        return []
    line = f"{driving.mean_abs_offset_share:.0%} of its width"
    if driving.mean_abs_offset_m is not None:
        line += f", {driving.mean_abs_offset_m:.2f} m"
    return [f"mean distance from the own lane's centre: {line}"]


def _driving_lines(driving: DrivingSummary) -> list[str]:
    return [*_place_lines(driving), _events_line(driving)]


def _events_line(driving: DrivingSummary) -> str:
    sides = [event.kind for event in driving.events]
    line = counted(len(sides), "lane departure")
    if sides:
        line += f" ({sides.count('left')} left, {sides.count('right')} right)"
    return line


def _stages_text(times: StageTimes) -> str:
    rates = {stage: times.frames_per_second(stage) for stage in STAGES}
    return ", ".join(f"{stage} {rate:.0f}" for stage, rate in rates.items() if rate)


def threads_pay(device: torch.device) -> bool:
    """Return whether to overlap the stages on a device: with two cores or a GPU."""
    return device.type != "cpu" or _num_cores() > 1


def _num_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def annotate_video(
    source: Source | Path | str,
    inferencer: LaneInferencer,
    outputs: VideoOutputs,
    *,
    selection: Selection | None = None,
    options: VideoOptions | None = None,
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

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If there is no such source.
        VideoBreakError: If the source breaks off, after what comes before was written.
        ValueError: If the source is no video, no output is asked for, or an output
            would overwrite a file of the source or another output; if no frame is in
            the selection, or one cannot be drawn or logged, after what comes before.
        OSError: If the source cannot be opened or an output cannot be written.

    Warns:
        UserWarning: Once, if pictures are of several sizes and are drawn.
    """
    selection = Selection() if selection is None else selection
    options = VideoOptions() if options is None else options
    if isinstance(source, Source):
        outputs.check(source.name, source.files, source.films)
        return _Run(source, inferencer, outputs, selection, options).run()
    outputs.check(str(source))
    has_clip = outputs.clip is not None
    with open_source(str(source), with_sound=has_clip) as opened:
        outputs.check(opened.name, opened.files, opened.films)
        return _Run(opened, inferencer, outputs, selection, options).run()


class _Seen(NamedTuple):
    """Frames that went through the network."""

    frames: Sequence[VideoFrame]
    samples: list[LaneSample]
    attention: list[dict[str, FloatArray]]
    """Maps (H, W) by stage; empty where they are not wanted."""
    seconds: float
    """From the frames to their lanes."""


class _Run:
    """One source, once."""

    def __init__(
        self,
        source: Source,
        inferencer: LaneInferencer,
        outputs: VideoOutputs,
        selection: Selection,
        options: VideoOptions,
    ) -> None:
        self._source, self._inferencer = source, inferencer
        self._outputs, self._selection, self._options = outputs, selection, options
        self._times = StageTimes()
        num_slots = inferencer.num_slots
        self._tracker = LaneTracker(num_slots) if options.tracking else None
        self._monitor = DrivingMonitor(num_slots, options.calibration)
        self._film: PurePosixPath | None = None
        self._first_size: tuple[str, int, int] | None = None
        self._has_told_size = False
        self._painter = FramePainter(
            num_slots, options.calibration if options.birds_eye else None
        )
        self._has_threads = options.threads
        if self._has_threads is None:
            self._has_threads = threads_pay(inferencer.device)
        self._num_networks = 1
        if self._has_threads and inferencer.device.type == "cpu":
            self._num_networks = min(_num_cores(), _MAX_NETWORK_THREADS)

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
                        unit=_noun(self._is_film),
                        desc=Path(self._source.name).name,
                    )
                )
                seen = self._seen(stack, frames)
                with suppress(WindowClosedError), self._writer(files) as write:
                    for batch in seen:
                        for found in self._annotated(batch):
                            write(found)
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
            length_s=files.length_s if self._is_film else None,
            seconds=seconds,
            driving=self._monitor.summary,
            times=self._times,
            num_undecodable=self._source.num_undecodable,
            num_dropped=queue.num_dropped,
            num_reconnects=self._source.num_reconnects,
            written=tuple(files.written),
            event_clips=tuple(files.event_clips),
            num_events_uncut=files.num_events_uncut,
            is_sound_missing=self._source.is_live and self._outputs.clip is not None,
        )

    @property
    def _is_film(self) -> bool:
        """Whether frames follow one another, as the tracker takes them to do."""
        return self._tracker is not None or not isinstance(self._source, ImageSource)

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
            self._painter,
            self._times,
            end=self._selection.end,
            every=self._selection.every,
        )

    @contextmanager
    def _writer(self, files: OpenOutputs) -> Iterator[Callable[[AnnotatedFrame], None]]:
        """Yield what writes a frame, in a thread where that is wanted."""
        # A window belongs to the main thread.
        if not self._has_threads or self._outputs.show:
            yield files.write
            return
        with WriteBehind(files.write, _QUEUE_SIZE) as behind:
            yield behind.put

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        begin = perf_counter()
        for frame in frames:
            self._times.add("decode", perf_counter() - begin)
            yield frame
            begin = perf_counter()

    def _seen(self, stack: ExitStack, frames: Iterable[VideoFrame]) -> Iterator[_Seen]:
        """Yield the frames in order, in batches, as they come out of the network."""
        batches = _batches(frames, self._options.batch_size)
        if self._num_networks == 1:
            return map(self._look_at, batches)
        # An operator of a small network is too short to be shared: two threads of one
        # operator wait for one another as long as they compute. Two frames do not.
        stack.enter_context(_one_thread_each())
        seen = stack.enter_context(
            map_ahead(
                self._look_at,
                batches,
                self._num_networks,
                begin=partial(torch.set_num_threads, 1),
            )
        )
        stack.callback(self._source.stop)
        return seen

    def _look_at(self, frames: Sequence[VideoFrame]) -> _Seen:
        begin = perf_counter()
        samples, attention = self._infer([frame.image for frame in frames])
        return _Seen(frames, samples, attention, perf_counter() - begin)

    def _annotated(self, seen: _Seen) -> Iterator[AnnotatedFrame]:
        """Yield frames with their lanes and what these say."""
        num_frames = len(seen.frames)
        self._times.add("infer", seen.seconds / self._num_networks, num_frames)
        run_time_ms = 1000 * seen.seconds / num_frames
        for frame, sample, attention in zip(*seen[:3], strict=True):
            if self._options.calibration is not None:
                # Now, not when the first lanes are measured: lines would be written.
                height, width = frame.image.shape[:2]
                self._options.calibration.to_road_from((height, width))
            with self._times.measure("track"):
                self._begin_film(PurePosixPath(frame.name).parent)
                self._check_size(frame)
                if self._tracker is not None:
                    sample = self._tracker.update(sample, frame.time_s)
                state = self._monitor.update(sample, frame.time_s, frame.index)
            yield AnnotatedFrame(frame, sample, state, run_time_ms, attention)

    def _begin_film(self, film: PurePosixPath) -> None:
        """Carry nothing over from one film to the next."""
        if film != self._film or not self._is_film:
            self._film = film
            self._monitor.begin_film()
            if self._tracker is not None:
                self._tracker.begin_film()

    def _check_size(self, frame: VideoFrame) -> None:
        """Warn once of pictures that are not shown at their own size."""
        height, width = frame.image.shape[:2]
        if self._first_size is None:
            self._first_size = (self._name_of(frame), width, height)
        name, first_width, first_height = self._first_size
        if (width, height) == (first_width, first_height) or self._has_told_size:
            return
        self._has_told_size = True
        if self._outputs.clip is not None or self._outputs.show:
            warnings.warn(
                f"Pictures differ in size: {name} has {first_width}x{first_height} "
                f"pixels, {self._name_of(frame)} {width}x{height}. All are shown at "
                "the size of the first, those of another shape with black borders.",
                stacklevel=callers_stacklevel(),
            )

    def _name_of(self, frame: VideoFrame) -> str:
        is_picture = isinstance(self._source, ImageSource)
        return frame.name if is_picture else f"frame {frame.index}"

    def _infer(
        self, images: Sequence[ByteArray]
    ) -> tuple[list[LaneSample], list[dict[str, FloatArray]]]:
        """Return the lanes of images, and their attention maps if they are wanted."""
        if not self._options.attention:
            samples = self._inferencer.predict(
                images, batch_size=len(images), progress=False
            )
            return samples, [{} for _ in samples]
        samples, maps = [], []
        for image in images:
            sample, energies = self._inferencer.attention(image)
            samples.append(sample)
            maps.append(
                {
                    stage: map_to_original(energy.double().numpy(), sample.view)
                    for stage, energy in energies.items()
                }
            )
        return samples, maps


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let OpenCV, and PyTorch in new threads, use no threads of their own."""
    of_cv2, of_torch = cv2.getNumThreads(), torch.get_num_threads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(of_cv2)
        torch.set_num_threads(of_torch)  # the threads' setting is everybody's default


def _batches(frames: Iterable[VideoFrame], size: int) -> Iterator[list[VideoFrame]]:
    """Yield lists of ``size`` frames; the last, also before a break, may be shorter."""
    batch: list[VideoFrame] = []
    try:
        for frame in frames:
            batch.append(frame)
            if len(batch) == size:
                yield batch
                batch = []
    except VideoBreakError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
