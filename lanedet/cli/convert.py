"""Turn lanes drawn in an annotation tool into a data set to train on."""

import argparse
from pathlib import Path

from lanedet.datasets.custom_tree import (
    copy_picture,
    link_picture,
    needed_slots,
    split_folders,
    split_samples,
    write_culane_tree,
    write_tree,
    write_tusimple_tree,
)
from lanedet.files import check_empty_folder
from lanedet.formats.annotations import (
    AnnotationSet,
    read_annotations,
    read_cvat,
    read_labelme,
    read_via,
)
from lanedet.runtime import user_errors

READERS = {"labelme": read_labelme, "cvat": read_cvat, "via": read_via}
WRITERS = {"tusimple": write_tusimple_tree, "culane": write_culane_tree}
EXAMPLES = """examples:
  lanedet convert pictures/ --from labelme --to tusimple \\
      --out data/custom
  lanedet convert export.zip --from cvat --to tusimple \\
      --out data/custom --val 0.2 --whole-folders
  lanedet convert via.json --from via --images pictures/ \\
      --labels lane kerb --to culane --out data/custom --link
Then: lanedet train custom/enet_sad_custom --data-root data/custom
The whole way, from pictures to a model: docs/custom-data.md
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        type=Path,
        help="the tool's file, or its folder; of CVAT also the ZIP file",
    )
    parser.add_argument(
        "--from", dest="read", choices=READERS, required=True, help="annotation tool"
    )
    parser.add_argument(
        "--to", dest="write", choices=WRITERS, required=True, help="form of the tree"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder to make; it must be empty"
    )
    parser.add_argument(
        "--val", type=float, default=0.1, help="share to validate on (default: 0.1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the split (default: 0)")
    parser.add_argument(
        "--whole-folders",
        action="store_true",
        help="never split a folder, such as the frames of a video; --val is then a "
        "share of the folders",
    )
    parser.add_argument(
        "--images", type=Path, help="folder of the pictures (default: beside the files)"
    )
    parser.add_argument(
        "--labels", nargs="+", help="names of the lanes' shapes (default: any polyline)"
    )
    parser.add_argument(
        "--keep-empty",
        action="store_true",
        help="keep pictures without lanes: they show roads that have none",
    )
    parser.add_argument(
        "--link", action="store_true", help="link the pictures in place of copying them"
    )
    parser.add_argument(
        "--on-error",
        choices=("raise", "skip"),
        default="raise",
        help="stop at a broken label, or leave its picture out (default: raise)",
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Convert."""
    args = parse_args()
    check_empty_folder(args.out)
    found = read_annotations(
        args.source,
        READERS[args.read],
        pictures=args.images,
        labels=args.labels,
        on_error=args.on_error,
    )
    print("\n".join(found.summary_lines()))
    kept = found.samples + (found.empty if args.keep_empty else [])
    if found.empty and not args.keep_empty:
        print("  left out; if they show roads without lanes, say --keep-empty")
    split = (split_folders if args.whole_folders else split_samples)(
        kept, args.val, args.seed
    )
    place = link_picture if args.link else copy_picture
    write_tree(args.out, split, WRITERS[args.write], place)
    print(
        f"{args.out}: {len(split.train)} to train on, {len(split.val)} to validate on"
    )
    _advise(found)


def _advise(found: AnnotationSet) -> None:
    slots = max(needed_slots(sample.gt_lanes) for sample in found.samples)
    print(f"All lanes fit with _num_lanes = {slots} in the config.")
