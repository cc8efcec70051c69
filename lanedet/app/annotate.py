"""What the page does with a picture or a clip."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from threading import Event

import cv2
import numpy as np

from lanedet.arrays import ByteArray
from lanedet.images import read_image, write_image
from lanedet.inference import LaneInferencer
from lanedet.ops import ViewTransform, map_to_original
from lanedet.runtime import reported_warnings
from lanedet.video import (
    AnnotatedFrame,
    DrivingMonitor,
    FramePainter,
    LaneLog,
    Selection,
    Source,
    VideoBreakError,
    VideoFrame,
    VideoOptions,
    VideoOutputs,
    VideoReader,
    annotate_video,
)
from lanedet.visualization import draw_attention

_MAX_MAP_PIXELS = 8_000_000  # of a map, which takes some 40 bytes for each


@dataclass(frozen=True)
class PictureResult:
    """What was made of a picture."""

    picture: Path
    """The picture with its lanes."""

    attention: dict[str, Path]
    """Pictures of where the network looks, by the name of its stage; none of an
    exported network. They are of the
    picture's size, or an nth of it where that would be more than 8 million pixels."""

    log: Path
    """The lanes, one line of a :class:`~lanedet.video.LaneLog`."""

    lines: list[str]
    """What to tell about it."""


@dataclass(frozen=True)
class ClipResult:
    """What was made of a clip."""

    clip: Path
    """The clip with its lanes, H.264."""

    log: Path
    """The lanes, a :class:`~lanedet.video.LaneLog`."""

    lines: list[str]
    """What to tell about it."""


@dataclass(frozen=True)
class StoppableStart(Selection):
    """The beginning of a source, which can be cut shorter on the way."""

    stop: Event = field(default_factory=Event)
    """Once another thread has set it, the frame at hand is the last."""

    def frames(self, source: Source) -> Iterator[VideoFrame]:
        """Yield the frames of a source that are wanted, at least one."""
        for frame in super().frames(source):
            yield frame
            if self.stop.is_set():
                return


def annotate_picture(
    source: Path, inferencer: LaneInferencer, folder: Path
) -> PictureResult:
    """Draw the lanes of a picture and where the network looks.

    Args:
        source: An image file.
        inferencer: Finds the lanes.
        folder: Where the results go.

    Raises:
        ValueError: If it is no whole image.
    """
    image = read_image(source)
    lines: list[str] = []
    with reported_warnings(lines.append):
        if inferencer.has_stages:
            sample, energies = inferencer.attention(image)
        else:
            [sample], energies = inferencer.predict([image]), {}
    state = DrivingMonitor(inferencer.num_slots).update(sample, 0.0)
    frame = VideoFrame(0, Fraction(0), image, source.name)
    picture = folder / f"{source.stem}_lanes.jpg"
    painter = FramePainter(inferencer.num_slots)
    write_image(picture, painter.paint(AnnotatedFrame(frame, sample, state, 0.0)))
    attention = {}
    background, view = _shrunk(image, sample.view)
    for stage, energy in energies.items():
        on_image = map_to_original(energy.double().numpy(), view)
        attention[stage] = folder / f"{source.stem}_{stage}.jpg"
        write_image(attention[stage], draw_attention(background, on_image))
    with LaneLog(folder / f"{source.stem}_lanes.jsonl") as log:
        log.write(0, 0.0, sample, state)
    names = ", ".join(sample.pred_names)
    lines.append(f"Lanes found: {names}." if names else "No lane was found.")
    return PictureResult(picture, attention, log.path, lines)


def _shrunk(image: ByteArray, view: ViewTransform) -> tuple[ByteArray, ViewTransform]:
    """Return an image and its view at a size that maps may be drawn at."""
    height, width = image.shape[:2]
    factor = math.ceil(math.sqrt(height * width / _MAX_MAP_PIXELS))
    if factor == 1:
        return image, view
    shape = (max(1, height // factor), max(1, width // factor))
    top, bottom, left, right = view.crop
    top, left = min(top // factor, shape[0] - 1), min(left // factor, shape[1] - 1)
    crop = (
        *(top, max(top + 1, min(bottom // factor, shape[0]))),
        *(left, max(left + 1, min(right // factor, shape[1]))),
    )
    small = cv2.resize(image, shape[::-1], interpolation=cv2.INTER_AREA)
    shrunk = np.asarray(small, dtype=np.uint8)
    return shrunk, ViewTransform(shape, view.input_shape, crop, view.place)


def annotate_clip(
    source: Path,
    inferencer: LaneInferencer,
    folder: Path,
    *,
    selection: Selection | None = None,
    options: VideoOptions | None = None,
) -> ClipResult:
    """Draw the lanes of a clip.

    Of a clip that breaks off, what comes before is the result, and says so.

    Args:
        source: A video file.
        inferencer: Finds the lanes.
        folder: Where the results go.
        selection: Which frames; all if not given.
        options: How to go about it.

    Raises:
        ValueError: If it is no video.
        OSError: If the results cannot be written.
    """
    clip = folder / f"{source.stem}_lanes.mp4"
    log = folder / f"{source.stem}_lanes.jsonl"
    lines: list[str] = []
    with (
        reported_warnings(lines.append),
        VideoReader(source, with_sound=True, self_contained=True) as reader,
    ):
        try:
            summary = annotate_video(
                reader,
                inferencer,
                VideoOutputs(clip=clip, log=log),
                selection=selection,
                options=options,
            )
            lines += summary.lines()
        except VideoBreakError as error:
            if not clip.exists():
                raise
            lines.append(str(error))
            *summary_notes, _paths = error.__notes__  # which are none of the user's
            lines += "\n".join(summary_notes).splitlines()
    return ClipResult(clip, log, lines)
