"""Writes the trained model as a weights file."""

import subprocess
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

import lanedet
from lanedet.engine.hooks.checkpoint_hook import latest_checkpoint
from lanedet.models import describe_model, read_checkpoint, save_weights


class WeightsHook(Hook):
    """Write ``weights.safetensors`` into the work directory when training ends.

    The file holds what the last checkpoint holds (with EMA the averaged weights), the
    model's description as plain data and how it was made: config, seed, iterations,
    versions and, if known, commit.
    """

    priority = "LOWEST"  # after the last checkpoint

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Write the file."""
        try:
            description = describe_model(runner.cfg.model)
        except ValueError as problem:
            print_log(f"No weights file: {problem}", logger="current")
            return
        checkpoint = latest_checkpoint(Path(runner.work_dir))
        if checkpoint is None:
            print_log("No weights file: no checkpoint was saved.", logger="current")
            return
        path = Path(runner.work_dir) / "weights.safetensors"
        save_weights(
            path,
            description,
            read_checkpoint(checkpoint)["state_dict"],
            {
                "config": str(runner.cfg.filename or ""),
                "seed": str(runner.seed),
                "iterations": str(runner.iter),
                "lanedet_version": lanedet.__version__,
                "commit": _commit(),
            },
        )
        print_log(f"Wrote the weights to {path}", logger="current")


def _commit() -> str:
    """Return the commit of the checkout that the package lies in, or ''."""
    try:
        result = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
