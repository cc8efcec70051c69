"""Score a lane detector by the rules of its benchmark."""

import argparse
import json
from pathlib import Path

from lanedet.cli.options import PATH_HINT, add_run_options, add_runtime_options
from lanedet.config_files import find_config
from lanedet.files import replace_file
from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  lanedet test sad/enet_sad_scenes \\
      work_dirs/enet_sad_scenes/weights.safetensors
  lanedet test sad/enet_sad_tusimple lanes.onnx --runtime onnxruntime \\
      --data-root /data/tusimple
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
        "checkpoint",
        help="weights (.safetensors), checkpoint (.pth), or what lanedet export wrote "
        "(.onnx, .xml, .engine), which is scored with its own view and decoder",
    )
    add_run_options(parser)
    add_runtime_options(parser.add_argument_group("how an exported file runs"))
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
    find_config(args.config)  # which may be misspelt, before seconds of imports
    from mmengine.dist import is_main_process

    from lanedet import engine
    from lanedet.evaluation import benchmark_table
    from lanedet.inference import choose_runtime, evaluate_exported

    config = engine.load_config(args.config, args.cfg_options, args.data_root)
    if args.launcher is not None:
        config.launcher = args.launcher
    engine.set_work_dir(config, args.work_dir)
    written = {"out": args.out, "show_dir": args.show_dir}
    checkpoint = Path(args.checkpoint)
    if choose_runtime(checkpoint, args.runtime, args.device) == "torch":
        if args.device is not None or args.half:
            raise ValueError(
                "--device and --half are for exported files: weights are tested as "
                "they were trained, on a GPU where there is one."
            )
        result = engine.evaluate(config, checkpoint, **written)
    else:
        how = {"runtime": args.runtime, "device": args.device, "half": args.half}
        result = evaluate_exported(config, checkpoint, **how, **written)
    if not is_main_process():
        return
    print("\n".join(benchmark_table(result.metrics, result.num_images)))
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(result.metrics, indent=2) + "\n"
        replace_file(args.json, text)
