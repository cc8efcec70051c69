"""Saving checkpoints: whole, the newest, and the same ones in a resumed run."""

import os
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.dist import broadcast, is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.logging import MessageHub
from mmengine.runner import Runner

from lanedet.engine.config_errors import config_errors
from lanedet.files import replace_file
from lanedet.runtime import hold_interrupts, shell_word

ATOMIC_BACKEND = "lanedet_atomic"
LAST_VALIDATION = "last_validation"
"""What the message hub calls the iteration after which there was a whole validation."""
_KEPT = "keep_ckpt_ids"
_OUT_OF_TURN = "out_of_turn_ckpt_id"


class UninterruptedCheckpointHook(CheckpointHook):
    """mmengine's hook; Ctrl-C and kill wait until the checkpoint is written.

    It also

    * removes an old checkpoint only when the new one is there;
    * lets all processes validate what is saved, the state of the first: each has
      running statistics of its own;
    * saves and keeps in a resumed run what an unbroken one saves and keeps.
    """

    keep_ckpt_ids: deque[int]

    def before_train(self, runner: Runner) -> None:
        """Go on with the counts of the run that is resumed."""
        out_dir = self.folder(runner)
        info = runner.message_hub.runtime_info
        for name, value in info.items():
            # The run may have begun elsewhere, and what is there must stay there.
            if name.startswith(("best_ckpt", "last_ckpt")) and value:
                info[name] = str(out_dir / Path(value).name)
        with config_errors("default_hooks.checkpoint"):
            super().before_train(runner)
        self._out_of_turn = info.get(_OUT_OF_TURN, [])
        if runner._resume:
            self.last_ckpt = info.get("last_ckpt")

    def folder(self, runner: Runner) -> Path:
        """Return where a runner's checkpoints go, before training has begun."""
        work_dir = Path(runner.work_dir)
        # As mmengine does.
        return work_dir if self.out_dir is None else Path(self.out_dir) / work_dir.name

    def save_now(self, runner: Runner) -> Path:
        """Save the state between two iterations, out of turn; return the file.

        The file counts as one of the ``max_keep_ckpts`` until the next one is saved.
        """
        step = runner.iter
        info = runner.message_hub.runtime_info
        out_of_turn = info.get(_OUT_OF_TURN, [])
        if step not in info.get(_KEPT, []):
            out_of_turn = [step]
        meta = {"epoch": runner.epoch, "iter": step}
        with hold_interrupts():
            self._save(runner, step, meta, out_of_turn)
        return Path(str(self.last_ckpt))

    def after_train_iter(self, *args: Any, **kwargs: Any) -> None:
        """Save, if it is time."""
        with hold_interrupts():
            super().after_train_iter(*args, **kwargs)

    def before_val_epoch(self, runner: Runner) -> None:
        """Give all processes the buffers of the first."""
        for buffer in runner.model.buffers():
            broadcast(buffer)

    def after_val_epoch(
        self, runner: Runner, metrics: Mapping[str, Any] | None = None
    ) -> None:
        """Save, if it is the best so far.

        Raises:
            ValueError: If ``save_best`` names no metric of the validation. The state is
                saved all the same.
        """
        with hold_interrupts():
            self._check_best(runner, metrics or {})
            # Nearly all other hooks are done: what is saved now holds the validation.
            runner.message_hub.update_info(LAST_VALIDATION, runner.iter)
            super().after_val_epoch(runner, metrics)

    def _check_best(self, runner: Runner, metrics: Mapping[str, Any]) -> None:
        if self.save_best is None or not metrics:
            return
        unknown = set(self.key_indicators) - {"auto", *metrics}
        if not unknown:
            return
        error = ValueError(
            "default_hooks.checkpoint.save_best must name metrics of the validation, "
            f"{', '.join(sorted(metrics))}, got "
            f"{', '.join(sorted(unknown))}."
        )
        saved = shell_word(str(self.save_now(runner)))
        error.add_note(f"The state after iteration {runner.iter} is in {saved}")
        raise error

    def _save_checkpoint_with_step(
        self, runner: Runner, step: int, meta: dict[str, int]
    ) -> None:
        # In mmengine's place, which removes the old file before the new one is there.
        self._save(runner, step, meta, out_of_turn=[])

    def _save(
        self, runner: Runner, step: int, meta: dict[str, int], out_of_turn: list[int]
    ) -> None:
        hub, name = runner.message_hub, self.filename_tmpl.format(step)
        hub.update_info(_OUT_OF_TURN, out_of_turn)
        dropped: list[int] = []
        if self.max_keep_ckpts > 0:
            dropped = self._keep(hub, step, out_of_turn)
        self.last_ckpt = str(Path(self.out_dir) / name)
        hub.update_info("last_ckpt", self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir,
            name,
            self.file_client_args,
            save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler,
            meta=meta,
            by_epoch=self.by_epoch,
            backend_args=self.backend_args,
            **self.args,
        )
        if is_main_process():
            for each in dropped:
                Path(self.out_dir, self.filename_tmpl.format(each)).unlink(True)
            replace_file(Path(runner.work_dir) / "last_checkpoint", self.last_ckpt)

    def _keep(self, hub: MessageHub, step: int, out_of_turn: list[int]) -> list[int]:
        """Count a checkpoint among those that are kept; return which no longer are.

        What was saved out of turn goes first: an unbroken run has not got it.
        """
        before = list(self.keep_ckpt_ids)
        in_turn = [
            each for each in before if each != step and each not in self._out_of_turn
        ]
        self._out_of_turn = out_of_turn
        self.keep_ckpt_ids = deque([*in_turn, step], self.max_keep_ckpts)
        hub.update_info(_KEPT, list(self.keep_ckpt_ids))
        return [each for each in before if each not in self.keep_ckpt_ids]


class AtomicLocalBackend(LocalBackend):
    """Write a file under another name first, so that no kill leaves half of it."""

    def put(self, obj: bytes | memoryview, filepath: str | Path) -> None:
        """Write bytes to a file that appears whole or not at all."""
        path = Path(filepath)
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(path.name + ".part")
        with partial.open("wb") as file:
            file.write(obj)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


register_backend(ATOMIC_BACKEND, AtomicLocalBackend, force=True)


def find_checkpoint_hook(runner: Runner) -> UninterruptedCheckpointHook | None:
    """Return the hook that saves a runner's checkpoints, None if it has none."""
    hooks = (h for h in runner.hooks if isinstance(h, UninterruptedCheckpointHook))
    return next(hooks, None)
