"""Writes the trained model as a weights file."""

import logging
from pathlib import Path

from mmengine.dist import master_only
from mmengine.hooks import CheckpointHook, Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

import lanedet
from lanedet.config_files import config_name
from lanedet.engine.checkpoint_files import WEIGHTS_FILE
from lanedet.engine.provenance import source_commit
from lanedet.models import describe_model, read_checkpoint, save_weights


class WeightsHook(Hook):
    """Write ``weights.safetensors`` into the work directory when training ends.

    The file holds what the run's last checkpoint holds (with EMA the averaged weights),
    the model's description as plain data and how it was made: config, seed, iterations,
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
        source = _last_checkpoint(runner)
        if source is None:
            print_log(
                "No weights file: no checkpoint was saved.", "current", logging.WARNING
            )
            return
        checkpoint = read_checkpoint(source)
        path = Path(runner.work_dir) / WEIGHTS_FILE
        filename = runner.cfg.filename
        save_weights(
            path,
            description,
            checkpoint["state_dict"],
            {
                "config": config_name(Path(filename)) if filename else "",
                "seed": str(runner.seed),
                "iterations": str(checkpoint["meta"]["iter"]),
                "lanedet_version": lanedet.__version__,
                "commit": source_commit(),
            },
        )
        print_log(f"Wrote the weights to {path}", logger="current")


def _last_checkpoint(runner: Runner) -> Path | None:
    """Return what this run saved last, or what it was resumed from at its end."""
    saved = (h.last_ckpt for h in runner.hooks if isinstance(h, CheckpointHook))
    resumed = [runner._load_from] if runner._resume else []
    paths = (Path(each) for each in [*saved, *resumed] if each)
    return next((path for path in paths if path.is_file()), None)
