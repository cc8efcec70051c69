"""Make dashcam scenes with exact lanes: a data set, a clip, or both."""

import argparse
import os
from pathlib import Path

from lanedet.runtime import progress_bar, user_errors
from lanedet.simulation import Drive, write_tusimple_tree
from lanedet.simulation.categories import CATEGORIES, MIXTURES
from lanedet.video import VideoWriter

_FRAME_RATE = 25
_DEFAULT_NUM = 1000
_MIN_SCENES_TO_SHARE = 200  # below, starting processes takes longer than it saves
_EPILOG = """examples:
  python tools/make_scenes.py data/scenes --num 2000 --seed 0
  python tools/make_scenes.py data/curves --num 500 --category curve
  python tools/make_scenes.py --clip drive.mp4 --seconds 10
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
        help="folder of the data set; may be left out with --clip",
    )
    parser.add_argument(
        "--num", type=int, help="scenes in all splits (1000); 0 with --clip: no set"
    )
    parser.add_argument("--seed", type=int, default=0, help="names the collection")
    parser.add_argument(
        "--size", type=_size, default=(360, 640), help="WIDTHxHEIGHT (640x360)"
    )
    parser.add_argument("--format", choices=["tusimple"], default="tusimple")
    parser.add_argument(
        "--category",
        choices=[*CATEGORIES, *MIXTURES],
        help="of which category all scenes of the set are; 'culane' mixes its nine in "
        "the proportions of its test set, 'diverse' all of them for training (without "
        "it: plain highway scenes by day and night)",
    )
    parser.add_argument(
        "--workers",
        type=int,
        help=f"processes (one per core from {_MIN_SCENES_TO_SHARE} scenes on, else 1)",
    )
    parser.add_argument("--clip", type=Path, help="write a drive as this video")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="length of the clip"
    )
    args = parser.parse_args()
    if args.out is None and args.clip is None:
        parser.error("nothing to make: give the folder OUT, --clip VIDEO or both")
    if args.out is None and args.num:
        parser.error("--num is for a data set: give its folder OUT too")
    if args.num is None:
        args.num = _DEFAULT_NUM
    return args


@user_errors()
def main() -> None:
    """Make what the command line asks for."""
    args = parse_args()
    if args.out is not None and (args.num != 0 or args.clip is None):
        _make_data_set(args)
    if args.clip is not None:
        _make_clip(args)


def _make_data_set(args: argparse.Namespace) -> None:
    workers = args.workers
    if workers is None:
        cores = os.cpu_count() or 1
        workers = cores if args.num >= _MIN_SCENES_TO_SHARE else 1
    counts = write_tusimple_tree(
        args.out, args.num, args.seed, args.size, workers, args.category
    )
    print(f"{sum(counts.values())} scenes in {args.out}:")
    for name, count in counts.items():
        print(f"  {name}: {count}")


def _make_clip(args: argparse.Namespace) -> None:
    num_frames = round(args.seconds * _FRAME_RATE)
    drive = Drive(args.seed, num_frames, float(_FRAME_RATE), args.size)
    with VideoWriter(args.clip, _FRAME_RATE) as writer:
        for image, _ in progress_bar(drive, desc="clip", unit="frame"):
            writer.write(image)
    print(f"{num_frames} frames of a drive in {args.clip}")


def _size(text: str) -> tuple[int, int]:
    """Return (H, W) of a text such as 640x360."""
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f"must be WIDTHxHEIGHT, got {text!r}")
    return int(height), int(width)


if __name__ == "__main__":
    main()
