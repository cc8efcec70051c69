"""Writes the trained model as a weights file."""

import logging
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

import lanedet
from lanedet.engine.hooks.checkpoint_hook import latest_checkpoint
from lanedet.engine.provenance import source_commit
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
            print_log(f"No weights file: {problem}", "current", logging.WARNING)
            return
        checkpoint = latest_checkpoint(Path(runner.work_dir))
        if checkpoint is None:
            print_log(
                "No weights file: no checkpoint was saved.", "current", logging.WARNING
            )
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
                "commit": source_commit(),
            },
        )
        print_log(f"Wrote the weights to {path}", logger="current")
