"""Make a weights file fit to be given away: half the size, and labelled.

With --mean-with it holds the mean of several files, for instance of a run and of
another that went on from its weights.
"""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import user_errors

EXAMPLES = """examples:
  lanedet weights work_dirs/enet_sad_diverse/weights.safetensors \\
      enet.safetensors --licence MIT \\
      --data "lanedet scenes data/diverse --num 12000 --seed 1"
  lanedet weights lanedet/weights/enet_sad.safetensors  # only show it
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES + PATH_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("weights", type=Path, help="file that lanedet train wrote")
    parser.add_argument(
        "out",
        type=Path,
        nargs="?",
        help="file to write (.safetensors); without it the labels of WEIGHTS are shown",
    )
    parser.add_argument(
        "--mean-with",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="other weights of the same model, to write the mean of all",
    )
    parser.add_argument("--licence", help="under which the weights are given away")
    parser.add_argument("--data", help="what they were trained on, how it was made")
    parser.add_argument("--notes", help="anything else that users should know")
    args = parser.parse_args()
    if args.out is not None and not (args.licence and args.data):
        parser.error("weights that are given away need --licence and --data")
    labels = (args.licence, args.data, args.notes)
    if args.out is None and (
        args.mean_with or any(label is not None for label in labels)
    ):
        parser.error(
            "--mean-with, --licence, --data and --notes are for a file to write: give "
            "its name OUT too"
        )
    return args


@user_errors()
def main() -> None:
    """Publish the weights, or show what is written on them."""
    args = parse_args()
    from lanedet.models import publish_weights, read_provenance

    if args.out is not None:
        labels = {"licence": args.licence, "data": args.data, "notes": args.notes}
        given = {name: text for name, text in labels.items() if text}
        publish_weights(args.weights, args.out, given, args.mean_with)
    path = args.out or args.weights
    print(f"{path}  ({path.stat().st_size / 1e6:.2f} MB)")
    for name, text in sorted(read_provenance(path).items()):
        print(f"  {name}: {text}")
