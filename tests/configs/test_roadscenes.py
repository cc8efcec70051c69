"""RoadScenes: its frozen definition, and the experiments on it."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import Evaluator
from mmengine.registry import MODELS
from torch.optim import AdamW

from lanedet.engine import load_config
from lanedet.engine.shared_values import build_dataset
from lanedet.evaluation import CULaneMetric, TuSimpleMetric
from lanedet.formats import culane_label_path
from lanedet.models import SelfAttentionDistiller
from lanedet.simulation.export.scene_files import BENCHMARK_SEEDS, SceneCollection
from lanedet.simulation.roadscenes.freezing import (
    SCENES_PER_CATEGORY,
    read_fingerprints,
    take_fingerprints,
)
from lanedet.simulation.sampling.categories import CULANE_FRAMES

CONFIGS = Path(__file__).resolve().parents[2] / "configs"
DEFINITION = CONFIGS / "_base_/datasets/roadscenes.py"
PAIRS = (
    "enet_{}_roadscenes",
    "enet_{}_roadscenes_small",
    "resnet18_{}_roadscenes",
    "resnet34_{}_roadscenes",
)
SPLITS = {"train": (20_001, 10_000), "val": (20_002, 500), "test": (20_003, 2_000)}


@cache
def load(name: str) -> Config:
    return load_config(CONFIGS / "roadscenes" / f"{name}.py")


def dataset_of(split: str) -> Any:
    return Config.fromfile(DEFINITION)[f"{split}_dataloader"].dataset


@pytest.mark.parametrize("split", SPLITS)
def test_the_definition_is_that_of_its_version(split: str) -> None:
    dataset = dataset_of(split)
    assert dataset.data_root == "data/roadscenes-3"
    assert (dataset.seed, dataset.num_scenes) == SPLITS[split]
    assert dataset.seed == BENCHMARK_SEEDS[split], "no other collection may have it"
    assert tuple(dataset.shape) == (288, 800)
    assert dataset.category == "culane"
    assert dataset.fingerprints == "version_3.txt"


@pytest.mark.parametrize("split", SPLITS)
def test_scenes_are_drawn_as_when_the_version_was_frozen(split: str) -> None:
    dataset = dataset_of(split)
    frozen = read_fingerprints(dataset.fingerprints, split)
    assert len(frozen) == SCENES_PER_CATEGORY * len(CULANE_FRAMES)
    collection = SceneCollection(dataset.seed, tuple(dataset.shape), dataset.category)
    drawn = take_fingerprints(collection, dataset.num_scenes)
    assert drawn.keys() == frozen.keys()
    for number, now in drawn.items():
        difference = now.difference(frozen[number])
        assert not difference, (
            f"Scene {number} of {split} has changed: {difference}. Scores of another "
            "drawing do not compare: give RoadScenes another version and folder, then "
            "run tools/freeze_roadscenes.py."
        )


@pytest.mark.parametrize("pair", PAIRS)
def test_sad_and_its_plain_baseline_differ_in_nothing_else(pair: str) -> None:
    plain = load(pair.format("plain")).to_dict()
    sad = load(pair.format("sad")).to_dict()
    assert plain["model"].pop("distiller") is None
    distiller = MODELS.build(sad["model"].pop("distiller"))
    assert isinstance(distiller, SelfAttentionDistiller)
    assert distiller.weight == 0.02
    if pair.startswith("enet"):
        assert plain["model"]["backbone"].pop("extra_stage") is False
        assert plain["model"]["head"]["existence_branch"].pop("stage") == "E3"
        assert sad["model"]["head"]["existence_branch"].pop("stage") == "E4"
    for key in plain.keys() | sad.keys():
        assert plain[key] == sad[key], key


@pytest.mark.parametrize("pair", PAIRS)
def test_sizes_recipe_and_scores(pair: str) -> None:
    config, is_small = load(pair.format("sad")), pair.endswith("small")
    assert tuple(config.model.view.input_shape) == (
        (144, 400) if is_small else (288, 800)
    )
    assert config.optim_wrapper.optimizer.type is AdamW
    assert config.default_hooks.checkpoint.save_best == "culane/f1"
    assert config.train_cfg.max_iters % config.train_cfg.val_interval == 0
    assert config.test_dataloader.dataset.num_scenes == 2_000, "the same for all"
    culane, tusimple = config.test_evaluator
    assert culane == {"type": CULaneMetric, "to_border": False}
    assert tusimple.type is TuSimpleMetric
    assert tusimple.pixel_threshold / 800 == 20 / 1280


@pytest.mark.parametrize("network", ["enet", "resnet18", "resnet34"])
def test_networks_are_compared_by_one_experiment(network: str) -> None:
    config = load_config(CONFIGS / f"ablation/roadscenes_{network}.py")
    enet = load_config(CONFIGS / "ablation/roadscenes_enet.py")
    assert config.train_dataloader == enet.train_dataloader
    assert config.train_cfg == enet.train_cfg
    assert config.test_evaluator == load(PAIRS[0].format("sad")).test_evaluator
    assert config.test_dataloader.dataset.num_scenes == 2_000, "the whole test set"
    assert config.model.backbone.get("weights") is None, "all begin from nothing"
    model = MODELS.build(config.model)
    assert {"enet": "ENet"}.get(network, "ResNet") == type(model.backbone).__name__
    blocks = sum(name.endswith("conv2.weight") for name in model.state_dict())
    assert blocks == {"enet": 0, "resnet18": 8, "resnet34": 16}[network]
    distiller = MODELS.build(config._rows["SAD"])
    stages = {stage for path in distiller.paths for stage in path}
    assert stages <= set(model.backbone.stage_channels), "SAD's stages must exist"
    assert (distiller.weight, distiller.start) == (0.02, 0.5)


def test_from_no_data_to_scores_by_both_rules(tmp_path: Path) -> None:
    config = load_config(
        CONFIGS / "roadscenes/enet_sad_roadscenes_small.py",
        {
            f"{split}_dataloader.dataset.{key}": value
            for split in ("train", "test")
            for key, value in (("num_scenes", 2), ("fingerprints", None))
        },
        data_root=tmp_path / "scenes",
    )
    model = MODELS.build(config.model)
    batch = pseudo_collate([build_dataset(config, "train")[7]])
    model.distiller.progress = 1.0
    losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
    assert torch.isfinite(model.parse_losses(losses)[0])
    dataset = build_dataset(config, "test")
    evaluator = Evaluator(config.test_evaluator)
    evaluator.metrics[0].out_dir = tmp_path / "predictions"
    model.eval()
    for index in range(2):
        sample = dataset[index]["data_samples"]
        sample.pred_lanes = sample.gt_lanes
        evaluator.process([sample])
    scores = evaluator.evaluate(2)
    assert scores["culane/f1"] == 1.0
    assert scores["culane/fp"] == 0.0
    assert scores["tusimple/fn"] == 0.0
    assert scores.keys() >= {f"culane/f1_{sample.category}", "tusimple/accuracy"}
    written = culane_label_path(tmp_path / "predictions", sample.raw_file)
    assert written.is_file()
