"""A progress bar for training and evaluation."""

from collections.abc import Sequence
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner
from tqdm import tqdm

from lanedet.runtime import progress_bar


class ProgressBarHook(Hook):
    """Show iterations, time left and losses."""

    priority = "LOW"

    def __init__(self) -> None:
        self._train_bar: tqdm[Any] | None = None
        self._test_bar: tqdm[Any] | None = None

    def before_train(self, runner: Runner) -> None:
        """Open the training bar."""
        if is_main_process():
            self._train_bar = progress_bar(
                total=runner.max_iters, initial=runner.iter, desc="train", unit="it"
            )

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        """Move the training bar."""
        if self._train_bar is None:
            return
        if outputs and batch_idx % 10 == 0:
            shown = {
                k: f"{float(v.detach()):.3f}" for k, v in outputs.items() if "loss" in k
            }
            self._train_bar.set_postfix(shown, refresh=False)
        self._train_bar.update()

    def after_train(self, runner: Runner) -> None:
        """Close the training bar."""
        if self._train_bar is not None:
            self._train_bar.close()
            self._train_bar = None

    def before_val(self, runner: Runner) -> None:
        """Open a bar for validation."""
        self._open(len(runner.val_dataloader), "validate")

    def before_test(self, runner: Runner) -> None:
        """Open a bar for the test."""
        self._open(len(runner.test_dataloader), "test")

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Move the bar."""
        if self._test_bar is not None:
            self._test_bar.update()

    after_test_iter = after_val_iter

    def after_val(self, runner: Runner) -> None:
        """Close the bar."""
        self._close()

    def after_test(self, runner: Runner) -> None:
        """Close the bar."""
        self._close()

    def _open(self, num_batches: int, name: str) -> None:
        if is_main_process():
            self._test_bar = progress_bar(
                total=num_batches, desc=name, unit="batch", leave=False
            )

    def _close(self) -> None:
        if self._test_bar is not None:
            self._test_bar.close()
            self._test_bar = None
