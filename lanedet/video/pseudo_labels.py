"""Lanes that a detector found in a clip, as labels for a person to correct."""

from pathlib import Path

from lanedet.arrays import ByteArray
from lanedet.files import check_empty_folder
from lanedet.images import write_image
from lanedet.ops import simplify_polyline
from lanedet.runtime import progress_bar
from lanedet.structures import LaneSample
from lanedet.video.outputs.log import LoggedFrame, read_lane_log
from lanedet.video.sources.file import VideoReader

_JPEG_QUALITY = 95


def extract_pseudo_labels(
    video: Path,
    log: Path,
    folder: Path,
    *,
    step: int = 1,
    min_score: float = 0.0,
    tolerance: float = 1.0,
) -> list[LaneSample]:
    """Save frames of a clip as pictures, and return the lanes logged for them.

    Args:
        video: The clip that the log was made from.
        log: Of :class:`~lanedet.video.LaneLog`, as lanedet video writes it.
        folder: New or empty; the pictures go there as ``<clip>_<frame>.jpg``.
        step: Take every so many frames, the first one first, at least 1. Neighbours
            resemble one another: a second of driving between two is not too much.
        min_score: Lanes that score less are left out.
        tolerance: Points are thinned out, as a person would set them; how far the
            line may move by that, in pixels.

    Returns:
        One sample per picture with ``gt_lanes``, ``img_path``, ``raw_file`` and
        ``ori_shape``.

    Raises:
        FileNotFoundError: If there is no such clip or log.
        ValueError: If the log is broken or of another clip, ``folder`` is not empty,
            or ``step`` is below 1.
        OSError: If a picture cannot be written.
    """
    if step < 1:
        raise ValueError(f"step must be at least 1, got {step}.")
    check_empty_folder(folder)
    logged = {frame.number: frame for frame in read_lane_log(log)}
    samples = []
    with VideoReader(video) as reader:
        folder.mkdir(parents=True, exist_ok=True)
        last = -1
        for frame in progress_bar(reader, total=reader.expected_frames, unit="frame"):
            last = frame.index
            if frame.index % step == 0 and frame.index in logged:
                path = folder / f"{video.stem}_{frame.index:06d}.jpg"
                write_image(path, frame.image, _JPEG_QUALITY)
                entry = logged[frame.index]
                samples.append(_sample(path, frame.image, entry, min_score, tolerance))
    if logged and max(logged) > last:
        raise ValueError(
            f"'{log}' must be the log of '{video}', but it knows a frame "
            f"{max(logged)} and the clip ends with {last}."
        )
    return samples


def _sample(
    path: Path,
    image: ByteArray,
    entry: LoggedFrame,
    min_score: float,
    tolerance: float,
) -> LaneSample:
    sample = LaneSample(
        metainfo={
            "img_path": str(path),
            "raw_file": path.name,
            "ori_shape": image.shape[:2],
        }
    )
    sample.gt_lanes = [
        simplify_polyline(lane, tolerance)
        for lane, score in zip(entry.lanes, entry.scores, strict=True)
        if score >= min_score and len(lane) >= 2
    ]
    return sample
