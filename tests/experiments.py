"""What each config builds, as text: what ``tests/configs/experiments.json`` keeps.

Where an experiment shall change, or there is another one, write the file anew, and look
at what it changes:

    python tests/experiments.py
"""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import Compose
from mmengine.optim import OneCycleLR
from mmengine.registry import METRICS, MODELS, Registry
from torch.nn import init

from lanedet.ablation.run import changes_model
from lanedet.engine import load_config
from lanedet.engine.schedule import with_peak
from lanedet.engine.shared_values import fit_to_model
from lanedet.models import LaneDetector

KEPT = Path(__file__).parent / "configs/experiments.json"
Facts = dict[str, str]
"""Values by dotted key, as text. A key that ends in " *" has its part's default."""


def describe_experiment(path: Path) -> dict[str, Facts]:
    """Return what a config builds, by section.

    Every part is its class and its arguments, as it is built: also those that the
    config leaves to defaults, and those that one part takes from another. Defaults are
    ours: those of other libraries depend on their versions.
    """
    config = load_config(path)
    sections = {
        **_model_sections(config),
        **{split: _data_facts(config, split) for split in ("train", "val", "test")},
        "scores": _built_facts("val", METRICS, config.val_evaluator)
        | _built_facts("test", METRICS, config.test_evaluator),
        "schedule": _schedule_facts(config),
        "run": {
            key: text
            for name in (
                *("default_hooks", "custom_hooks", "val_cfg", "test_cfg", "visualizer"),
                *("log_processor", "env_cfg", "randomness"),
            )
            for key, text in _flat(name, _bound(config[name]))
        },
        "rows": {
            key: text
            for title, row in (config.get("_rows") or {}).items()
            for key, text in (
                _flat(title, _bound(row))
                if changes_model(row)
                else _built_facts(title, MODELS, row).items()
            )
        },
    }
    return {section: facts for section, facts in sections.items() if facts}


def differences(kept: dict[str, Facts], now: dict[str, Facts]) -> list[str]:
    """Return what differs between two descriptions of an experiment, a line each.

    An argument that was not there before may be there with its default: a part has
    learned something, and the experiment does not use it.
    """
    found = []
    for section in dict.fromkeys([*kept, *now]):
        old = _without_marks(kept.get(section, {}))
        new = _without_marks(now.get(section, {}))
        for key in dict.fromkeys([*old, *new]):
            is_new_default = key not in old and f"{key} *" in now.get(section, {})
            if old.get(key) != new.get(key) and not is_new_default:
                was, has = old.get(key, "not there"), new.get(key, "not there")
                found.append(f"{section}: {key} was {was}, is {has}")
    return found


def _without_marks(facts: Facts) -> Facts:
    return {key.removesuffix(" *"): text for key, text in facts.items()}


def config_paths() -> dict[str, Path]:
    """Return the configs of the repository by name, such as ``sad/enet_sad_scenes``."""
    folder = Path(__file__).parents[1] / "configs"
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.py"))
        if "_base_" not in path.parts
    }


@cache
def read_kept() -> dict[str, dict[str, Facts]]:
    """Return the descriptions that are kept, by name of the config."""
    kept = json.loads(KEPT.read_text())
    return {
        name: {section: kept["sections"][section][i] for section, i in parts.items()}
        for name, parts in kept["experiments"].items()
    }


def write_kept() -> None:
    """Describe all configs and keep it; what several have in common is there once."""
    sections: dict[str, list[Facts]] = {}
    experiments: dict[str, dict[str, int]] = {}
    for name, path in config_paths().items():
        experiments[name] = {}
        for section, facts in describe_experiment(path).items():
            known = sections.setdefault(section, [])
            if facts not in known:
                known.append(facts)
            experiments[name][section] = known.index(facts)
    lines = json.dumps({"sections": sections}, indent=0)[:-2]
    names = ",\n".join(f'"{n}": {json.dumps(p)}' for n, p in experiments.items())
    KEPT.write_text(f'{lines},\n"experiments": {{\n{names}\n}}\n}}\n')


def _model_sections(config: Config) -> dict[str, Facts]:
    """Return what the detector is made of: itself and each of its parts."""
    with torch.device("meta"), _without_numbers(), _recorded("") as facts:
        model = MODELS.build(config.model)
    sections: dict[str, Facts] = {"detector": {}}
    own = "LaneDetector."
    roles = {
        f"{type(part).__name__}.": role
        for role, part in (("backbone", model.backbone), ("head", model.head))
    }
    for key, text in facts.items():
        inner = key.removeprefix(own)
        role = next((roles[n] for n in roles if inner.startswith(n)), None)
        if role is None:
            role = "distiller" if "Distiller" in inner else "detector"
        sections.setdefault(role, {})[inner] = text
    sections["detector"] |= {
        "tensors": f"{len(model.state_dict())}",
        "parameters": f"{sum(each.numel() for each in model.parameters())}",
        "parameters in use": f"{_num_in_use(model)}",
    }
    return sections


@contextmanager
def _without_numbers() -> Iterator[None]:
    """Draw no first numbers of networks, which on the meta device is much work."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("constant_", "kaiming_normal_", "kaiming_uniform_", "normal_"):
            patch.setattr(init, name, lambda tensor, *_, **__: tensor)
        for name in ("ones_", "trunc_normal_", "uniform_", "zeros_"):
            patch.setattr(init, name, lambda tensor, *_, **__: tensor)
        yield


def _num_in_use(model: LaneDetector) -> int:
    """Return the number of a detector's parameters that are there after training."""
    return sum(
        parameter.numel()
        for name, parameter in model.named_parameters()
        if not name.startswith("distiller")
    )


def _data_facts(config: Config, split: str) -> Facts:
    loader = {**fit_to_model(config[f"{split}_dataloader"], config.model)}
    dataset = {**loader.pop("dataset")}
    with _recorded("pipeline") as facts:
        Compose(dataset.pop("pipeline"))
    facts |= _flat("loader", _bound(loader))
    return facts | dict(_flat("dataset", _bound(dataset, without="pipeline")))


def _built_facts(place: str, registry: Registry, configs: Any) -> Facts:
    with _recorded(place) as facts:
        for each in configs if isinstance(configs, list) else [configs]:
            if each is None:
                facts[place] = "None"
            else:
                registry.build(each)
    return facts


def _schedule_facts(config: Config) -> Facts:
    facts: Facts = dict(_flat("train_cfg", _bound(config.train_cfg)))
    facts |= _flat("optim_wrapper", _bound(config.optim_wrapper))
    length, lr = config.train_cfg.max_iters, config.optim_wrapper.optimizer.lr
    for number, each in enumerate(with_peak(config.param_scheduler, lr)):
        # What mmengine fills in when it builds them.
        bound = _bound({"end": length, **each})
        bound["end"] = min(bound["end"], length)
        if each["type"] is OneCycleLR:
            bound["total_steps"] = each.get("total_steps", bound["end"])
        facts |= _flat(f"param_scheduler.{number}", bound)
    return facts


@contextmanager
def _recorded(place: str) -> Iterator[Facts]:
    """Keep class and arguments of all that mmengine's registries build."""
    facts: Facts = {}
    inside = [place]
    counts: dict[str, int] = {}
    build = Registry.build

    def record(self: Registry, part: Any, *args: Any, **kwargs: Any) -> Any:
        name = f"{inside[-1]}.{part['type'].__name__}".removeprefix(".")
        counts[name] = counts.get(name, 0) + 1
        if counts[name] > 1:
            name += f" {counts[name]}"
        own = {key: value for key, value in part.items() if not _is_part(value)}
        facts.update(_flat(name, _bound(own, without=part)))
        inside.append(name)
        try:
            return build(self, part, *args, **kwargs)
        finally:
            inside.pop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Registry, "build", record)
        yield facts


def _is_part(value: Any) -> bool:
    """Tell whether a value is built on its own."""
    if isinstance(value, Mapping):
        return "type" in value or any(map(_is_part, value.values()))
    return isinstance(value, list | tuple) and any(map(_is_part, value))


def _bound(value: Any, without: Any = ()) -> Any:
    """Return a config with the defaults of all that it builds, marked by " *"."""
    if isinstance(value, list | tuple):
        return [_bound(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    bound = {key: _bound(item) for key, item in value.items()}
    built: Any = value.get("type")
    made_by = built.__init__ if inspect.isclass(built) else built
    if getattr(made_by, "__module__", "").startswith("lanedet."):
        for each in inspect.signature(built).parameters.values():
            if each.default is not each.empty and each.name not in {*bound, *without}:
                bound[f"{each.name} *"] = each.default
    return bound


def _flat(place: str, value: Any) -> Iterator[tuple[str, str]]:
    parts: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, Mapping):
        parts = value.items()
    if isinstance(value, list | tuple) and any(
        isinstance(item, Mapping) for item in value
    ):
        parts = enumerate(value)
    if not parts:
        yield place, _text(value)
    for key, item in parts:
        is_default = str(key).endswith(" *") and not str(place).endswith(" *")
        inner = f"{place}.{str(key).removesuffix(' *')}"
        for inmost, text in _flat(inner, item):
            yield f"{inmost} *" if is_default else inmost, text


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_text, value))}]"
    return value.__name__ if callable(value) else repr(value)


if __name__ == "__main__":
    write_kept()
