"""Train a lane detector."""

import argparse

from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  python tools/train.py configs/sad/enet_sad_scenes.py
  python tools/train.py configs/sad/enet_sad_tusimple.py \\
      --data-root /data/tusimple --amp
  python tools/train.py configs/sad/enet_sad_scenes.py --resume
  python tools/train.py configs/sad/enet_sad_scenes.py \\
      --cfg-options train_cfg.max_iters=1000 param_scheduler.0.total_steps=1000
  torchrun --nproc-per-node 4 tools/train.py configs/sad/enet_sad_tusimple.py \\
      --launcher pytorch
Losses and drawn predictions: tensorboard --logdir work_dirs
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    from mmengine.config import DictAction

    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("config", help="config file, for example under configs/sad/")
    parser.add_argument(
        "--work-dir",
        help="where logs, checkpoints and weights go (default: work_dirs/<config>)",
    )
    parser.add_argument(
        "--data-root", help="folder of the data set, in place of the config's"
    )
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
        "--cfg-options",
        nargs="+",
        action=DictAction,
        metavar="KEY=VALUE",
        help="change values of the config, for example train_cfg.max_iters=1000",
    )
    parser.add_argument(
        "--launcher",
        choices=("none", "pytorch", "slurm", "mpi"),
        default="none",
        help="how the processes of a distributed run were started (default: none)",
    )
    parser.add_argument(
        "--local_rank", "--local-rank", type=int, help=argparse.SUPPRESS
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Train."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet import engine

    config = engine.load_config(args.config, args.cfg_options, args.data_root)
    config.launcher = args.launcher
    engine.set_work_dir(config, args.work_dir)
    engine.set_resume(config, args.resume)
    if args.amp:
        engine.use_amp(config)
    runner = engine.train(config)
    print(f"Trained {runner.iter} iterations. Everything is in {runner.work_dir}")


if __name__ == "__main__":
    main()
