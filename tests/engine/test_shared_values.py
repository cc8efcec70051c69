from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from lanedet.datasets import ApplyView, LoadImage, RasterizeLanes, ToTensors
from lanedet.engine import load_config
from lanedet.engine.shared_values import build_dataset, fit_to_model
from lanedet.ops import LetterboxView

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"
VIEW = {"type": LetterboxView, "input_shape": (32, 64)}
MODEL = {"view": VIEW, "head": {"num_lanes": 4}}


def steps(apply_view: Any = ApplyView) -> list[dict[str, Any]]:
    return [
        {"type": LoadImage},
        {"type": apply_view},
        {"type": RasterizeLanes, "lane_width_px": 3},
        {"type": ToTensors},
    ]


@pytest.mark.parametrize(
    "apply_view", [ApplyView, "lanedet.datasets.ApplyView"], ids=["class", "name"]
)
def test_transforms_get_what_they_ask_for(apply_view: Any) -> None:
    data = {"type": "X", "pipeline": steps(apply_view)}
    load, view, labels, pack = fit_to_model(data, MODEL)["pipeline"]
    assert view == {"type": apply_view, "view": VIEW}
    assert labels == {"type": RasterizeLanes, "lane_width_px": 3, "num_lanes": 4}
    assert load == {"type": LoadImage}
    assert pack == {"type": ToTensors}
    assert data["pipeline"] == steps(apply_view), "the config stays as it is"


def test_data_sets_inside_others_get_it_too() -> None:
    inner = {"type": "X", "pipeline": steps()}
    fitted = fit_to_model({"dataset": {"type": "Y", "datasets": [inner]}}, MODEL)
    assert fitted["dataset"]["datasets"][0]["pipeline"][1]["view"] == VIEW


@pytest.mark.parametrize("model", [None, {}, {"type": "ToyModel"}])
def test_a_model_without_view_and_lanes_hands_on_nothing(model: Any) -> None:
    data = {"pipeline": steps()}
    assert fit_to_model(data, model) == data


def test_a_data_set_that_is_built_already_stays_itself() -> None:
    ready = object()
    assert fit_to_model({"dataset": ready}, MODEL)["dataset"] is ready


def test_one_option_changes_the_size_everywhere(scenes_root: Path) -> None:
    options = {"model.view.input_shape": (96, 160), "model.head.num_lanes": 4}
    config = load_config(SCENES, options, scenes_root)
    drawn = build_dataset(config, "train")[0]
    assert drawn["inputs"].shape == (3, 96, 160)
    assert drawn["data_samples"].gt_class_map.shape == (96, 160)
    assert drawn["data_samples"].gt_existence.shape == (4,)
    assert build_dataset(config, "test")[0]["inputs"].shape == (3, 96, 160)


@pytest.mark.usefixtures("configs_laid_out")
def test_a_config_that_a_run_wrote_down_can_be_read_again(
    scenes_root: Path, tmp_path: Path
) -> None:
    path = tmp_path / "written.py"
    path.write_text(load_config(SCENES).pretty_text)
    config = load_config(path, {"model.view.input_shape": (96, 160)}, scenes_root)
    assert isinstance(config, Config)
    assert build_dataset(config, "train")[0]["inputs"].shape == (3, 96, 160)
