"""Reading a config, and finding its mistakes before anything is built."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lanedet.config_files import find_config
from lanedet.engine.config_bounds import check_bounds
from lanedet.engine.config_checks import check_parts, check_pipelines
from lanedet.engine.config_parts import look_up, typed_dicts
from lanedet.engine.config_types import check_type
from lanedet.engine.schedule import check_schedule, merge_options
from lanedet.engine.shared_values import DATALOADERS, check_said_once


def load_config(
    path: Path | str,
    options: Mapping[str, Any] | None = None,
    data_root: Path | str | None = None,
) -> Config:
    """Read a config file and check its keys.

    mmengine passes over unknown keys at the top without a word, and finds the others
    only when it gets there, which can be after an epoch. Here every key is compared
    with the arguments of what it configures.

    Args:
        path: Python file in mmengine's pure-Python style, or the name of a config of
            the package (:func:`~lanedet.config_files.find_config`).
        options: Values to change, by dotted key: ``{"train_cfg.max_iters": 100}``.
            Another ``max_iters`` also stretches the schedule of the learning rate
            (:func:`~lanedet.engine.schedule.merge_options`).
        data_root: Folder that replaces every ``data_root`` in the config.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no config, a key or a named type does not exist,
            says again what follows from another, a number is impossible, or the
            schedule ends before training.
    """
    config = _read(find_config(path))
    _keep_base_batch_size(config)
    merge_options(config, options or {})
    check_parts(config)
    if data_root is not None:
        for name in DATALOADERS:
            if config.get(name):
                check_type(f"{name}.dataset", config[name].get("dataset"), dict)
                config[name].dataset.data_root = str(data_root)
    check_said_once(config)
    check_pipelines(config)
    check_bounds(config)
    check_schedule(config)
    return config


def _keep_base_batch_size(config: Config) -> None:
    """Write down which batch the learning rate of a config's file is for.

    That is its own, and no longer known where an option changes it.
    """
    batch_size = look_up(config, "train_dataloader.batch_size")
    scaling = config.get("auto_scale_lr") or {}
    if batch_size is not None and isinstance(scaling, Mapping):
        base = {"enable": False, "base_batch_size": batch_size}
        config.auto_scale_lr = {**base, **scaling}


def _read(path: Path) -> Config:
    """Return what a config file holds.

    Raises:
        ValueError: If it does not run to its end, or names what cannot be imported.
    """
    try:
        if path.suffix == ".py":
            compile(path.read_bytes(), path, "exec")  # a mistake in it gets its name
        config = Config.fromfile(path)
        for key in config.to_dict():  # import what it names
            list(typed_dicts(config[key], key))
    except Exception as error:  # it is the user's program and may raise anything
        raise ValueError(
            f"{str(path)!r} is no readable config: {_line(error)}"
            f"{type(error).__name__}: {error}"
        ) from error
    return config


def _line(error: Exception) -> str:
    """Return the line of a config, or of one that it reads, that did not run."""
    frames = traceback.extract_tb(error.__traceback__)
    modules = [each for each in frames if each.name == "<module>"]
    return f"{modules[-1].filename}, line {modules[-1].lineno}: " if modules else ""
