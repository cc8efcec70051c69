"""Draw samples of a config's data set, with and without augmentation."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT, KeyValueAction
from lanedet.config_files import find_config
from lanedet.runtime import progress_bar, user_errors

EXAMPLES = """examples:
  lanedet browse sad/enet_sad_scenes --out drawn
  lanedet browse sad/enet_sad_tusimple --split val \\
      --data-root /data/tusimple --num 40 --show
Side by side: the image and its lanes in the colors of their slots, what the network
is given of it, and what it is given with augmentation.
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES + PATH_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", help="config file, for example under configs/sad/")
    parser.add_argument("--split", choices=("train", "val", "test"), default="train")
    parser.add_argument(
        "--num", type=int, default=16, help="pictures, spread over the set (16)"
    )
    parser.add_argument("--out", type=Path, help="write the pictures to this folder")
    parser.add_argument(
        "--show", action="store_true", help="show them in a window; any key goes on"
    )
    parser.add_argument(
        "--data-root", help="folder of the data set, in place of the config's"
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValueAction,
        metavar="KEY=VALUE",
        help="change values of the config",
    )
    args = parser.parse_args()
    if not args.out and not args.show:
        parser.error("ask for --out DIR, --show or both")
    return args


@user_errors()
def main() -> None:
    """Draw."""
    args = parse_args()
    find_config(args.config)  # which may be misspelt, before seconds of imports
    from mmengine.logging import MMLogger

    from lanedet.engine import load_config
    from lanedet.engine.browse import draw_samples
    from lanedet.engine.console import show_only_warnings
    from lanedet.images import write_image
    from lanedet.visualization import show_image

    show_only_warnings(MMLogger.get_current_instance())
    config = load_config(args.config, args.cfg_options, args.data_root)
    pictures = draw_samples(config, args.split, args.num)
    for name, image in progress_bar(pictures, unit="picture"):
        if args.out:
            write_image(args.out / f"{name}.jpg", image)
        if args.show:
            show_image(name, image)
    if args.out:
        print(f"Wrote the pictures to {args.out}")
