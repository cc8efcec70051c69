"""Numbers in a config that no run can have, reported by their full key."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mmengine.config import Config
from mmengine.hooks import CheckpointHook

from lanedet.engine.config_parts import built_by, look_up
from lanedet.engine.shared_values import DATALOADERS

# The least value of numbers at fixed places; none may be infinite.
_LEAST: dict[str, float] = {
    **{f"{name}.batch_size": 1 for name in DATALOADERS},
    **{f"{name}.num_workers": 0 for name in DATALOADERS},
    **{
        f"optim_wrapper.optimizer.{key}": 0
        for key in ("lr", "momentum", "weight_decay", "eps")
    },
    "optim_wrapper.clip_grad.max_norm": 0,
    "optim_wrapper.accumulative_counts": 1,
    "auto_scale_lr.base_batch_size": 1,
    "randomness.seed": 0,
    "log_processor.window_size": 1,
    "train_cfg.val_interval": 1,
}
# The most of what takes memory or processes for each, and NumPy's largest seed.
_MOST: dict[str, int] = {
    **{f"{name}.batch_size": 65_536 for name in DATALOADERS},
    **{f"{name}.num_workers": 256 for name in DATALOADERS},
    **{f"{name}.prefetch_factor": 1024 for name in DATALOADERS},
    "randomness.seed": 2**32 - 1,
}


def check_bounds(config: Config) -> None:
    """Raise ValueError, with the key and what must hold, over an impossible number.

    That is NaN anywhere, and what is too small or large at the places known here.
    """
    for key, value in config.to_dict().items():
        if not str(key).startswith("_"):
            _refuse_nan(str(key), value)
    for place, least in _LEAST.items():
        value = look_up(config, place)
        if value == math.inf:
            raise ValueError(f"{place} must be finite, got inf.")
        if value is not None and value < least:
            raise ValueError(f"{place} must be at least {least}, got {value}.")
    for place, most in _MOST.items():
        value = look_up(config, place)
        if value is not None and value > most:
            raise ValueError(f"{place} must be at most {most}, got {value}.")
    for place, hook in _hooks(config):
        interval = hook.get("interval")
        # A checkpoint hook with -1 saves at the end only.
        is_never = interval == -1 and _saves(hook, place)
        if isinstance(interval, int) and interval < 1 and not is_never:
            raise ValueError(f"{place}.interval must be at least 1, got {interval}.")
    _check_accumulation(config)


def _check_accumulation(config: Config) -> None:
    """Refuse to validate and to save while gradients are accumulated.

    No checkpoint holds what is accumulated, so that no run could go on from there.
    """
    counts = look_up(config, "optim_wrapper.accumulative_counts") or 1
    intervals = {
        f"{place}.interval": hook.get("interval")
        for place, hook in _hooks(config)
        if _saves(hook, place)
    }
    intervals["train_cfg.val_interval"] = look_up(config, "train_cfg.val_interval")
    for place, interval in intervals.items():
        if isinstance(interval, int) and interval != -1 and interval % counts:
            raise ValueError(
                f"{place} must be a multiple of optim_wrapper.accumulative_counts="
                f"{counts}, got {interval}: in between the weights wait for their "
                f"update. Use {interval - interval % counts or counts}."
            )


def _refuse_nan(place: str, value: Any) -> None:
    if isinstance(value, float) and math.isnan(value):
        raise ValueError(f"{place} must be a number, got nan.")
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    if isinstance(value, list | tuple):
        parts = enumerate(value)
    for key, item in parts:
        _refuse_nan(f"{place}.{key}", item)


def _hooks(config: Config) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every hook that is a dict, and its place."""
    named = (config.get("default_hooks") or {}).items()
    numbered = enumerate(config.get("custom_hooks") or [])
    for group, hooks in (("default_hooks", named), ("custom_hooks", numbered)):
        for key, hook in hooks:
            if isinstance(hook, Mapping):
                yield f"{group}.{key}", hook


def _saves(hook: Mapping[str, Any], place: str) -> bool:
    """Tell whether a hook saves checkpoints, also where its type is mmengine's own."""
    if "type" not in hook:
        return place == "default_hooks.checkpoint"
    built = built_by(hook, place)
    return isinstance(built, type) and issubclass(built, CheckpointHook)
