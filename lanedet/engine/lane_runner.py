"""mmengine's Runner with a console that a person can read."""

import logging
from typing import Any, cast

from mmengine.logging import MMLogger
from mmengine.runner import Runner
from torch import nn
from tqdm import tqdm

from lanedet.models import check_state_dict, read_checkpoint


class LaneRunner(Runner):
    """Log to the file, warn on the console, refuse unfit checkpoints at once.

    mmengine writes everything to the console and to the log file alike, some 400 lines
    before the first image. Here the log file gets it all, and the console only
    warnings; what else stands there comes from
    :class:`~lanedet.engine.ConsoleHook` and
    :class:`~lanedet.engine.ProgressBarHook`.

    Raises:
        ValueError: If the checkpoint to load or resume is damaged or that of another
            model.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self._load_from is not None:
            # Now, not when mmengine loads it: after the data sets, which can take long.
            model = cast(nn.Module, getattr(self.model, "module", self.model))
            state_dict = read_checkpoint(self._load_from).get("state_dict", {})
            check_state_dict(model, state_dict, self._load_from)

    def train(self) -> nn.Module:
        """Train as mmengine does, and stop the workers that loaded the data."""
        try:
            return cast(nn.Module, super().train())
        finally:
            self._stop_workers()

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

    def _init_model_weights(self) -> None:
        # A checkpoint has every tensor: pretrained weights would be fetched in vain.
        if self._load_from is None:
            super()._init_model_weights()

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Return mmengine's logger with another console."""
        logger: MMLogger = super().build_logger(*args, **kwargs)
        logger.addFilter(_is_of_use)
        logger.handlers = [
            each if isinstance(each, logging.FileHandler) else _Console(each)
            for each in logger.handlers
        ]
        return logger


class _Console(logging.Handler):
    """Warnings, above the progress bars."""

    def __init__(self, replaced: logging.Handler) -> None:
        super().__init__(max(replaced.level, logging.WARNING))
        for each in replaced.filters:
            self.addFilter(each)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            tqdm.write(f"{record.levelname.lower()}: {record.getMessage()}")
        except Exception:
            self.handleError(record)


def _is_of_use(record: logging.LogRecord) -> bool:
    """Leave out mmengine's warnings of its own use of what it has deprecated."""
    text = record.getMessage()
    return "FileClient" not in text and "HardDiskBackend" not in text
