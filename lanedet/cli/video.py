"""Find the lanes in a video, pictures, a stream or a camera: draw them, write them."""

import argparse
import math
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from tqdm import tqdm

from lanedet.cli.options import PATH_HINT, add_lane_options
from lanedet.runtime import reported_warnings, tune_allocator, tune_threads, user_errors

EXAMPLES = f"""examples:
  lanedet video drive.mp4 --out lanes.mp4 --json lanes.jsonl
  lanedet video drive.mp4 --start 1:30 --end 2:00 --out cut.mp4
  lanedet video clips/0530/1492626760788443246_0/ --fps 20 --show
  lanedet video "drive/*.jpg" --tusimple predictions.json
  lanedet video rtsp://camera.local/stream --out drive.mp4 --end 600
  lanedet video 0 --weights weights.safetensors --show

Each line of the log is one frame, with points in its own pixels:
  {{"frame": 0, "time": 0.0, "name": null, "width": 1280, "height": 720, "lanes": [
      {{"slot": 2, "name": "ego left", "id": 0, "score": 0.66,
       "points": [[x, y], ...]}}, ...], "ego": {{...}}, "events": [...]}}
Slots count from the left; of six, 2 and 3 are the lines of the driver's own lane.
Pictures have a name, their path below the folder that was named.

What ends a run early (a broken video, a full disk, Ctrl-C) leaves whole files, which a
last line names, and an exit status that is not 0. So do frames that damage has
swallowed in the middle of a file of any format but a bare stream (.h264). After Ctrl-C
the clips of events so far are still cut; Ctrl-C again stops that, and leaves the whole
ones. Not every video that was cut off can be told from a whole one: of bare streams
none, of MPEG-TS (.ts) and MPEG-PS (.mpg) not those cut between two packets or pictures.
{PATH_HINT}"""


_SLOWEST, _FASTEST = Fraction(1, 1000), Fraction(1000)  # frames per second
_MAX_DIGITS = 24


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        help="video in any format that FFmpeg knows, image, folder or pattern of "
        "images, number of a camera, or URL (rtsp://, http://, ...). The images of a "
        "folder are taken as a clip, those of its folders as a clip each; where they "
        "are single pictures add --no-tracking",
    )
    _add_outputs(parser)
    _add_selection(parser)
    _add_model(parser)
    args = parser.parse_args()
    if not (args.out or args.json or args.tusimple or args.culane or args.show):
        parser.error(
            "ask for --out CLIP, --json FILE, --tusimple FILE, --culane DIR or --show"
        )
    return args


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to make")
    group.add_argument(
        "--out",
        type=Path,
        metavar="CLIP",
        help="annotated clip (.mp4, .mov or .mkv), with the source's times and, of a "
        "video file, its sound; that of cameras and streams is not recorded. Pictures "
        "of several sizes are fitted into the size of the first",
    )
    group.add_argument("--json", type=Path, metavar="FILE", help="lanes, as JSON Lines")
    group.add_argument(
        "--tusimple", type=Path, metavar="FILE", help="lanes, as TuSimple predictions"
    )
    group.add_argument(
        "--culane",
        type=Path,
        metavar="DIR",
        help="lanes, as CULane predictions. The frames of a folder are named by their "
        "paths in it: name the benchmark's root as the source, and another folder "
        "here, as labels beside the images would be replaced. Where other lanes "
        "lie already, as of an earlier run, nothing is started",
    )
    group.add_argument(
        "--event-clips",
        type=Path,
        metavar="DIR",
        help="clips of 4 s before to 4 s after each lane departure, cut out of --out",
    )
    group.add_argument(
        "--show", action="store_true", help="show the frames; q or Esc ends the run"
    )
    group.add_argument(
        "--attention",
        action="store_true",
        help="show where the network looks, beside each frame",
    )
    group.add_argument(
        "--bev",
        action="store_true",
        help="show the road from above, in an inset; needs --calibration",
    )


def _add_selection(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which frames")
    group.add_argument(
        "--start", default="0", metavar="TIME", help="in seconds, MM:SS or HH:MM:SS"
    )
    group.add_argument("--end", metavar="TIME", help="likewise; not included")
    group.add_argument(
        "--every",
        type=int,
        default=1,
        metavar="N",
        help="take one of every N frames and leave out the others, in all outputs; "
        "what is kept keeps its number and time (default: 1)",
    )
    group.add_argument(
        "--fps",
        type=_frame_rate,
        help="frames per second where the source is made of images (default: 10) or is "
        "a bare stream such as .h264 (default: what it states), such as 29.97 or "
        "30000/1001",
    )
    group.add_argument(
        "--stall",
        type=_seconds,
        default=10.0,
        metavar="SECONDS",
        help="how long a camera or stream may send nothing before it counts as "
        "dropped (default: 10)",
    )
    group.add_argument(
        "--max-wait",
        type=_seconds,
        default=30.0,
        metavar="SECONDS",
        help="how long to try to get a camera or stream back (default: 30)",
    )


def _frame_rate(text: str) -> Fraction:
    rate = Fraction(0)
    if len(text) <= _MAX_DIGITS and "e" not in text.lower():  # 1e9999999 takes hours
        with suppress(ValueError, ZeroDivisionError):
            rate = Fraction(text)
    if not _SLOWEST <= rate <= _FASTEST:
        raise argparse.ArgumentTypeError(
            f"must be a number from {_SLOWEST} to {_FASTEST}, such as 29.97 or "
            f"30000/1001, got {text[:_MAX_DIGITS]!r}"
        )
    return rate


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(
            f"must be seconds, a number above 0 such as 7.5, got {text!r}"
        )
    return seconds


def _add_model(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("how")
    add_lane_options(group)
    group.add_argument(
        "--threads",
        action=argparse.BooleanOptionalAction,
        help="overlap reading, network and writing (default: on a GPU, or with at "
        "least two CPU cores)",
    )


@user_errors()
def main() -> None:
    """Annotate a source."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet.inference import LaneInferencer
    from lanedet.video import (
        Calibration,
        Selection,
        VideoOptions,
        VideoOutputs,
        annotate_video,
        open_source,
        parse_time,
    )

    selection = Selection(
        parse_time(args.start), parse_time(args.end) if args.end else None, args.every
    )
    options = VideoOptions(
        args.batch_size,
        args.threads,
        args.tracking,
        Calibration.read(args.calibration) if args.calibration else None,
        args.attention,
        args.bev,
    )
    outputs = VideoOutputs(
        args.out, args.json, args.tusimple, args.culane, args.event_clips, args.show
    )
    outputs.check(args.source)
    # Only PyTorch can say where a network looks.
    runtime = "torch" if args.attention and args.runtime is None else args.runtime
    inferencer = LaneInferencer(
        args.weights, device=args.device, half=args.half, runtime=runtime
    )

    def tell(warning: str) -> None:
        tqdm.write(f"warning: {warning}", file=sys.stderr)  # above the progress bar

    with (
        reported_warnings(tell),
        open_source(
            args.source,
            image_rate=args.fps,
            with_sound=args.out is not None,
            stall_s=args.stall,
            max_wait_s=args.max_wait,
        ) as source,
    ):
        summary = annotate_video(
            source, inferencer, outputs, selection=selection, options=options
        )
    for line in summary.lines():
        print(line)
    print(f"The network ran in {inferencer.runtime} on {inferencer.device}.")
    if summary.written:
        print("Wrote " + ", ".join(str(path) for path in summary.written))
