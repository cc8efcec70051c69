"""Train a lane detector."""

import argparse
import sys
from pathlib import Path

from lanedet.cli.options import PATH_HINT, add_run_options, resume_command
from lanedet.config_files import find_config
from lanedet.runtime import shell_word, tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  lanedet train sad/enet_sad_scenes
  lanedet train sad/enet_sad_tusimple \\
      --data-root /data/tusimple --amp
  lanedet train sad/enet_sad_scenes --resume
  lanedet train sad/enet_sad_scenes \\
      --cfg-options train_cfg.max_iters=1000 train_dataloader.batch_size=4
  torchrun --nproc-per-node 4 -m lanedet train sad/enet_sad_tusimple \\
      --launcher pytorch --sync-bn --auto-scale-lr
Ctrl-C saves a checkpoint and says how to go on.
train_cfg.max_iters alone stretches the learning rate's schedule to the new length.
Losses and drawn predictions: tensorboard --logdir work_dirs
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES + PATH_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", help="config file, for example under configs/sad/")
    add_run_options(parser)
    parser.add_argument(
        "--resume",
        nargs="?",
        const="auto",
        metavar="CKPT",
        help="go on from a checkpoint; without CKPT from the last one in the work dir",
    )
    parser.add_argument(
        "--amp", action="store_true", help="automatic mixed precision (needs a GPU)"
    )
    parser.add_argument(
        "--compile",
        action="store_true",
        help="compile the backbone (torch.compile): 1 to 3 minutes once, then faster "
        "steps; needs a C++ compiler",
    )
    parser.add_argument(
        "--sync-bn",
        action="store_true",
        help="batch norms that share their statistics between the processes",
    )
    parser.add_argument(
        "--auto-scale-lr",
        action="store_true",
        help="multiply the learning rate by the size of the batch, of all processes "
        "and accumulated gradients, over that of the config",
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Train."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    find_config(args.config)  # which may be misspelt, before seconds of imports
    from lanedet import engine

    config = engine.load_config(args.config, args.cfg_options, args.data_root)
    if args.launcher is not None:
        config.launcher = args.launcher
    engine.set_work_dir(config, args.work_dir)
    engine.set_resume(config, args.resume)
    if args.amp:
        engine.use_amp(config)
    if args.sync_bn:
        engine.use_sync_batch_norm(config)
    if args.auto_scale_lr:
        engine.use_scaled_lr(config)
    runner = engine.train(config, compiled=args.compile, go_on=resume_command(sys.argv))
    if runner.rank != 0:
        return
    work_dir = shell_word(runner.work_dir)
    print(f"Trained {runner.iter} iterations. Everything is in {work_dir}")
    weights = Path(runner.work_dir) / "weights.safetensors"
    if weights.is_file():
        words = [args.config, str(weights)]
        words += ["--data-root", args.data_root] if args.data_root else []
        command = " ".join(map(shell_word, words))
        print(f"Score it:      lanedet test {command}")
        print(f"Run it:        lanedet video CLIP --weights {shell_word(str(weights))}")
