"""Make dashcam scenes with exact lanes: a data set, a clip, or both."""

import argparse
import math
from contextlib import suppress
from pathlib import Path

from lanedet.runtime import progress_bar, user_errors
from lanedet.simulation import TREE_FORMATS, Drive, write_scene_tree
from lanedet.simulation.arguments import SMALLEST_SHAPE
from lanedet.simulation.export.scene_files import (
    BENCHMARK_SEEDS,
    LARGEST_SEED,
    MIN_SCENES_TO_SHARE,
    check_seed_is_free,
    num_scene_workers,
)
from lanedet.simulation.export.scene_parts import ScenePart, write_scene_part
from lanedet.simulation.sampling.categories import CATEGORIES, MIXTURES
from lanedet.video import VideoWriter

_FRAME_RATE = 25
_DEFAULT_NUM = 1000
_CLIP_SHAPE = (360, 640)
_EPILOG = """examples:
  lanedet scenes data/scenes --num 2000 --seed 0
  lanedet scenes data/curves --num 500 --category curve
  lanedet scenes data/mixed --format culane --category culane
  lanedet scenes /shared/scenes --num 1000000 --part 3/16
  lanedet scenes --clip drive.mp4 --seconds 10
"""


def parse_args() -> argparse.Namespace:
    """Return the command line's arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "out",
        type=Path,
        nargs="?",
        help="folder of the data set; may be left out with --clip. Scenes that an "
        "earlier run made in it are replaced; it may hold no other data set",
    )
    parser.add_argument(
        "--num", type=int, help="scenes in all splits (1000); 0 with --clip: no set"
    )
    parser.add_argument(
        "--seed",
        type=int,
        default=0,
        help=f"names the collection, from 0 to {LARGEST_SEED} (0); not "
        f"{', '.join(map(str, BENCHMARK_SEEDS.values()))}, which are RoadScenes' own",
    )
    sizes = ", ".join(
        f"{name} {tree.shape[1]}x{tree.shape[0]}" for name, tree in TREE_FORMATS.items()
    )
    parser.add_argument(
        "--size",
        type=_size,
        help=f"WIDTHxHEIGHT, at least {SMALLEST_SHAPE[1]}x{SMALLEST_SHAPE[0]} "
        f"(by format: {sizes}; of a clip: 640x360)",
    )
    parser.add_argument(
        "--format",
        choices=TREE_FORMATS,
        default="tusimple",
        help="in which benchmark's tree (tusimple)",
    )
    parser.add_argument(
        "--category",
        choices=[*CATEGORIES, *MIXTURES],
        help="of which category all scenes are; 'culane' mixes its nine in "
        "the proportions of its test set, 'diverse' all of them for training (without "
        "it: plain highway scenes by day and night)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        help=f"processes (one per core from {MIN_SCENES_TO_SHARE} scenes on, else 1)",
    )
    parser.add_argument(
        "--part",
        type=_part,
        metavar="K/N",
        help="make only the K-th of N parts of the data set, as N machines do that "
        "share the folder, or whose folders are copied together; whoever makes the "
        "last completes it, and it is the one that a single machine makes",
    )
    parser.add_argument("--clip", type=Path, help="write a drive as this video")
    parser.add_argument(
        "--seconds", type=_seconds, default=10.0, help="length of the clip"
    )
    args = parser.parse_args()
    if args.out is None and args.clip is None:
        parser.error("nothing to make: give the folder OUT, --clip VIDEO or both")
    if args.out is None and args.num:
        parser.error("--num is for a data set: give its folder OUT too")
    if args.part is not None and args.out is None:
        parser.error("--part is of a data set: give its folder OUT too")
    if args.num is None:
        args.num = _DEFAULT_NUM
    return args


@user_errors()
def main() -> None:
    """Make what the command line asks for."""
    args = parse_args()
    check_seed_is_free(args.seed)
    if args.out is not None and (args.num != 0 or args.clip is None):
        _make_data_set(args)
    if args.clip is not None:
        _make_clip(args)


def _make_data_set(args: argparse.Namespace) -> None:
    if args.part is not None:
        _make_part(args)
        return
    workers = num_scene_workers(args.num) if args.workers is None else args.workers
    counts = write_scene_tree(
        args.out, args.num, args.seed, args.size, workers, args.category, args.format
    )
    print(f"{sum(counts.values())} scenes in {args.out}:")
    for name, count in counts.items():
        print(f"  {name}: {count}")


def _make_part(args: argparse.Namespace) -> None:
    part: ScenePart = args.part
    num_own = len(part.numbers(args.num))
    workers = num_scene_workers(num_own) if args.workers is None else args.workers
    how = (args.seed, args.size, workers, args.category, args.format)
    missing = write_scene_part(args.out, part, args.num, *how)
    place = f"part {part.number} of {part.num_parts} ({num_own} scenes) in {args.out}"
    if not missing:
        print(f"{place}: all {args.num} scenes are there.")
        return
    shown = ", ".join(map(str, missing[:10])) + (", ..." if len(missing) > 10 else "")
    print(f"{place}. Not there yet: {shown}")
    print(
        "Make these in the same folder, or copy their folders into it (with what is "
        "hidden in them) and make any part again: that completes the data set."
    )


def _make_clip(args: argparse.Namespace) -> None:
    num_frames = round(args.seconds * _FRAME_RATE)
    shape = args.size or _CLIP_SHAPE
    drive = Drive(
        args.seed, num_frames, float(_FRAME_RATE), shape, category=args.category
    )
    with VideoWriter(args.clip, _FRAME_RATE) as writer:
        for image, _ in progress_bar(drive, desc="clip", unit="frame"):
            writer.write(image)
    print(f"{num_frames} frames of a drive in {args.clip}")


def _part(text: str) -> ScenePart:
    """Return the part that a text such as 3/16 names."""
    number, _, num_parts = text.partition("/")
    if number.isdecimal() and num_parts.isdecimal():
        part = ScenePart(int(number[:9]), int(num_parts[:9]))
        if 1 <= part.number <= part.num_parts:
            return part
    raise argparse.ArgumentTypeError(f"must be K/N, K from 1 to N, got {text!r}")


def _seconds(text: str) -> float:
    """Return a length of time in seconds."""
    with suppress(ValueError):
        seconds = float(text)
        if 0 < seconds < math.inf:
            return seconds
    raise argparse.ArgumentTypeError(f"must be seconds, more than 0, got {text!r}")


def _size(text: str) -> tuple[int, int]:
    """Return (H, W) of a text such as 640x360."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, got {text!r}")
    return int(height), int(width)
