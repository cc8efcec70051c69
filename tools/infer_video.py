"""Find the lanes in a dashcam video: draw them into a clip, log them, or both."""

import argparse

from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  python tools/infer_video.py drive.mp4 --weights weights.safetensors \\
      --out annotated.mp4
  python tools/infer_video.py drive.mp4 --weights weights.safetensors \\
      --json lanes.jsonl --device cuda --batch-size 16

Each line of the log is one frame, with points in pixels of the video:
  {"frame": 0, "time": 0.0, "lanes": [
      {"slot": 2, "score": 0.97, "points": [[x, y], ...]}, ...]}
Slots count from the left; of six, 2 and 3 are the driver's own lane.
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", help="video in any format that FFmpeg knows")
    parser.add_argument(
        "--weights", required=True, help="weights (.safetensors) or checkpoint (.pth)"
    )
    parser.add_argument("--out", help="annotated clip to write (.mp4, .mov or .mkv)")
    parser.add_argument("--json", help="lanes to write, as JSON Lines")
    parser.add_argument(
        "--device", help="such as cpu or cuda:0 (default: a GPU where there is one)"
    )
    parser.add_argument(
        "--batch-size",
        type=int,
        default=1,
        help="frames per pass; more helps on a GPU only (default: 1)",
    )
    args = parser.parse_args()
    if not args.out and not args.json:
        parser.error("ask for --out CLIP, --json FILE or both")
    return args


@user_errors()
def main() -> None:
    """Annotate a video."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet.inference import LaneInferencer
    from lanedet.video import annotate_video

    inferencer = LaneInferencer(args.weights, device=args.device)
    summary = annotate_video(
        args.source, inferencer, args.out, args.json, batch_size=args.batch_size
    )
    print(
        f"{summary.num_frames} frames in {summary.seconds:.1f} s "
        f"({summary.frames_per_second:.1f} frames/s), "
        f"lanes in {summary.lane_share:.0%} of them."
    )
    print("Wrote " + " and ".join(path for path in (args.out, args.json) if path))


if __name__ == "__main__":
    main()
