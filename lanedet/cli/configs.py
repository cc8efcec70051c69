"""List the experiments that come with the package."""

import argparse

from lanedet.config_files import config_names, config_title, find_config
from lanedet.runtime import user_errors

EXAMPLES = """examples:
  lanedet configs
  lanedet configs culane
  lanedet configs sad/enet_sad_scenes --show > mine.py
By such a name: lanedet train sad/enet_sad_scenes, lanedet ablate ablation/sad
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", nargs="?", default="", help="only names with this part")
    parser.add_argument(
        "--show", action="store_true", help="print the file of the one with this name"
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """List the configs."""
    args = parse_args()
    if args.show:
        print(find_config(args.name).read_text(encoding="utf-8"), end="")
        return
    named = {name: path for name, path in config_names().items() if args.name in name}
    if not named:
        raise ValueError(f"No config's name has {args.name!r} in it.")
    width = max(map(len, named))
    for name, path in named.items():
        print(f"{name:{width}}  {config_title(path)}")
