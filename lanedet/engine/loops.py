"""Training loops."""

from mmengine.runner import IterBasedTrainLoop
from mmengine.runner.loops import _InfiniteDataloaderIterator

from lanedet.datasets import EndlessSampler


class LaneTrainLoop(IterBasedTrainLoop):
    """Train for a number of iterations; go on exactly where an earlier run stopped.

    mmengine's loop resumes by reading and throwing away all the data that the earlier
    run saw, which takes hours on a large data set. With :class:`EndlessSampler` the
    data of an iteration depends on nothing before it, so this loop only moves the
    sampler forward.
    """

    def run(self) -> None:
        """Train until ``max_iters``."""
        self.runner.call_hook("before_train")
        self.runner.call_hook("before_train_epoch")
        self._advance_sampler()
        while self._iter < self._max_iters and not self.stop_training:
            self.runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            if self._is_time_to_validate():
                self.runner.val_loop.run()
        self.runner.call_hook("after_train_epoch")
        self.runner.call_hook("after_train")

    def _advance_sampler(self) -> None:
        sampler = self.dataloader.sampler
        if not isinstance(sampler, EndlessSampler):
            raise TypeError(
                "LaneTrainLoop needs train_dataloader.sampler of type EndlessSampler, "
                f"got {type(sampler).__name__}."
            )
        if self._iter == 0:
            return
        sampler.num_taken = self._iter * self.dataloader.batch_size
        # The old iterator's workers have already loaded the first batches.
        self.dataloader_iterator = _InfiniteDataloaderIterator(self.dataloader)

    def _is_time_to_validate(self) -> bool:
        self._decide_current_val_interval()
        return (
            self.runner.val_loop is not None
            and self._iter >= self.val_begin
            and (self._iter % self.val_interval == 0 or self._iter == self._max_iters)
        )
