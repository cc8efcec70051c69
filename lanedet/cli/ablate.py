"""Train one experiment with several distillers or parts and seeds, as a table."""

import argparse
import shlex
import sys
from pathlib import Path

from lanedet.cli.options import PATH_HINT, KeyValueAction
from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = f"""examples:
  lanedet scenes data/scenes --num 3000 --seed 0
  lanedet ablate ablation/sad --seeds 3
  lanedet ablate ablation/sad --seeds 1 \\
      --rows plain "SAD as printed" "SAD, standardised, L2"
  OMP_NUM_THREADS=1 lanedet ablate ablation/sad --jobs 2
  lanedet ablate ablation/context_tusimple_enet --costs
An ablation that is started again goes on where it stopped.
{PATH_HINT}"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "config", help="config with _rows, a dict of distillers or changes of the model"
    )
    parser.add_argument("--seeds", type=int, default=3, help="seeds (default: 3)")
    parser.add_argument(
        "--rows", nargs="+", default=[], metavar="TITLE", help="run only these rows"
    )
    parser.add_argument(
        "--out", help="folder of runs, table and picture (default: work_dirs/<config>)"
    )
    parser.add_argument(
        "--data-root", help="folder of the data set, in place of the config's"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, help="trainings at a time (default: 1)"
    )
    parser.add_argument(
        "--costs",
        action="store_true",
        help="measure what each row costs as well, and plot accuracy against time",
    )
    parser.add_argument(
        "--image", help="image of the picture (default: the first test image)"
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValueAction,
        default={},
        metavar="KEY=VALUE",
        help="change values of the config, for example train_cfg.max_iters=6000",
    )
    args = parser.parse_args()
    if args.seeds < 1 or args.jobs < 1:
        parser.error("--seeds and --jobs must be at least 1")
    return args


@user_errors()
def main() -> None:
    """Run the ablation, then write its table and its picture."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet.ablation import (
        Ablation,
        checkpoint_before,
        first_test_image,
        format_category_table,
        format_cost_table,
        format_table,
        measure_costs,
        plot_accuracy,
        run_ablation,
    )
    from lanedet.benchmark.timing import hardware_line
    from lanedet.engine import source_commit
    from lanedet.files import replace_file
    from lanedet.images import read_image, write_image
    from lanedet.inference import LaneInferencer, draw_detector_attention

    out = Path(args.out or Path("work_dirs") / f"ablation_{Path(args.config).stem}")
    ablation = Ablation(
        args.config,
        out,
        num_seeds=args.seeds,
        rows=tuple(args.rows),
        options=args.cfg_options,
        data_root=args.data_root,
    )
    results = run_ablation(ablation, args.jobs)
    command = shlex.join(["lanedet", "ablate", *sys.argv[1:]])
    table = (
        f"`{command}`, commit {source_commit()}, "
        f"{hardware_line()}\n\n{format_table(results)}"
    )
    if by_category := format_category_table(results):
        table += f"\n{by_category}"
    if args.costs:
        costs = measure_costs(ablation)
        table += f"\n{format_cost_table(results, costs)}"
        replace_file(out / "accuracy.svg", plot_accuracy(results, costs))
    replace_file(out / "table.md", table)
    print(table)
    weights = {title: runs[0]["checkpoint"] for title, runs in results.items()}
    if (before := checkpoint_before(ablation)) is not None:
        weights = {f"before ({before.stem})": before} | weights
    rows = {title: LaneInferencer(file) for title, file in weights.items()}
    image = read_image(args.image or first_test_image(ablation))
    picture = draw_detector_attention(image, rows, tile_width=240)
    write_image(out / "attention.png", picture)
    print(f"Everything is in {out}")
