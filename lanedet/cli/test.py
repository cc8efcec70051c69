"""Score a lane detector by the rules of its benchmark."""

import argparse
import json
from pathlib import Path

from lanedet.cli.options import PATH_HINT, add_run_options
from lanedet.files import replace_file
from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  lanedet test sad/enet_sad_scenes \\
      work_dirs/enet_sad_scenes/weights.safetensors
  lanedet test sad/enet_sad_tusimple iter_1800.pth \\
      --data-root /data/tusimple --out submission.json --show-dir drawn
A work dir is for one run at a time: during a training in it, name another one
with --work-dir.
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES + PATH_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", help="config file that the model was trained with")
    parser.add_argument(
        "checkpoint", help="weights (.safetensors) or checkpoint (.pth)"
    )
    add_run_options(parser)
    parser.add_argument(
        "--out",
        help="write predictions in the benchmark's format: a file, or for CULane and "
        "BDD100K a folder of one file per image",
    )
    parser.add_argument("--json", type=Path, help="write the metrics as JSON")
    parser.add_argument("--show-dir", help="draw every image into this folder")
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Test."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from mmengine.dist import is_main_process

    from lanedet import engine
    from lanedet.evaluation import benchmark_table

    config = engine.load_config(args.config, args.cfg_options, args.data_root)
    if args.launcher is not None:
        config.launcher = args.launcher
    engine.set_work_dir(config, args.work_dir)
    result = engine.evaluate(
        config, args.checkpoint, out=args.out, show_dir=args.show_dir
    )
    if not is_main_process():
        return
    print("\n".join(benchmark_table(result.metrics, result.num_images)))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result.metrics, indent=2) + "\n"
        replace_file(args.json, text)
