"""Learning rate schedules that fit the length of training."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config
from mmengine.optim import OneCycleLR

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
        ValueError: If the new length is no count.
    """
    own_length = config.get("train_cfg", {}).get("max_iters")
    config.merge_from_dict(dict(options))
    names_schedule = any(key.split(".")[0] == _SCHEDULERS for key in options)
    if own_length is None or _MAX_ITERS not in options or names_schedule:
        return
    _check_length(config.train_cfg.max_iters)
    for _, scheduler in _iteration_schedulers(config):
        _stretch(scheduler, config.train_cfg.max_iters, own_length)


def check_schedule(config: Config) -> None:
    """Raise ValueError if a schedule is over before training is.

    One-cycle schedules stop the run when they are asked for more than their
    ``total_steps``, which would be noticed only then.
    """
    length = config.get("train_cfg", {}).get("max_iters")
    if length is None:
        return
    _check_length(length)
    for place, scheduler in _iteration_schedulers(config):
        if scheduler["type"] not in (OneCycleLR, OneCycleLR.__name__):
            continue
        begin = scheduler.get("begin", 0)
        end = scheduler.get("end", _FOREVER)
        steps = scheduler.get("total_steps", end - begin)
        if begin + steps < min(length, end):
            raise ValueError(
                f"{place} has total_steps={steps}, but training has "
                f"train_cfg.max_iters={length} iterations. Set total_steps to "
                f"{length - begin}, or change only max_iters: the schedule is "
                "stretched with it."
            )


def check_resumed_schedule(config: Config, checkpoint: Mapping[str, Any]) -> None:
    """Raise ValueError if a checkpoint's run was planned for another length.

    A resumed run goes on in the checkpoint's schedule, not in the config's.

    Args:
        config: Of the run that shall go on.
        checkpoint: With ``param_schedulers``, a list of states.
    """
    states = checkpoint.get("param_schedulers")
    if not isinstance(states, list):
        return
    for (place, scheduler), state in zip(_schedulers(config), states, strict=False):
        for name in ("begin", "end", "total_steps"):
            planned, wanted = state.get(name), scheduler.get(name)
            if planned is not None and wanted is not None and planned != wanted:
                raise ValueError(
                    f"The run to resume was planned with {place}.{name}={planned}, but "
                    f"the config has {wanted}. A schedule cannot change on its way: "
                    "resume with the length that the run was started with (--cfg-"
                    f"options {_MAX_ITERS}=...), or start a new run from its weights "
                    "(--cfg-options load_from=CKPT, another --work-dir)."
                )


def _check_length(length: Any) -> None:
    if not isinstance(length, int) or length < 1:
        raise ValueError(
            f"{_MAX_ITERS} must be a whole number, at least 1, got {length!r}."
        )


def _schedulers(config: Config) -> list[tuple[str, dict[str, Any]]]:
    """Return all schedulers, and where they are."""
    schedulers = config.get(_SCHEDULERS) or []
    if isinstance(schedulers, Mapping):
        schedulers = [schedulers]
    return [(f"{_SCHEDULERS}.{number}", each) for number, each in enumerate(schedulers)]


def _iteration_schedulers(config: Config) -> list[tuple[str, dict[str, Any]]]:
    """Return the schedulers that count iterations, not epochs."""
    return [pair for pair in _schedulers(config) if pair[1].get("by_epoch") is False]


def _stretch(scheduler: dict[str, Any], new: int, old: int) -> None:
    def scaled(count: int) -> int:
        return count if count >= _FOREVER else round(count * new / old)

    for name in _COUNTS:
        if scheduler.get(name) is not None:
            # Nothing but a beginning may be 0.
            scheduler[name] = max(scaled(scheduler[name]), int(name != "begin"))
    if scheduler.get("milestones") is not None:
        scheduler["milestones"] = [scaled(count) for count in scheduler["milestones"]]
