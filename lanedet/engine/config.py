"""Reading a config, and finding its mistakes before anything is built."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.config.utils import ConfigParsingError

from lanedet.engine.config_checks import DATALOADERS, check_agreement, check_keys
from lanedet.engine.schedule import check_schedule, merge_options

# What mmengine raises over a file that is no config of its kind.
_CONFIG_ERRORS = (
    AssertionError,
    ConfigParsingError,
    ImportError,
    KeyError,
    SyntaxError,
    TypeError,
)


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
        path: Python file in mmengine's pure-Python style.
        options: Values to change, by dotted key: ``{"train_cfg.max_iters": 100}``.
            Another ``max_iters`` also stretches the schedule of the learning rate
            (:func:`~lanedet.engine.schedule.merge_options`).
        data_root: Folder that replaces every ``data_root`` in the config.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no config, a key or a named type does not exist,
            or the model, its data and the schedule do not fit together.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(
            f"No config at {str(path)!r}. The configs are under configs/."
        )
    try:
        config = Config.fromfile(path)
        merge_options(config, options or {})
        check_keys(config)
    except _CONFIG_ERRORS as error:
        raise ValueError(f"{str(path)!r} is no readable config: {error}") from error
    if data_root is not None:
        for name in DATALOADERS:
            if config.get(name):
                config[name].dataset.data_root = str(data_root)
    check_agreement(config)
    check_schedule(config)
    return config
