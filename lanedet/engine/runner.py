"""mmengine's Runner with a console that a person can read."""

import copy
import inspect
import logging
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self, cast

import torch
from mmengine.config import Config
from mmengine.dist import barrier, get_world_size, is_main_process
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger, print_log
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from lanedet.engine.checkpoint_files import latest_checkpoint, set_aside
from lanedet.engine.config_errors import built_from, config_errors
from lanedet.engine.console import show_only_warnings
from lanedet.engine.hooks import find_checkpoint_hook
from lanedet.engine.processes import start_worker
from lanedet.engine.schedule import with_peak
from lanedet.engine.shared_values import fit_to_model
from lanedet.files import replace_file
from lanedet.models import (
    check_state_dict,
    read_checkpoint,
    synchronize_batch_norm,
    without_training_parts,
)
from lanedet.runtime import shell_word
from lanedet.visualization import LaneVisualizer


class LaneRunner(Runner):
    """Log to the file, warn on the console, refuse unfit checkpoints at once.

    mmengine writes everything to the console and to the log file alike, some 400 lines
    before the first image. Here the log file gets it all, and the console only
    warnings; what else stands there comes from
    :class:`~lanedet.engine.ConsoleHook` and
    :class:`~lanedet.engine.ProgressBarHook`.

    What another run has left in the work directory moves to ``previous/`` before the
    first iteration (:func:`~lanedet.engine.checkpoint_files.set_aside`).

    Raises:
        ValueError: If the checkpoint to load or resume is damaged or that of another
            model.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Now, not when mmengine loads it: after the data sets, which can take long.
        load_from = kwargs.get("load_from")
        self._checkpoint = None if load_from is None else read_checkpoint(load_from)
        self._has_set_aside = False
        super().__init__(*args, **kwargs)
        if self._checkpoint is not None:
            self._check_checkpoint(self._checkpoint, str(load_from))
        slotted = getattr(self._bare_model, "head", self._bare_model)
        num_slots = getattr(slotted, "num_slots", None)
        if num_slots is not None and isinstance(self.visualizer, LaneVisualizer):
            self.visualizer.num_slots = num_slots

    @classmethod
    def for_test(cls, config: Config, model: nn.Module) -> Self:
        """Return a runner that tests a model which is there already.

        Args:
            config: Of the run. Of its model, data take what they need (the view).
            model: Has ``num_slots``, if lanes are to be drawn in their colors.
        """
        config = copy.deepcopy(config)
        names = inspect.signature(Runner).parameters.keys() - {"model", "cfg"}
        given = {name: config[name] for name in names if config.get(name) is not None}
        return cls(model=model, cfg=config, **given)

    def wrap_model(self, model_wrapper_cfg: Any, model: nn.Module) -> nn.Module:
        """Return the model for one of several processes, as mmengine does.

        PyTorch's wrapper takes no model without parameters, which needs none, and its
        synchronized batch norm no CPU.
        """
        if next(model.parameters(), None) is None:
            return model
        is_synced = self.distributed and self.cfg.get("sync_bn") is not None
        if is_synced and not torch.cuda.is_available():
            model = synchronize_batch_norm(model)
        return cast(nn.Module, super().wrap_model(model_wrapper_cfg, model))

    @property
    def _bare_model(self) -> nn.Module:
        """The model without what distributes it."""
        return cast(nn.Module, getattr(self.model, "module", self.model))

    def _check_checkpoint(self, checkpoint: Mapping[str, Any], source: str) -> None:
        check_state_dict(self._bare_model, checkpoint.get("state_dict", {}), source)

    setup_env = built_from("env_cfg", Runner.setup_env)
    build_log_processor = built_from("log_processor", Runner.build_log_processor)
    build_visualizer = built_from("visualizer", Runner.build_visualizer)
    build_model = built_from("model", Runner.build_model)
    register_hook = built_from("A hook", Runner.register_hook)
    build_train_loop = built_from("train_cfg", Runner.build_train_loop)
    build_val_loop = built_from("val_cfg", Runner.build_val_loop)
    build_test_loop = built_from("test_cfg", Runner.build_test_loop)
    build_optim_wrapper = built_from("optim_wrapper", Runner.build_optim_wrapper)

    def set_randomness(self, *args: Any, **kwargs: Any) -> None:
        """Seed all random numbers, and torch's in every process differently.

        With equal ones dropout would leave out the same parts of all their images.
        """
        with config_errors("randomness"):
            super().set_randomness(*args, **kwargs)
        if self.rank > 0:
            torch.manual_seed(self.seed + self.rank)

    def build_evaluator(self, evaluator: Any) -> Evaluator:
        """Build an evaluator whose processes hand their results to one another.

        mmengine's default is files in the current folder, which machines may not
        share.
        """
        with config_errors("An evaluator"):
            built: Evaluator = super().build_evaluator(evaluator)
        for metric in built.metrics:
            metric.collect_device = "gpu"  # that is its word for it, also with Gloo
        return built

    def scale_lr(
        self, optim_wrapper: OptimWrapper, auto_scale_lr: Any | None = None
    ) -> None:
        """Multiply the learning rate by the size of the batch over the config's.

        The batch is that of an update: of all processes, and of all iterations whose
        gradients are accumulated.
        """
        with config_errors("auto_scale_lr"):
            if auto_scale_lr is not None:
                counts = getattr(optim_wrapper, "_accumulative_counts", 1)
                base = auto_scale_lr["base_batch_size"] / counts
                auto_scale_lr = {**auto_scale_lr, "base_batch_size": base}
            super().scale_lr(optim_wrapper, auto_scale_lr)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """Build param_scheduler, one cycle up to the optimizer's learning rate.

        A scheduler without an end ends with the training.
        """
        with config_errors("param_scheduler"):
            lr = self.optim_wrapper.param_groups[0]["lr"]
            return super().build_param_scheduler(with_peak(scheduler, lr))

    def dump_config(self) -> None:
        """Write the config into the work directory, whole or not at all."""
        name = Path(self.cfg.filename or f"{self.timestamp}.py").name
        with config_errors("The config"):
            text = self.cfg.pretty_text
        if is_main_process():
            replace_file(Path(self.work_dir) / name, text)

    def build_dataloader(
        self, dataloader: Any, *args: Any, **kwargs: Any
    ) -> DataLoader[Any]:
        """Return a loader whose data fit the model.

        Its workers end with this process, however it ends.
        """
        names = ("train_dataloader", "val_dataloader", "test_dataloader")
        own = (name for name in names if getattr(self, f"_{name}") is dataloader)
        with config_errors(next(own, "A dataloader")):
            fitted = fit_to_model(dataloader, self.cfg.get("model"))
            loader = Runner.build_dataloader(fitted, *args, **kwargs)
        loader.worker_init_fn = partial(
            start_worker,
            then=loader.worker_init_fn,
            is_of_several=get_world_size() > 1,
        )
        return loader

    def train(self) -> nn.Module:
        """Train as mmengine does, and stop the workers that loaded the data."""
        try:
            return cast(nn.Module, super().train())
        finally:
            self._stop_workers()

    def load_checkpoint(
        self, filename: str, map_location: Any = "cpu", *_: Any, **__: Any
    ) -> dict[str, Any]:
        """Load the model of a checkpoint, and return all that it holds.

        That of ``load_from`` was read when the runner was made.

        Raises:
            ValueError: If it is damaged or that of another model.
        """
        checkpoint, self._checkpoint = self._checkpoint, None
        if checkpoint is None or filename != self._load_from:
            checkpoint = read_checkpoint(filename, map_location)
            self._check_checkpoint(checkpoint, filename)
        self.call_hook("after_load_checkpoint", checkpoint=checkpoint)
        state_dict = checkpoint["state_dict"]
        if getattr(self._bare_model, "distiller", None) is None:
            state_dict = without_training_parts(state_dict)
        self._bare_model.load_state_dict(state_dict)
        self._has_loaded = True
        return checkpoint

    def save_checkpoint(self, *args: Any, **kwargs: Any) -> None:
        """Save a checkpoint in the first process, with what the others know.

        All processes call this.
        """
        self.call_hook("gather_for_checkpoint")
        super().save_checkpoint(*args, **kwargs)

    def resume(self, filename: str, *args: Any, **kwargs: Any) -> None:
        """Go on with the run of a checkpoint, as mmengine does.

        Raises:
            ValueError: If its state of training does not fit.
        """
        try:
            super().resume(filename, *args, **kwargs)
        except (AttributeError, LookupError, TypeError) as error:
            raise ValueError(
                f"{filename!r} holds a state of training that does not fit this run "
                f"({type(error).__name__}: {f'{error}':.200}). Use another checkpoint "
                "of the run."
            ) from error

    def _stop_workers(self) -> None:
        # The garbage collection closes the queues to the workers before it tells them
        # to stop, and then waits 5 s for each of them.
        for loop in (self._train_loop, self._val_loop):
            dataloader: Any = getattr(loop, "dataloader", None)
            if getattr(dataloader, "_iterator", None) is not None:
                dataloader._iterator._shutdown_workers()
                dataloader._iterator = None

    def load_or_resume(self) -> None:
        """Load the checkpoint, then set aside what another run has left."""
        super().load_or_resume()
        is_training = isinstance(self._train_loop, BaseLoop)
        if not is_training or self._has_set_aside:
            return
        self._has_set_aside = True  # what is there from now on is this run's
        barrier()  # all processes have read what they load
        if is_main_process():
            hook = find_checkpoint_hook(self)
            folders = {Path(self.work_dir)} | ({hook.folder(self)} if hook else set())
            for folder in folders:
                self._set_aside(folder)

    def _set_aside(self, folder: Path) -> None:
        is_resumed = self._resume and self._load_from is not None
        source = Path(self._load_from).resolve() if is_resumed else None
        is_own = source is not None and source.parent == folder.resolve()
        moved = set_aside(
            folder,
            time.strftime("%Y%m%d_%H%M%S"),
            after=self.iter if is_own else None,
        )
        if moved is None:
            return
        text = f"{folder} held the checkpoints of another run. They are in {moved} now."
        if (last := latest_checkpoint(moved)) is not None:
            text += f" To go on with that run: --resume {shell_word(str(last))}"
        print_log(text, "current", logging.WARNING)

    def _init_model_weights(self) -> None:
        # A checkpoint has every tensor: pretrained weights would be fetched in vain.
        if self._load_from is None:
            super()._init_model_weights()

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Return mmengine's logger with another console."""
        with config_errors("log_level"):
            logger: MMLogger = super().build_logger(*args, **kwargs)
        logger.addFilter(_is_of_use)
        show_only_warnings(logger)
        return logger


def _is_of_use(record: logging.LogRecord) -> bool:
    """Leave out mmengine's warnings of its own use of what it has deprecated."""
    text = record.getMessage()
    return "FileClient" not in text and "HardDiskBackend" not in text
