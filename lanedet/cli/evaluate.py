"""Score the prediction files of any program by the rules of a benchmark."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from lanedet.cli.options import image_shape
from lanedet.evaluation import benchmark_table, evaluate_bdd100k
from lanedet.evaluation.culane_folders import evaluate_culane
from lanedet.evaluation.culane_image_size import find_picture_shape
from lanedet.evaluation.functional.culane import RULES, CULaneRule
from lanedet.evaluation.functional.image_size import checked_image_shape
from lanedet.evaluation.functional.tusimple import (
    evaluate_submission,
    f1_of_rates,
    rules_of_width,
)
from lanedet.evaluation.functional.tusimple_lines import (
    check_image_size,
    check_not_smaller,
)
from lanedet.files import replace_file
from lanedet.formats import BDD100K_SHAPE, TUSIMPLE_SHAPE, read_tusimple_lines
from lanedet.formats.bdd100k_splits import read_bdd100k_list
from lanedet.formats.culane import (
    CULANE_SHAPE,
    culane_image_name,
    culane_lane_files,
)
from lanedet.formats.culane_lists import read_culane_categories, read_culane_list
from lanedet.runtime import reported_warnings, user_errors

EXAMPLES = """examples:
  lanedet evaluate tusimple --pred submission.json \\
      --gt data/tusimple/test_label.json
  lanedet evaluate culane --pred predicted/ --gt data/culane \\
      --list data/culane/list/test.txt --json score.json
  lanedet evaluate culane --pred predicted/ --gt data/custom \\
      --shape 1080x1920
  lanedet evaluate bdd100k --pred masks/ \\
      --gt data/bdd100k/labels/lane/masks/val --list val.txt --json score.json
What --pred and --gt are:
  tusimple  a submission and a label file, JSON lines
  culane    folders that hold driver_*/: .lines.txt files, one per image
  bdd100k   folders of masks, <image>.png: 0 and 255, or lane bytes
"""


class Score(NamedTuple):
    """What was found."""

    numbers: dict[str, Any]
    """What --json writes."""

    metrics: dict[str, float]
    """What the table shows; names begin with the benchmark's prefix."""

    num_images: int


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("benchmark", choices=BENCHMARKS)
    parser.add_argument("--pred", type=Path, required=True, help="predictions")
    parser.add_argument("--gt", type=Path, required=True, help="labels")
    parser.add_argument(
        "--list", type=Path, help="names of the images to score (default: all labels)"
    )
    parser.add_argument(
        "--rule",
        choices=RULES,
        default="official",
        help="of culane: the benchmark's own (default), or the continuous one of "
        "LaneATT and its followers",
    )
    parser.add_argument(
        "--shape",
        type=image_shape,
        metavar="HxW",
        help="size of the images, where it is not the benchmark's (labels that are not "
        "of that size are refused): lanes of culane "
        "are scaled to 590x1640, the tolerance of tusimple is to the width, masks of "
        "bdd100k must be so large (default: 720x1280, of culane 590x1640)",
    )
    parser.add_argument(
        "--lane-width",
        type=int,
        metavar="PX",
        help="of culane: width at which lanes are compared, in pixels of the images, "
        "at their own size (default: 30 after scaling to 590x1640)",
    )
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    args = parser.parse_args()
    if args.benchmark == "tusimple" and args.list:
        parser.error("--list is not for tusimple: its label file names the images")
    if args.benchmark != "culane" and args.lane_width is not None:
        parser.error("--lane-width is for culane alone")
    return args


def score_tusimple(args: argparse.Namespace) -> Score:
    """Score a submission file."""
    labels = read_tusimple_lines(args.gt)
    predictions = read_tusimple_lines(args.pred)
    shape = checked_image_shape(args.shape or TUSIMPLE_SHAPE)
    try:
        check_image_size(predictions, labels, shape)
        picture = find_picture_shape(args.gt.parent, [line.raw_file for line in labels])
        check_not_smaller(
            labels,
            shape,
            is_given=args.shape is not None,
            picture_shape=picture and picture[1],
        )
        score = evaluate_submission(predictions, labels, rules_of_width(shape[1]))
    except ValueError as error:
        raise ValueError(f"'{args.pred}' against '{args.gt}': {error}") from error
    _print_assumed(args.shape, TUSIMPLE_SHAPE)
    numbers = {**score._asdict(), "f1": f1_of_rates(score.fp, score.fn)}
    return Score(numbers, _prefixed("tusimple", numbers), len(labels))


def score_culane(args: argparse.Namespace) -> Score:
    """Score a folder of lane files."""
    lists = args.gt / "list"
    if args.list:
        images = [entry.name for entry in read_culane_list(args.list)]
        lists = lists if lists.is_dir() else args.list.parent
    else:
        labels = culane_lane_files(args.gt)
        images = [culane_image_name(args.gt, path) for path in labels]
    report = evaluate_culane(
        args.pred,
        args.gt,
        images,
        categories=read_culane_categories(lists),
        rule=_culane_rule(args),
    )
    numbers = {"rule": args.rule, **report.to_json()}
    print(f"Lanes are compared by the {args.rule} rule (--rule).")
    _print_assumed(args.shape, CULANE_SHAPE)
    return Score(numbers, _prefixed("culane", report.metrics()), report.num_images)


def _print_assumed(given: tuple[int, int] | None, shape: tuple[int, int]) -> None:
    """Say which size of the images was assumed, where none was given."""
    if given is None:
        print(
            f"The images are taken to be {shape[1]} pixels wide and {shape[0]} high "
            "(--shape)."
        )


def _culane_rule(args: argparse.Namespace) -> CULaneRule:
    """Return how to compare: scaled as CULaneMetric does, or at the images' size."""
    if args.lane_width is None:
        return RULES[args.rule](image_shape=args.shape)
    if args.shape is None:
        return RULES[args.rule](lane_width=args.lane_width)
    return RULES[args.rule](args.shape, args.lane_width, image_shape=args.shape)


def score_bdd100k(args: argparse.Namespace) -> Score:
    """Score a folder of masks."""
    names = [name for _, name in read_bdd100k_list(args.list)] if args.list else None
    scores = evaluate_bdd100k(
        args.pred, args.gt, names, shape=args.shape or BDD100K_SHAPE
    )
    if scores.boundary is None:
        print("No boundary F-scores: they need masks of lane bytes in both folders.")
    numbers = scores.as_dict()
    shown = {key: value for key, value in numbers.items() if key != "num_images"}
    return Score(numbers, _prefixed("bdd100k", shown), scores.num_images)


BENCHMARKS = {
    "tusimple": score_tusimple,
    "culane": score_culane,
    "bdd100k": score_bdd100k,
}


@user_errors()
def main() -> None:
    """Evaluate."""
    args = parse_args()
    with reported_warnings(lambda text: print(f"warning: {text}", file=sys.stderr)):
        score = BENCHMARKS[args.benchmark](args)
    print("\n".join(benchmark_table(score.metrics, score.num_images)))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        replace_file(args.json, json.dumps(score.numbers, indent=2) + "\n")


def _prefixed(prefix: str, numbers: dict[str, float]) -> dict[str, float]:
    return {f"{prefix}/{name}": value for name, value in numbers.items()}
