"""Checkpoints that are data, never code, and leave nothing of a run out."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import all_gather_object, get_rank, get_world_size
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import CheckpointLoader, Runner

from lanedet.engine.hooks.log_rhythms import LogRhythms
from lanedet.formats.models import MODEL_KEY
from lanedet.models import (
    describe_model,
    read_checkpoint,
)

RandomState = dict[str, Any]

_HISTORY = "history_buffer"
_RHYTHMS = "log_rhythms"
_OTHERS = "other_processes"  # beside the state of the first, a list of theirs
_NO_DATA = object()


class PlainCheckpointHook(Hook):
    """Keep checkpoints loadable with ``torch.load(weights_only=True)``.

    mmengine's checkpoints hold objects of its own, which torch loads only by running
    code from the file. This hook writes them as numbers and tensors and makes them
    objects again on resuming. It also

    * stores the state of torch's random numbers in every process of the run, so that
      dropout goes on as if the run had never stopped;
    * stores the description of the model, so that a checkpoint can be used without
      its config, which is source code;
    * drops the histories of what the resumed run no longer logs, as soon as they are
      overdue: mmengine would log their old values at every interval.
    """

    priority = "VERY_HIGH"

    def __init__(self) -> None:
        self._resumed_states: list[RandomState] = []
        self._states_before_val: list[RandomState] = []
        self._gathered_states: list[RandomState] = []
        self._rhythms = LogRhythms()
        # mmengine's loaders of URLs and model zoos unpickle whatever they get.
        for scheme in list(CheckpointLoader._schemes):
            CheckpointLoader.register_scheme(scheme, load_from_local, force=True)

    def gather_for_checkpoint(self, runner: Runner) -> None:
        """Get the random states of all processes, each of which calls this.

        Not in a validation, which every process may leave at another place.
        """
        self._gathered_states = self._states_before_val or gather_random_states()

    def before_save_checkpoint(
        self, runner: Runner, checkpoint: dict[str, Any]
    ) -> None:
        """Turn the checkpoint into plain data."""
        first, *others = self._gathered_states
        checkpoint["random_state"] = {**first, _OTHERS: others}
        try:
            description = describe_model(runner.cfg.model)
        except ValueError:  # a part of the user's own; needs its config to be built
            description = None
        checkpoint["meta"][MODEL_KEY] = description
        self._rhythms.note(runner.message_hub, checkpoint["meta"]["iter"])
        checkpoint[_RHYTHMS] = self._rhythms.state
        plain = _to_plain(checkpoint)
        checkpoint.clear()
        checkpoint.update(plain)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Check the state of training and make mmengine's objects again."""
        meta = checkpoint.setdefault("meta", {})
        # mmengine would run this text as a config.
        meta.pop("config", None)
        check_training_state(checkpoint, runner._load_from or "the checkpoint")
        scalars = checkpoint.get("message_hub", {}).get("log_scalars", {})
        for name, history in scalars.items():
            scalars[name] = _restore_history(history)
        state = checkpoint.get("random_state")
        self._resumed_states = [] if state is None else [state, *state.get(_OTHERS, [])]
        self._rhythms = LogRhythms(checkpoint.get(_RHYTHMS))

    def before_val(self, runner: Runner) -> None:
        """Keep the random numbers of training apart from those of validation.

        Every new iterator of a data loader draws a seed from torch's generator, but a
        persistent one draws only once in a process: a resumed run would draw again.
        """
        self._states_before_val = gather_random_states()

    def after_val(self, runner: Runner) -> None:
        """Go on with the random numbers of training."""
        if self._states_before_val:
            set_random_state(self._states_before_val[get_rank()])
            self._states_before_val = []

    def before_train(self, runner: Runner) -> None:
        """Forget the state of the run whose checkpoint only gave its weights."""
        if runner.iter == 0:
            self._resumed_states = []
            self._rhythms = LogRhythms()
            return
        num_saved = len(self._resumed_states)
        if num_saved not in (0, get_world_size()):
            print_log(
                f"The run to resume had {num_saved} processes, and goes on with "
                f"{get_world_size()}: neither its batches nor its random numbers are "
                "those that it would have had. Start as many to go on exactly.",
                "current",
                logging.WARNING,
            )
        self._rhythms.resume(runner.message_hub, runner.iter)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None
    ) -> None:
        """Continue the random numbers and the histories of the run that is resumed."""
        if get_rank() < len(self._resumed_states):
            set_random_state(self._resumed_states[get_rank()])
        self._resumed_states = []
        self._rhythms.note(runner.message_hub, runner.iter)


def get_random_state() -> RandomState:
    """Return the state of torch's random numbers, of the CPU and of every GPU."""
    on_gpus = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"cpu": torch.get_rng_state(), "cuda": on_gpus}


def gather_random_states() -> list[RandomState]:
    """Return the random states of all processes, in the order of their ranks."""
    states: list[RandomState] = all_gather_object(get_random_state())
    return states


def set_random_state(state: RandomState) -> None:
    """Go on with the random numbers of a state, on the GPUs that are there."""
    torch.set_rng_state(state["cpu"].cpu())
    for device, device_state in enumerate(state["cuda"]):
        if device < torch.cuda.device_count():
            torch.cuda.set_rng_state(device_state.cpu(), device)


def check_training_state(checkpoint: Mapping[str, Any], source: Path | str) -> None:
    """Raise ValueError unless the state of training in a checkpoint is of its form.

    What a checkpoint leaves out is not judged.
    """
    meta, hub = checkpoint.get("meta", {}), checkpoint.get("message_hub", {})
    scalars = hub.get("log_scalars", {}) if isinstance(hub, dict) else None
    random_state = checkpoint.get("random_state")
    forms = {
        "meta.iter": _is_count(meta.get("iter", 0)),
        "meta.epoch": _is_count(meta.get("epoch", 0)),
        "optimizer": isinstance(checkpoint.get("optimizer", {}), dict),
        "message_hub": isinstance(scalars, dict)
        and all(map(_is_history, scalars.values())),
        "random_state": random_state is None or _is_random_state(random_state),
    }
    wrong = [name for name, is_right in forms.items() if not is_right]
    if wrong:
        raise ValueError(
            f"{str(source)!r} must hold the state of a training as lanedet train "
            f"writes it, but {', '.join(wrong)} is of another form. Use another "
            "checkpoint of the run."
        )


def _is_count(value: Any) -> bool:
    return type(value) is int and value >= 0


def _is_history(value: Any) -> bool:
    """Tell whether a value is no history of numbers, or a whole one."""
    if not (isinstance(value, dict) and _HISTORY in value):
        return True
    values, counts = value[_HISTORY], value.get("counts")
    return (
        isinstance(values, torch.Tensor)
        and isinstance(counts, torch.Tensor)
        and values.dtype == torch.float64
        and counts.dtype == torch.int64
        and values.ndim == counts.ndim == 1
        and len(values) == len(counts)
        and _is_count(value.get("max_length"))
    )


def _is_random_state(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("cuda"), list):
        return False
    own = torch.get_rng_state()
    others = value.get(_OTHERS, [])
    return (
        all(
            isinstance(state, torch.Tensor) and state.dtype == own.dtype
            for state in (value.get("cpu"), *value["cuda"])
        )
        and value["cpu"].shape == own.shape
        and isinstance(others, list)
        and all(map(_is_random_state, others))
    )


def load_from_local(filename: str, map_location: Any = None) -> dict[str, Any]:
    """Read a checkpoint as plain data (mmengine prints this function's name).

    Raises:
        ValueError: If the name is a URL, or the file holds more than data.
    """
    if "://" in filename:
        raise ValueError(
            f"Checkpoints are read from files only, got {filename!r}. Fetch it first."
        )
    return read_checkpoint(filename, map_location)


def _to_plain(value: Any) -> Any:
    """Return the value with mmengine's and NumPy's objects as numbers and tensors.

    Entries that are no data, such as the functions among a scheduler's attributes,
    are left out: whoever loads the dict keeps its own.
    """
    if isinstance(value, HistoryBuffer):
        values, counts = value.data
        return {
            _HISTORY: torch.as_tensor(np.asarray(values, dtype=np.float64)),
            "counts": torch.as_tensor(np.asarray(counts, dtype=np.int64)),
            "max_length": value.max_length,
        }
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value.copy())
    if isinstance(value, Mapping):
        pairs = [(key, _to_plain(item)) for key, item in value.items()]
        kept = [(key, item) for key, item in pairs if item is not _NO_DATA]
        return OrderedDict(kept) if isinstance(value, OrderedDict) else dict(kept)
    if isinstance(value, list | tuple):
        items = [_to_plain(item) for item in value]
        plain = [item for item in items if item is not _NO_DATA]
        return plain if isinstance(value, list) else tuple(plain)
    if value is None or isinstance(value, bool | int | float | str | torch.Tensor):
        return value
    return _NO_DATA


def _restore_history(history: Any) -> Any:
    if not (isinstance(history, dict) and _HISTORY in history):
        return history
    return HistoryBuffer(
        history[_HISTORY].cpu().numpy(),
        history["counts"].cpu().numpy(),
        max_length=history["max_length"],
    )
