"""Training loops."""

import copy
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from mmengine.dist import all_reduce, all_reduce_dict, get_world_size
from mmengine.hooks import EMAHook
from mmengine.logging import HistoryBuffer
from mmengine.runner import IterBasedTrainLoop
from mmengine.runner.loops import _InfiniteDataloaderIterator

from lanedet.datasets import EndlessSampler
from lanedet.engine.hooks import LAST_VALIDATION, find_checkpoint_hook
from lanedet.runtime import hold_interrupts, shell_word

# Ctrl-C, and kill of a process group, also end the data workers. torch makes an error
# of that, in the midst of whatever is done.
_NEWS_OF_WORKERS = (signal.SIGCHLD,) if hasattr(signal, "SIGCHLD") else ()


class LaneTrainLoop(IterBasedTrainLoop):
    """Train for a number of iterations; go on exactly where an earlier run stopped.

    mmengine's loop resumes by reading and throwing away all the data that the earlier
    run saw, which takes hours on a large data set. With :class:`EndlessSampler` the
    data of an iteration depends on nothing before it, so this loop only moves the
    sampler forward.

    Ctrl-C and ``kill`` (under :func:`~lanedet.runtime.user_errors`) wait for the end of
    the iteration, and a checkpoint is saved before they act. A validation that was due
    and did not come to its end is made up for when the run is resumed.

    Where gradients of several iterations are accumulated, they wait until the weights
    are updated. Of several processes all stop after the same iteration, also where only
    one was asked to, and the losses that are logged are means over them.

    Raises:
        ValueError: If ``val_interval`` is below 1.
    """

    _is_between_updates = True
    _is_validating = False
    _histories: dict[str, HistoryBuffer]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.val_interval < 1:
            raise ValueError(
                f"train_cfg.val_interval must be at least 1, got {self.val_interval}."
            )

    def run(self) -> None:
        """Train until ``max_iters``."""
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        self._advance_sampler()
        try:
            self._train()
        except (KeyboardInterrupt, SystemExit) as interrupt:
            self._save(interrupt)
            raise
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")

    def _train(self) -> None:
        last_validation = self.runner.message_hub.runtime_info.get(LAST_VALIDATION, 0)
        if self._iter > 0 and last_validation != self._iter:
            self._validate_if_due()
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            num_iters = self._num_until_update()
            if num_iters == 1 and get_world_size() == 1:
                batch = next(self.dataloader_iterator)  # may be interrupted
                with self._whole_update():
                    self.run_iter(batch)
            else:
                with self._whole_update():
                    for _ in range(num_iters):
                        self.run_iter(next(self.dataloader_iterator))
            self._validate_if_due()

    def run_iter(self, data_batch: Sequence[Any]) -> None:
        """Train on one batch."""
        where = {"batch_idx": self._iter, "data_batch": data_batch}
        self.runner.call_hook("before_train_iter", **where)
        outputs = self.runner.model.train_step(
            data_batch, optim_wrapper=self.runner.optim_wrapper
        )
        outputs = {name: value.detach() for name, value in outputs.items()}
        all_reduce_dict(outputs, "mean")
        self.runner.call_hook("after_train_iter", **where, outputs=outputs)
        self._iter += 1

    def _num_until_update(self) -> int:
        """Return how many iterations it takes until the weights are updated."""
        counts = getattr(self.runner.optim_wrapper, "_accumulative_counts", 1)
        return min(counts - self._iter % counts, self._max_iters - self._iter)

    @contextmanager
    def _whole_update(self) -> Iterator[None]:
        """Let interrupts wait for the end of the block, in all processes."""
        with hold_interrupts(*_NEWS_OF_WORKERS) as held:
            self._is_between_updates = False
            yield
            if get_world_size() > 1:
                # If one stopped alone, the others would wait for it.
                number = torch.tensor(max(held - {*_NEWS_OF_WORKERS}, default=0))
                all_reduce(number, "max")
                held |= {int(number)} - {0}
            self._is_between_updates = True

    def _save(self, interrupt: BaseException) -> None:
        """Save what would be lost, and note it on the interrupt."""
        if threading.current_thread() is threading.main_thread():
            for number in _NEWS_OF_WORKERS:
                signal.signal(number, signal.SIG_DFL)
        if self._is_validating:
            # Averaged weights are validated in the place of the trained ones.
            for average in (h for h in self.runner.hooks if isinstance(h, EMAHook)):
                average.after_val_epoch(self.runner)
            # The whole validation will be made up for, and logged then.
            histories = self.runner.message_hub.log_scalars
            histories.clear()
            histories.update(self._histories)
        hook = find_checkpoint_hook(self.runner)
        if hook is not None and self._is_between_updates:
            path = hook.save_now(self.runner)
            interrupt.add_note(
                f"The state after iteration {self._iter} is in {shell_word(str(path))}"
            )

    def _advance_sampler(self) -> None:
        sampler = self.dataloader.sampler
        if not isinstance(sampler, EndlessSampler):
            raise ValueError(
                "LaneTrainLoop needs train_dataloader.sampler of type EndlessSampler, "
                f"got {type(sampler).__name__}."
            )
        if self._iter == 0:
            return
        sampler.num_taken = self._iter * self.dataloader.batch_size
        # The old iterator's workers have already loaded the first batches.
        self.dataloader_iterator = _InfiniteDataloaderIterator(self.dataloader)

    def _validate_if_due(self) -> None:
        self._decide_current_val_interval()
        is_due = self._iter % self.val_interval == 0 or self._iter == self._max_iters
        if self.runner.val_loop is None or self._iter < self.val_begin or not is_due:
            return
        scalars = self.runner.message_hub.log_scalars
        self._histories = {name: copy.copy(scalars[name]) for name in scalars}
        self._is_validating = True
        self.runner.val_loop.run()
        self._is_validating = False
        self.runner.message_hub.update_info(LAST_VALIDATION, self._iter)
