"""Stops training at the first loss or gradient that is no number."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather_object, all_reduce
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.nn.utils import get_total_norm

from lanedet.engine.checkpoint_files import latest_checkpoint
from lanedet.engine.hooks.plain_checkpoint_hook import (
    RandomState,
    get_random_state,
    set_random_state,
)
from lanedet.engine.hooks.uninterrupted_checkpoint_hook import find_checkpoint_hook

_NUM_SHOWN = 8


class NonFiniteError(ValueError):
    """A loss or a gradient is NaN or infinite."""


class NonFiniteHook(Hook):
    """Stop training before NaN or infinity gets into the weights.

    Two things are looked at in every iteration:

    * each loss, between the forward and the backward pass;
    * the gradients, immediately before the optimizer takes a step. Under mixed
      precision a gradient that overflows is normal: torch's ``GradScaler`` then leaves
      the step out, so that only steps that are really taken are judged.

    If one of them is not finite, in any process, the state from before the iteration
    (weights, running statistics, random numbers) is saved as a checkpoint, and
    :class:`NonFiniteError` names the iteration, the terms and the images of the batch.
    All names are in the log file.
    """

    priority = "VERY_LOW"  # keep the state after other hooks have restored it

    def __init__(self) -> None:
        self._runner: Runner | None = None
        self._images: list[str] = []
        self._buffers: list[Tensor] = []
        self._random_state: RandomState = {}
        self._handles: list[Any] = []

    def before_train(self, runner: Runner) -> None:
        """Watch the model and the optimizer."""
        self._runner = runner
        self._handles = [
            _model(runner).register_forward_hook(self._check_losses, with_kwargs=True),
            runner.optim_wrapper.optimizer.register_step_pre_hook(
                self._check_gradients
            ),
        ]

    def after_train(self, runner: Runner) -> None:
        """Watch no longer."""
        for handle in self._handles:
            handle.remove()
        self._handles, self._runner = [], None

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Keep what the forward pass changes, and the names of the images."""
        self._random_state = get_random_state()
        self._buffers = [
            torch.cat([buffer.reshape(-1) for buffer in group])
            for group in _buffers_by_type(_model(runner))
        ]
        self._images = _image_names(data_batch)

    def _check_losses(
        self, _: nn.Module, args: Any, kwargs: Mapping[str, Any], outputs: Any
    ) -> None:
        if kwargs.get("mode") != "loss":
            return
        losses = {
            name: torch.stack([_mean(term) for term in _as_list(value)]).sum()
            for name, value in outputs.items()
            if "loss" in name
        }
        if not losses:
            return
        values = torch.stack(list(losses.values()))
        # One look at the device for all terms, and one word for all processes: if one
        # stopped alone, the others would wait for its gradients for ever.
        is_bad = (~values.isfinite()).any().int()
        all_reduce(is_bad, "max")
        if not is_bad:
            return
        terms = [
            f"{name} is {value}"
            for name, value in zip(losses, values.tolist(), strict=True)
            if not torch.isfinite(torch.tensor(value))
        ]
        self._stop(terms)

    def _check_gradients(
        self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any
    ) -> None:
        gradients = [
            parameter.grad
            for group in optimizer.param_groups
            for parameter in group["params"]
            if parameter.grad is not None
        ]
        largest = get_total_norm(gradients, norm_type=float("inf"))
        if largest.isfinite() or self._runner is None:
            return
        names = [
            name
            for name, parameter in _model(self._runner).named_parameters()
            if parameter.grad is not None and not parameter.grad.isfinite().all()
        ]
        self._stop([f"the losses are finite, the gradient of {_shorten(names)} is not"])

    def _stop(self, terms: Sequence[str]) -> None:
        """Save the state from before the iteration and raise NonFiniteError."""
        runner = self._runner
        assert runner is not None  # the checks run in training only
        reports = all_gather_object((list(terms), self._images))
        problems = sorted({term for terms, _ in reports for term in terms})
        images = [name for terms, names in reports if terms for name in names]
        self._restore(runner)
        what = f"Iteration {runner.iter + 1}: {', '.join(problems)}"
        print_log(f"{what}. The batch: {', '.join(images)}", "current")
        raise NonFiniteError(
            f"{what}. The batch: {_shorten(images)}. {_save(runner)} Look at these "
            "images and their labels; if they are in order, lower the learning rate."
        )

    def _restore(self, runner: Runner) -> None:
        set_random_state(self._random_state)
        groups = _buffers_by_type(_model(runner))
        for kept, group in zip(self._buffers, groups, strict=True):
            parts = kept.split([buffer.numel() for buffer in group])
            for part, buffer in zip(parts, group, strict=True):
                buffer.copy_(part.view_as(buffer))


def _save(runner: Runner) -> str:
    """Save a checkpoint, if there is anything worth it, and say so."""
    hook = find_checkpoint_hook(runner)
    state = _model(runner).state_dict().values()
    is_finite = all(bool(each.isfinite().all()) for each in state)
    if hook is not None and is_finite:
        path = hook.save_now(runner)
        return f"The state before it is saved in {str(path)!r}, for --resume."
    earlier = latest_checkpoint(Path(runner.work_dir))
    hint = "there is none" if earlier is None else f"the last is {str(earlier)!r}"
    why = "nothing saves checkpoints" if hook is None else "the weights were not finite"
    return f"No checkpoint of it, as {why} before ({hint})."


def _model(runner: Runner) -> nn.Module:
    model: nn.Module = getattr(runner.model, "module", runner.model)
    return model


def _buffers_by_type(model: nn.Module) -> list[list[Tensor]]:
    """Return the buffers, those of a type together: one copy is enough for each."""
    groups: dict[tuple[Any, ...], list[Tensor]] = {}
    for buffer in model.buffers():
        groups.setdefault((buffer.dtype, buffer.device), []).append(buffer)
    return list(groups.values())


def _image_names(data_batch: Any) -> list[str]:
    samples: Iterable[Any] = (
        data_batch.get("data_samples", ()) if isinstance(data_batch, Mapping) else ()
    )
    return [str(getattr(sample, "img_path", "unnamed")) for sample in samples]


def _as_list(value: Any) -> list[Tensor]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _mean(term: Tensor) -> Tensor:
    return term.detach().float().mean()


def _shorten(names: Sequence[str]) -> str:
    more = len(names) - _NUM_SHOWN
    shown = ", ".join(names[:_NUM_SHOWN])
    return f"{shown} and {more} more (all in the log file)" if more > 0 else shown
