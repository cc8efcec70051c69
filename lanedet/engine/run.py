"""Training and testing, as the tools start them."""

import inspect
from pathlib import Path
from typing import Any, NamedTuple

import torch
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.optim import AmpOptimWrapper, OptimWrapper
from mmengine.runner import Runner
from torch import nn

from lanedet.engine.checkpoint_files import check_whole, latest_checkpoint
from lanedet.engine.config_errors import config_errors
from lanedet.engine.config_parts import built_by
from lanedet.engine.hooks import LaneVisualizationHook, find_checkpoint_hook
from lanedet.engine.processes import reported_lost_processes, start_processes
from lanedet.engine.runner import LaneRunner
from lanedet.engine.schedule import check_resumed_schedule
from lanedet.engine.work_dir import claimed_work_dir


class Evaluation(NamedTuple):
    """What a test found."""

    metrics: dict[str, float]
    """The metrics by name, the same in every process of a distributed run."""

    num_images: int
    """Number of images that were scored."""


def use_amp(config: Config) -> None:
    """Train with automatic mixed precision.

    Raises:
        ValueError: If there is no GPU, or the config has an optimizer wrapper of
            another kind.
    """
    if not torch.cuda.is_available():
        raise ValueError(
            "--amp needs a CUDA GPU, and torch sees none. Train without it: in float32 "
            "the results are the same."
        )
    wrapper = {"type": OptimWrapper, **config.optim_wrapper}
    if built_by(wrapper, "optim_wrapper") is not OptimWrapper:
        raise ValueError(f"--amp replaces OptimWrapper only, got {wrapper['type']}.")
    # By its name: a class could not be written into the work directory.
    config.optim_wrapper.type = AmpOptimWrapper.__name__
    config.optim_wrapper.setdefault("loss_scale", "dynamic")


def use_sync_batch_norm(config: Config) -> None:
    """Let batch norms take the mean and variance of the images of all processes."""
    config.sync_bn = "torch"


def use_scaled_lr(config: Config) -> None:
    """Scale the learning rate with the size of the batch.

    The config's is for the batch of its file, or for
    ``auto_scale_lr.base_batch_size``. That of the run is ``batch_size`` times processes
    times ``optim_wrapper.accumulative_counts``, and the rate is multiplied by the ratio
    (https://arxiv.org/abs/1706.02677).
    """
    config.auto_scale_lr.enable = True


def set_resume(config: Config, checkpoint: str | None) -> None:
    """Continue an earlier run.

    Args:
        config: Config of the run; its work directory must be set.
        checkpoint: File to continue from, ``"auto"`` for the last one in the work
            directory (a run without any starts anew), or None for a new run.

    Raises:
        FileNotFoundError: If the file is not there.
        ValueError: If it is damaged, holds no state of training, or that of a run of
            another length.
    """
    config.resume = False
    if checkpoint is None:
        return
    if checkpoint == "auto":
        found = latest_checkpoint(Path(config.work_dir))
        if found is None:
            print_log(f"No checkpoint in {config.work_dir} to resume: starting anew.")
            return
        checkpoint = str(found)
    if not Path(checkpoint).is_file():
        raise FileNotFoundError(f"No checkpoint at {checkpoint!r} to resume.")
    state = check_whole(Path(checkpoint))
    if not {"optimizer", "message_hub"} <= state.keys():
        raise ValueError(
            f"{checkpoint!r} holds a model but no state of training, so no run can go "
            "on from it. Resume from an iter_*.pth file."
        )
    check_resumed_schedule(config, state)
    config.resume, config.load_from = True, checkpoint


def train(config: Config, *, compiled: bool = False, go_on: str = "") -> Runner:
    """Train the config's model; return the runner, whose work directory has it all.

    Args:
        config: Config of the model, the data and the run.
        compiled: Run the backbone through ``torch.compile``. The losses are those of
            the plain backbone up to rounding, and so are the weights: nothing of it is
            stored.
        go_on: The command that resumes the last checkpoint of the work directory. It
            becomes a note of Ctrl-C and ``kill``, once that is a checkpoint of this
            run.

    Raises:
        FileNotFoundError: If the data set is not where the config says.
        NonFiniteError: A ValueError, if a loss or gradient is NaN or infinite.
        ConnectionError: An OSError, if another process of the run is lost.
        OSError: If another run is at work in the work directory.
        ValueError: If the config does not fit.
    """
    check_data(config, "train_dataloader", "val_dataloader")
    start_processes(config)
    runner = None
    with reported_lost_processes(), claimed_work_dir(config):
        try:
            with config_errors("The config"):
                runner = LaneRunner.from_cfg(config)
            if compiled:
                getattr(runner.model, "module", runner.model).backbone.compile()
            runner.train()
        except (KeyboardInterrupt, SystemExit) as interrupt:
            if go_on and _last_is_own(config, runner):
                interrupt.add_note(f"Go on with: {go_on}")
            raise
    return runner


def _last_is_own(config: Config, runner: LaneRunner | None) -> bool:
    """Tell whether the last checkpoint in the work directory is of this run."""
    last = latest_checkpoint(Path(config.work_dir))
    hook = None if runner is None else find_checkpoint_hook(runner)
    own = [
        config.load_from if config.get("resume") else None,
        None if hook is None else hook.last_ckpt,
    ]
    return last is not None and last.resolve() in [Path(p).resolve() for p in own if p]


def evaluate(
    config: Config,
    checkpoint: Path | str,
    *,
    model: nn.Module | None = None,
    out: Path | str | None = None,
    show_dir: Path | str | None = None,
) -> Evaluation:
    """Score a checkpoint or weights file on the config's test set.

    Args:
        config: Config of the model and the data.
        checkpoint: Training checkpoint (``.pth``) or weights (``.safetensors``).
        model: What was made of the file, of whatever kind it is then, in place of the
            config's model: one of mmengine's ``BaseModel`` that predicts.
        out: File, or folder for BDD100K's masks, to write the predictions to in the
            benchmark's format, or None.
        show_dir: Where to draw them, or None.

    Returns:
        The metrics, and of how many images they are.

    Raises:
        FileNotFoundError: If there is no such checkpoint, or no data set where the
            config says.
        ValueError: If the checkpoint is damaged or holds another model than the config
            describes.
        ConnectionError: An OSError, if another process of the run is lost.
        OSError: If another run is at work in the work directory.
    """
    check_data(config, "test_dataloader")
    start_processes(config)
    config.load_from = str(checkpoint) if model is None else None
    config.resume = False
    config.model.distiller = None  # it trains, and a weights file leaves it out
    if out is not None:
        _set_output(config, str(out))
    if show_dir is not None:
        hooks: list[Any] = config.custom_hooks
        for hook in hooks:
            if built_by(hook, "custom_hooks") is LaneVisualizationHook:
                hook["show_dir"] = str(show_dir)
    with reported_lost_processes(), claimed_work_dir(config):
        with config_errors("The config"):
            runner = (
                LaneRunner.from_cfg(config)
                if model is None
                else LaneRunner.for_test(config, model)
            )
        metrics: dict[str, float] = runner.test()
    return Evaluation(metrics, len(runner.test_dataloader.dataset))


def _set_output(config: Config, out: str) -> None:
    """Tell the metric, of several the first, where to write the predictions."""
    evaluator = config.test_evaluator
    first = evaluator[0] if isinstance(evaluator, list | tuple) else evaluator
    metric: Any = built_by(first, "test_evaluator")
    arguments = inspect.signature(metric).parameters
    name = next((n for n in ("out_file", "out_dir") if n in arguments), None)
    if name is None:
        raise ValueError(f"{metric.__name__} writes no predictions: leave --out away.")
    first[name] = out


def check_data(config: Config, *loaders: str) -> None:
    """Raise FileNotFoundError if the folder of a data set is not there.

    Args:
        config: Config of the run.
        loaders: Names of the data loaders that the run needs.
    """
    for name in loaders:
        dataset = (config.get(name) or {}).get("dataset") or {}
        data_root = dataset.get("data_root")
        if "type" in dataset and getattr(
            built_by(dataset, f"{name}.dataset"), "makes_its_folder", False
        ):
            continue
        if data_root is not None and not Path(data_root).is_dir():
            raise FileNotFoundError(
                f"No data set at {str(data_root)!r}, the data_root of {name}. Name the "
                "folder of your copy with --data-root DIR; data/README.md says where "
                "data sets come from and how they lie on disk."
            )
