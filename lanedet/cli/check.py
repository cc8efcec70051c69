"""Tell in one screen whether a data set on disk is complete, and what to do if not."""

import argparse
from pathlib import Path

from lanedet.cli.options import image_shape
from lanedet.datasets.checks import check_bdd100k, check_culane, check_tusimple
from lanedet.runtime import user_errors

CHECKS = {
    "tusimple": check_tusimple,
    "culane": check_culane,
    "bdd100k": check_bdd100k,
}
EXAMPLES = """examples:
  lanedet check tusimple data/tusimple
  lanedet check culane /data/CULane --images
  lanedet check tusimple data/tusimple-426x240 --label-shape 720x1280
The exit status is 1 if anything is wrong.
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=CHECKS, help="which data set")
    parser.add_argument("root", type=Path, help="its folder")
    parser.add_argument(
        "--images", action="store_true", help="decode all images, not just some"
    )
    parser.add_argument(
        "--label-shape",
        type=image_shape,
        metavar="HxW",
        help="size of the images for which the labels were made, where those that are "
        "there are resized copies",
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Check."""
    args = parse_args()
    report = CHECKS[args.name](args.root, args.images, args.label_shape)
    print("\n".join(report.lines()))
    if not report.is_complete:
        raise SystemExit(1)
