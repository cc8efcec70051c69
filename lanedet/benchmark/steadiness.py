"""How steady lanes are on video, as a detector finds them and as they are tracked.

On generated drives every frame's true lanes are known, so that what the road and the
camera do does not count. On clips of one's own, movement that is even from one frame to
the next does not count. The same detections are measured before and after tracking.

jitter   px of the clip: how far a lane lies from the straight line, in time, between
         the frame before and the one after; of its distance to the truth where known
wobble   px: the distance to the truth, less its mean over the second around
flicker  lanes that appear or disappear, a minute
ids      lanes that get another id (before tracking: another slot), a minute
error    px: mean distance to the truth
found, false  lanes found and lanes that are none, as shares of the true lanes
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.benchmark.steadiness_measures import (
    Steadiness,
    common_errors,
    measure_steadiness,
)
from lanedet.benchmark.timing import format_table, hardware_line, write_json
from lanedet.inference import LaneInferencer
from lanedet.runtime import RUNTIMES, progress_bar
from lanedet.simulation import Drive
from lanedet.structures import LaneSample
from lanedet.video import LaneTracker, open_source

_FRAME_RATE = 25.0
_HEADER = ("", "jitter", "wobble", "flicker", "ids", "error", "found", "false")


class Recording(NamedTuple):
    """What was found on one clip, before any tracking."""

    name: str
    samples: list[LaneSample]
    times_s: list[float]
    truth: list[list[FloatArray]] | None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "clips", nargs="*", help="videos, folders of images; instead of drives"
    )
    parser.add_argument(
        "--weights",
        help="weights, checkpoint or exported model (default: the package's)",
    )
    parser.add_argument("--device", help="default: a GPU where there is one")
    parser.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="what runs the network (default: the fastest that can)",
    )
    parser.add_argument(
        "--seeds",
        type=int,
        nargs="+",
        default=[200, 201, 202, 203, 204, 205],
        help="of the drives (default: 200 to 205)",
    )
    parser.add_argument(
        "--category",
        default="diverse",
        help="of the drives, as for lanedet scenes (default: %(default)s)",
    )
    parser.add_argument(
        "--seconds", type=float, default=8.0, help="length of a drive (default: 8)"
    )
    parser.add_argument(
        "--shape",
        type=int,
        nargs=2,
        default=[360, 640],
        metavar=("H", "W"),
        help="size of the drives' pictures (default: 360 640)",
    )
    parser.add_argument(
        "--every", type=int, default=1, help="take every so many frames (default: 1)"
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the report as JSON as well"
    )


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there are no such weights or clips.
        ValueError: If a number is out of its range, or a clip has too few frames.
    """
    if args.every < 1:
        raise ValueError(f"--every must be at least 1, got {args.every}.")
    inferencer = LaneInferencer(args.weights, device=args.device, runtime=args.runtime)
    report: dict[str, dict[str, Steadiness]] = {}
    shared: list[tuple[float, float]] = []
    for recording in _recordings(args, inferencer):
        tracked = track(recording, inferencer.num_slots)
        report[recording.name] = compare(recording, tracked)
        if recording.truth is not None:
            shared.append(common_errors(recording.samples, tracked, recording.truth))
    report["mean"] = {
        way: Steadiness(*np.mean([clip[way] for clip in report.values()], axis=0))
        for way in ("detected", "tracked")
    }
    rows = [
        [f"{name}, {way}", *_cells(measured)]
        for name, clip in report.items()
        for way, measured in clip.items()
    ]
    before, after = report["mean"]["detected"], report["mean"]["tracked"]
    print(f"{args.weights or 'weights of the package'}; {hardware_line()}")
    print(format_table(_HEADER, rows))
    print(
        f"Tracking divides jitter by {_factor(before.jitter_px, after.jitter_px)} and "
        f"flicker by {_factor(before.flicker_per_min, after.flicker_per_min)}."
    )
    if not np.isnan(before.error_px):
        print(f"The error changes by {after.error_px / before.error_px - 1:+.1%}.")
        detected_px, tracked_px = np.nanmean(shared, axis=0)
        print(
            "Where both have a lane, in no gap that tracking bridges, it changes from "
            f"{detected_px:.2f} to {tracked_px:.2f} px, by "
            f"{tracked_px / detected_px - 1:+.1%}."
        )
    write_json(
        args.json,
        {
            "every": args.every,
            "clips": {
                name: {way: measured._asdict() for way, measured in clip.items()}
                for name, clip in report.items()
            },
        },
    )


def track(recording: Recording, num_slots: int) -> list[LaneSample]:
    """Return a clip's samples as a tracker of its own leaves them."""
    tracker = LaneTracker(num_slots)
    return [
        tracker.update(sample, time_s)
        for sample, time_s in zip(recording.samples, recording.times_s, strict=True)
    ]


def compare(
    recording: Recording, tracked: Sequence[LaneSample]
) -> dict[str, Steadiness]:
    """Return how steady a clip's lanes are as ``detected`` and as ``tracked``.

    Raises:
        ValueError: If it has fewer than two frames.
    """
    return {
        way: measure_steadiness(samples, recording.times_s, recording.truth)
        for way, samples in (("detected", recording.samples), ("tracked", tracked))
    }


def _recordings(
    args: argparse.Namespace, inferencer: LaneInferencer
) -> Iterator[Recording]:
    for clip in args.clips:
        yield _film(clip, inferencer, args.every)
    if not args.clips:
        # Every so many frames of a drive are the drive at a lower frame rate.
        rate = _FRAME_RATE / args.every
        for seed in args.seeds:
            drive = Drive(
                seed,
                round(args.seconds * rate),
                rate,
                tuple(args.shape),
                category=args.category,
            )
            yield _drive(drive, inferencer)


def _drive(drive: Drive, inferencer: LaneInferencer) -> Recording:
    samples, truth = [], []
    for image, true in progress_bar(drive, desc=f"drive {drive.seed}", unit="frame"):
        samples += inferencer.predict(image)
        truth.append(true.gt_lanes)
    times_s = [frame / drive.fps for frame in range(len(samples))]
    return Recording(f"drive {drive.seed} ({true.category})", samples, times_s, truth)


def _film(clip: str, inferencer: LaneInferencer, every: int) -> Recording:
    samples, times_s = [], []
    with open_source(clip) as source:
        for frame in progress_bar(source, total=source.expected_frames, unit="frame"):
            if frame.index % every == 0:
                samples += inferencer.predict(frame.image)
                times_s.append(frame.time_s)
    return Recording(Path(clip).name, samples, times_s, None)


def _factor(before: float, after: float) -> str:
    """Return by what a number is divided.

    Example:
        >>> _factor(12.0, 5.0), _factor(12.0, 0.0)
        ('2.4', 'more than can be measured, as none is left')
    """
    if after > 0:
        return f"{before / after:.1f}"
    return "more than can be measured, as none is left" if before > 0 else "nothing"


def _cells(measured: Steadiness) -> Sequence[str]:
    digits = (2, 2, 1, 1, 2, 3, 3)
    return [
        "" if np.isnan(value) else f"{value:.{places}f}"
        for value, places in zip(measured, digits, strict=True)
    ]
