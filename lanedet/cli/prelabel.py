"""Take the lanes found in a clip into an annotation tool, to correct them by hand."""

import argparse
from pathlib import Path

from lanedet.files import whole_folder
from lanedet.formats.annotations import (
    check_cvat_name,
    write_cvat,
    write_labelme,
    write_via,
)
from lanedet.runtime import user_errors
from lanedet.video import extract_pseudo_labels

WRITERS = {"labelme": write_labelme, "cvat": write_cvat, "via": write_via}
NAME_CHECKS = {"cvat": check_cvat_name}
NEXT_STEPS = {
    "labelme": "Open the folder in labelme.",
    "cvat": "Make a task with the pictures and the label 'lane', then upload "
    "annotations.xml as 'CVAT 1.1'.",
    "via": "Add the pictures in VIA, then import via_annotations.json "
    "(Annotation, Import Annotations from json).",
}
EXAMPLES = """examples:
  lanedet video drive.mp4 --weights weights.safetensors \\
      --json lanes.jsonl
  lanedet prelabel lanes.jsonl --video drive.mp4 --to labelme \\
      --out to_correct/drive --every 25
Then correct them, and: lanedet convert to_correct --from labelme ...
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "log", type=Path, help="lanes, as lanedet video --json wrote them"
    )
    parser.add_argument("--video", type=Path, required=True, help="clip of the log")
    parser.add_argument("--to", choices=WRITERS, required=True, help="annotation tool")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to make; it must be empty"
    )
    parser.add_argument(
        "--every", type=int, default=25, help="take every so many frames (default: 25)"
    )
    parser.add_argument(
        "--min-score", type=float, default=0.0, help="leave out lanes that score less"
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Export."""
    args = parse_args()
    if args.to in NAME_CHECKS:  # the pictures are named after the clip
        NAME_CHECKS[args.to](args.video.name)
    with whole_folder(args.out, lambda path: path.suffix != ".jpg") as folder:
        samples = extract_pseudo_labels(
            args.video, args.log, folder, step=args.every, min_score=args.min_score
        )
        WRITERS[args.to](samples, folder)
    num_lanes = sum(len(sample.gt_lanes) for sample in samples)
    print(f"{len(samples)} pictures with {num_lanes} lanes in {args.out}")
    print(NEXT_STEPS[args.to])
