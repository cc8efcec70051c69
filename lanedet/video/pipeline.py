"""From a dashcam video to an annotated clip and a log of its lanes."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from lanedet.inference import LaneInferencer
from lanedet.runtime import hold_interrupts, progress_bar
from lanedet.structures import LaneSample
from lanedet.video.lane_log import LaneLog
from lanedet.video.source import VideoBreakError, VideoFrame
from lanedet.video.video_reader import VideoReader
from lanedet.video.video_writer import VideoWriter
from lanedet.visualization import draw_lanes


@dataclass(frozen=True)
class VideoSummary:
    """What was done with a video."""

    num_frames: int
    """Frames that were written."""

    num_frames_with_lanes: int
    """Those of them in which a lane was found."""

    seconds: float
    """Wall-clock time, without loading the weights."""

    @property
    def frames_per_second(self) -> float:
        """Speed of the whole pipeline."""
        return self.num_frames / self.seconds

    @property
    def lane_share(self) -> float:
        """Share of the frames in which a lane was found, in [0, 1]."""
        return self.num_frames_with_lanes / self.num_frames


def annotate_video(
    source: Path | str,
    inferencer: LaneInferencer,
    out: Path | str | None = None,
    json_path: Path | str | None = None,
    *,
    batch_size: int = 1,
) -> VideoSummary:
    """Draw the lanes of a video into a clip, and log them.

    The clip has the source's size, shape of pixels, frame rate and number of frames,
    but no sound. Frames are read, inferred and written one after the other on purpose:
    on two CPU cores threads beside PyTorch's made the whole slower, not faster.

    Whatever ends the run, clip and log are whole and hold the same frames; only where
    the clip itself cannot be written, as on a full disk, there is none. A note on the
    exception tells what was kept.

    Args:
        source: The video.
        inferencer: Finds the lanes.
        out: The annotated clip, or None for none.
        json_path: The lanes as JSON Lines (:class:`LaneLog`), or None for none.
        batch_size: Frames per pass of the network, at least 1. More than 1 helps on
            a GPU only.

    Returns:
        What was done.

    Raises:
        FileNotFoundError: If there is no such source.
        VideoBreakError: If the source breaks off, after what comes before was written.
        ValueError: If the source is no video, no output is asked for, an output would
            overwrite the source or the other output, or ``batch_size`` is below 1.
        OSError: If an output cannot be written.
    """
    out, json_path = (None if p is None else Path(p) for p in (out, json_path))
    _check_outputs(Path(source), [path for path in (out, json_path) if path])
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
    begin = perf_counter()
    outputs = _Outputs(inferencer.num_slots)
    try:
        with ExitStack() as stack:
            reader = stack.enter_context(VideoReader(source))
            if out is not None:
                outputs.clip = stack.enter_context(
                    VideoWriter(
                        out,
                        reader.frame_rate,
                        reader.sample_aspect_ratio,
                        time_base=reader.time_base,
                    )
                )
            if json_path is not None:
                outputs.log = stack.enter_context(LaneLog(json_path))
            bar = stack.enter_context(
                progress_bar(
                    total=reader.expected_frames, unit="frame", desc=Path(source).name
                )
            )
            outputs.are_open = True
            for frames in _batches(reader, batch_size):
                samples = inferencer.predict([frame.image for frame in frames])
                for frame, sample in zip(frames, samples, strict=True):
                    outputs.write(frame, sample)
                    bar.update()
    except (VideoBreakError, KeyboardInterrupt, OSError) as stop:
        if outputs.are_open:  # and closed again by now, or not even that worked
            stop.add_note(outputs.describe())
        raise
    return VideoSummary(
        outputs.num_frames, outputs.num_frames_with_lanes, perf_counter() - begin
    )


@dataclass
class _Outputs:
    """The files that a run writes, kept in step."""

    num_slots: int
    clip: VideoWriter | None = None
    log: LaneLog | None = None
    are_open: bool = False
    num_frames: int = 0
    num_frames_with_lanes: int = 0

    def write(self, frame: VideoFrame, sample: LaneSample) -> None:
        with hold_interrupts():  # into both files or none
            image = frame.image
            if self.clip is not None:
                image = draw_lanes(
                    image,
                    sample.pred_lanes,
                    slots=sample.pred_slots,
                    num_slots=self.num_slots,
                )
            # The log first: a line that fails must not have its frame in the clip.
            # The reverse does no harm, as there is no clip then.
            if self.log is not None:
                self.log.write(frame.time_s, sample)
            if self.clip is not None:
                self.clip.write(image, frame.time)
            self.num_frames += 1
            self.num_frames_with_lanes += bool(sample.pred_lanes)

    def describe(self) -> str:
        clip = self.clip if self.clip is not None and self.clip.is_kept else None
        kept = [part for part in (clip, self.log) if part and part.num_frames]
        if not kept:
            return "No frame was kept."
        paths = ", ".join(str(part.path) for part in kept)
        return f"Whole and kept, with {kept[0].num_frames} frames: {paths}."


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


def _check_outputs(source: Path, outputs: Sequence[Path]) -> None:
    if not outputs:
        raise ValueError("Nothing to do: ask for a clip, a log of the lanes, or both.")
    paths = [source, *outputs]
    if len({path.resolve() for path in paths}) < len(paths):
        raise ValueError(
            "The source and the outputs must be different files, got "
            f"{', '.join(repr(str(path)) for path in paths)}."
        )
