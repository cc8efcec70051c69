"""What one part of a config takes from another, so that each fact is said once.

The size of the network input is that of ``model.view``, the number of lanes is
``model.head.num_lanes``, and that of rows ``model.head.num_rows``. The transforms that
need them are built with the model's; the detector itself hands them to its parts.
"""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import DATASETS

from lanedet.datasets import LaneDataset
from lanedet.engine.config_parts import built_by, look_up, typed_dicts
from lanedet.engine.config_types import arguments_of

DATALOADERS = ("train_dataloader", "val_dataloader", "test_dataloader")
"""The keys of a config that hold a data set."""
_OF_TRANSFORMS = {  # places in the model
    "view": "view",
    "num_lanes": "head.num_lanes",
    "num_rows": "head.num_rows",
}
# Arguments that a part of the model is given, and what they follow from.
_OF_PARTS = {
    "model.neck": {"stage_channels": "model.backbone"},
    "model.head": {"input_shape": "model.view", "stage_channels": "model.backbone"},
    "model.head.classifier": {
        "in_channels": "model.backbone and model.head.seg_stage",
        "num_classes": "model.head.num_lanes",
    },
    "model.head.existence_branch": {
        "in_channels": "model.backbone and the branch's stage",
        "input_shape": "model.view",
        "num_lanes": "model.head.num_lanes",
    },
}


def check_said_once(config: Config) -> None:
    """Raise ValueError if a config says again what a part takes from another.

    What it says there would not be used.
    """
    for place, sources in _OF_PARTS.items():
        for key in (look_up(config, place) or {}).keys() & sources.keys():
            raise _said_again(f"{place}.{key}", sources[key])
    for name in DATALOADERS:
        dataset = look_up(config, f"{name}.dataset")
        for place, part in typed_dicts(dataset, f"{name}.dataset"):
            for number, step in enumerate(part.get("pipeline") or []):
                for key in step.keys() & _OF_TRANSFORMS.keys():
                    raise _said_again(
                        f"{place}.pipeline.{number}.{key}",
                        f"model.{_OF_TRANSFORMS[key]}",
                    )


def _said_again(place: str, source: str) -> ValueError:
    return ValueError(
        f"{place} must be left out: it follows from {source}. Change it there."
    )


def fit_to_model(data: Any, model: Any) -> Any:
    """Return the config of a data set or loader with what it takes from the model.

    Args:
        data: The config, which is not changed.
        model: Config of the detector. What it does not say is left out.

    Raises:
        ValueError: If a transform's type is unknown.
    """
    model = model if isinstance(model, Mapping) else {}
    known = {key: look_up(model, place) for key, place in _OF_TRANSFORMS.items()}
    return _filled(data, {key: value for key, value in known.items() if value}, "data")


def _filled(part: Any, known: Mapping[str, Any], place: str) -> Any:
    if isinstance(part, list | tuple):
        return [_filled(item, known, f"{place}.{i}") for i, item in enumerate(part)]
    if not isinstance(part, Mapping):
        return part
    filled = ConfigDict(
        {key: _filled(item, known, f"{place}.{key}") for key, item in part.items()}
    )
    if ".pipeline." in place and "type" in part:
        wanted = arguments_of(built_by(part, place))
        filled.update({key: known[key] for key in wanted.keys() & known.keys()})
    return filled


def build_dataset(config: Config, split: str) -> LaneDataset:
    """Return a data set of a config.

    Args:
        config: Config of the run.
        split: ``train``, ``val`` or ``test``.

    Raises:
        FileNotFoundError: If the data set is not where the config says.
        ValueError: If the data set does not fit.
    """
    dataset = config[f"{split}_dataloader"]["dataset"]
    built: LaneDataset = DATASETS.build(fit_to_model(dataset, config.get("model")))
    return built
