"""Learning rate schedules that fit the length of training."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.optim import OneCycleLR

from lanedet.engine.config_options import set_values
from lanedet.engine.config_parts import built_by
from lanedet.engine.config_types import check_type

_COUNTS = ("begin", "end", "total_steps", "T_max", "step_size")
_FOREVER = 10**9  # mmengine's default for the end of a schedule
_MAX_ITERS = "train_cfg.max_iters"
_SCHEDULERS = "param_scheduler"


def merge_options(config: Config, options: Mapping[str, Any]) -> None:
    """Change values of a config, and stretch its schedule with its length.

    If ``train_cfg.max_iters`` is among the options and nothing of ``param_scheduler``
    is, every count of iterations in the schedule (begin, end, total_steps, milestones,
    ...) is multiplied by new length / old length: training that is half as long goes
    through the same schedule at twice the speed. If an option names a part of
    ``param_scheduler``, nothing is stretched.

    Args:
        config: Read from its file; changed in place.
        options: Values by dotted key.

    Raises:
        ValueError: If the new length is no count, or a key leads nowhere.
    """
    own_length = _length(config)
    set_values(config, options)
    names_schedule = any(key.split(".")[0] == _SCHEDULERS for key in options)
    if own_length is None or _MAX_ITERS not in options or names_schedule:
        return
    length = _length(config)
    _check_length(length)
    for _, scheduler in _iteration_schedulers(config):
        _stretch(scheduler, length, own_length)


def check_schedule(config: Config) -> None:
    """Raise ValueError if a schedule does not fit the length of training.

    One-cycle schedules stop the run when they are asked for more than their
    ``total_steps``, which would be noticed only then, and divide by zero where they
    would rise in a single iteration.
    """
    length = _length(config)
    if length is None:
        return
    _check_length(length)
    for place, scheduler in _iteration_schedulers(config):
        begin = scheduler.get("begin", 0)
        end = scheduler.get("end", _FOREVER)
        if begin >= length and end == _FOREVER:
            raise ValueError(
                f"{place}.begin must be below {_MAX_ITERS}={length}, got {begin}. "
                "Change only max_iters with --cfg-options: the schedule is stretched "
                "with it. Or let it begin earlier."
            )
        if not _is_one_cycle(scheduler):
            continue
        steps = scheduler.get("total_steps", min(end, length) - begin)
        rise = scheduler.get("pct_start", 0.3)
        if rise * steps == 1:
            raise ValueError(
                f"{place} must not rise in a single iteration, got pct_start={rise} of "
                f"{steps}. Set {_MAX_ITERS} to another number than {length}, or "
                "pct_start."
            )
        if begin + steps < min(length, end):
            raise ValueError(
                f"{place} has total_steps={steps}, but training has "
                f"train_cfg.max_iters={length} iterations. Set total_steps to "
                f"{length - begin}, or change only max_iters: the schedule is "
                "stretched with it."
            )


def check_resumed_schedule(config: Config, checkpoint: Mapping[str, Any]) -> None:
    """Raise ValueError if a checkpoint's run was planned for another length.

    A resumed run goes on in the checkpoint's schedule, not in the config's. A schedule
    without an end of its own ends with the training.

    Args:
        config: Config of the run that shall go on.
        checkpoint: With ``param_schedulers``, a list of states.
    """
    states = checkpoint.get("param_schedulers")
    if not isinstance(states, list):
        return
    for (place, scheduler), state in zip(_schedulers(config), states, strict=False):
        for name in ("begin", "end", "total_steps"):
            planned, wanted = state.get(name), scheduler.get(name)
            if name == "end" and wanted is None and scheduler.get("by_epoch") is False:
                wanted = _length(config)
            if planned is not None and wanted is not None and planned != wanted:
                raise ValueError(
                    f"The run to resume was planned with {place}.{name}={planned}, but "
                    f"the config has {wanted}. A schedule cannot change on its way: "
                    "resume with the length that the run was started with (--cfg-"
                    f"options {_MAX_ITERS}=...), or start a new run from its weights "
                    "(--cfg-options load_from=CKPT, another --work-dir)."
                )


def with_peak(schedulers: Any, lr: float) -> Any:
    """Return schedulers whose one-cycle ones rise to the optimizer's learning rate.

    Args:
        schedulers: Config of a scheduler or of several, or ready ones.
        lr: The optimizer's. A config that names its own ``eta_max`` keeps it.
    """
    if isinstance(schedulers, list | tuple):
        return [with_peak(each, lr) for each in schedulers]
    if not isinstance(schedulers, Mapping) or not _is_one_cycle(schedulers):
        return schedulers
    return {"eta_max": lr, **schedulers}


def _is_one_cycle(scheduler: Mapping[str, Any]) -> bool:
    return built_by(scheduler, _SCHEDULERS) is OneCycleLR


def _length(config: Config) -> Any:
    """Return the number of iterations, None if the config has none."""
    train_cfg = config.get("train_cfg") or {}
    check_type("train_cfg", train_cfg, dict)
    return train_cfg.get("max_iters")


def _check_length(length: Any) -> None:
    if not isinstance(length, int) or not 1 <= length <= _FOREVER:
        raise ValueError(
            f"{_MAX_ITERS} must be a whole number from 1 to {_FOREVER}, got {length!r}."
        )


def _schedulers(config: Config) -> list[tuple[str, dict[str, Any]]]:
    """Return all schedulers, and where they are."""
    schedulers = config.get(_SCHEDULERS) or []
    if isinstance(schedulers, Mapping):
        schedulers = [schedulers]
    for number, each in enumerate(schedulers):
        check_type(f"{_SCHEDULERS}.{number}", each, dict)
        check_type(f"{_SCHEDULERS}.{number}.type", each.get("type"), type | str)
    return [(f"{_SCHEDULERS}.{number}", each) for number, each in enumerate(schedulers)]


def _iteration_schedulers(config: Config) -> list[tuple[str, dict[str, Any]]]:
    """Return the schedulers that count iterations, not epochs."""
    return [pair for pair in _schedulers(config) if pair[1].get("by_epoch") is False]


def _stretch(scheduler: dict[str, Any], new: int, old: int) -> None:
    def scaled(count: Any) -> Any:
        is_count = isinstance(count, int) and count < _FOREVER
        return round(count * new / old) if is_count else count

    for name in _COUNTS:
        if isinstance(scheduler.get(name), int):
            # Nothing but a beginning may be 0.
            scheduler[name] = max(scaled(scheduler[name]), int(name != "begin"))
    if isinstance(scheduler.get("milestones"), list | tuple):
        scheduler["milestones"] = [scaled(count) for count in scheduler["milestones"]]
