"""What every config says, and that the paper's and the modern recipe are in them."""

import ast
import re
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from experiments import read_kept
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.optim import LinearLR, PolyLR
from mmengine.registry import METRICS, MODELS, PARAM_SCHEDULERS
from torch import nn

from lanedet.cli.main import COMMANDS
from lanedet.datasets import Augment, RandomMotion
from lanedet.engine import load_config
from lanedet.engine.shared_values import fit_to_model
from lanedet.models import LaneDetector, SelfAttentionDistiller
from lanedet.structures import LaneSample

REPOSITORY = Path(__file__).resolve().parents[2]
EXPERIMENTS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for folder in ("sad", "custom", "roadscenes", "line")
    for path in (REPOSITORY / "configs" / folder).glob("*.py")
)
BACKBONES = ("enet", "resnet18", "resnet34")
# Data set: input, slots, iterations, where SAD begins.
PAPER = {
    "tusimple": ((368, 640), 6, 1_800, 1_200),
    "culane": ((288, 800), 4, 60_000, 40_000),
    "bdd100k": ((360, 640), 1, 60_000, 40_000),
}
# Data set: iterations, where SAD begins.
MODERN = {"tusimple": (8_170, 5_447), "culane": (53_328, 35_552)}
PAPER_PAIRS = [f"{backbone}_{{}}_{data}" for backbone in BACKBONES for data in PAPER]
MODERN_PAIRS = [
    f"{backbone}_{{}}_{data}_modern" for backbone in BACKBONES for data in MODERN
]
PAIRS = PAPER_PAIRS + MODERN_PAIRS


@cache
def load(name: str) -> Config:
    return load_config(REPOSITORY / f"configs/sad/{name}.py")


@cache
def build(name: str) -> LaneDetector:
    torch.manual_seed(0)
    model: LaneDetector = MODELS.build(load(name).model)
    return model


# What the files say


@pytest.mark.parametrize("path", EXPERIMENTS)
def test_docstring_says_what_the_path_does_not(path: str) -> None:
    text = ast.get_docstring(ast.parse((REPOSITORY / path).read_text())) or ""
    name = path.removeprefix("configs/").removesuffix(".py")
    commands = re.findall(r"^(?:Run:)? +(lanedet .+)", text, re.MULTILINE)
    assert commands != [f"lanedet train {name}"]
    assert {command.split()[1] for command in commands} <= COMMANDS.keys()
    assert ("--amp" in text.partition("\n")[0]) == name.endswith("_modern")
    # Configs that a text refers to are there, by path or as a file beside it.
    ours = re.sub(r"https?://\S+\s+\(\S+\)", "", text)
    for name in re.findall(r"\bconfigs/\S+?\.py", ours):
        assert (REPOSITORY / name).is_file(), name
    for name in re.findall(r"(?<![/\w])\w+_(?:sad|plain)_\w+\.py", ours):
        assert (REPOSITORY / path).with_name(name).is_file() or (
            REPOSITORY / "configs/sad" / name
        ).is_file(), name


def test_docs_list_every_experiment_with_its_size_and_what_to_expect() -> None:
    text = (REPOSITORY / "docs/configs.md").read_text()
    row = r"^\| \[\w+\]\(\.\./(\S+)\).*\| (\d+\.\d\d) M \| (.*?) \|"
    rows = {path: rest for path, *rest in re.findall(row, text, re.MULTILINE)}
    assert set(rows) == set(EXPERIMENTS)
    kept = read_kept()  # which test_experiments holds against what is built
    for path in EXPERIMENTS:
        name = path.removeprefix("configs/").removesuffix(".py")
        size = int(kept[name]["detector"]["parameters in use"])
        in_docs, expected = rows[path]
        assert in_docs == f"{size / 1e6:.2f}", path
        # Where nothing is known neither says so in words.
        docstring = (REPOSITORY / path).read_text().partition('"""\n')[0]
        assert ("\nExpected: " in docstring) == (expected != "\N{EN DASH}"), path


# What is in them


def test_the_papers_sizes_and_schedule() -> None:
    for backbone, kind, data in product(BACKBONES, ("plain", "sad"), PAPER):
        config = load(f"{backbone}_{kind}_{data}")
        input_shape, num_lanes, max_iters, _ = PAPER[data]
        assert tuple(config.model.view.input_shape) == input_shape
        assert config.model.head.num_lanes == num_lanes
        assert config.train_cfg.max_iters == max_iters
        assert config.train_dataloader.batch_size == 12
        sgd = dict(config.optim_wrapper.optimizer)
        assert sgd.pop("type") is torch.optim.SGD
        assert sgd == dict(lr=0.01, momentum=0.9, nesterov=True, weight_decay=1e-4)
        (schedule,) = config.param_scheduler
        assert schedule == dict(
            type=PolyLR, power=0.9, eta_min=0, begin=0, by_epoch=False
        )


def test_the_papers_learning_rate_falls_by_the_power() -> None:
    rates = learning_rates(load("enet_sad_tusimple"))
    for iteration in (0, 450, 900, 1_700):
        expected = 0.01 * (1 - iteration / 1_800) ** 0.9
        assert rates[iteration] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("pair", PAIRS)
def test_sad_and_its_plain_baseline_differ_in_nothing_else(pair: str) -> None:
    plain = load(pair.format("plain")).to_dict()
    sad = load(pair.format("sad")).to_dict()
    assert plain["model"].pop("distiller") is None
    distiller = sad["model"].pop("distiller")
    if pair.startswith("enet"):
        assert plain["model"]["backbone"].pop("extra_stage") is False
        if "bdd100k" not in pair:
            assert plain["model"]["head"]["existence_branch"].pop("stage") == "E3"
            assert sad["model"]["head"]["existence_branch"].pop("stage") == "E4"
        paths = [("E2", "E3"), ("E3", "E4")]
    else:
        paths = [("layer2", "layer3"), ("layer3", "layer4")]
    assert [tuple(path) for path in distiller["paths"]] == paths
    for key in plain.keys() | sad.keys():
        assert plain[key] == sad[key], key


@pytest.mark.parametrize("pair", PAIRS)
def test_sad_begins_where_the_paper_says(pair: str) -> None:
    config = load(pair.format("sad"))
    distiller = MODELS.build(config.model.distiller)
    assert isinstance(distiller, SelfAttentionDistiller)
    data = pair.split("_")[2]
    start = MODERN[data][1] if pair.endswith("modern") else PAPER[data][3]
    distiller.progress = (start - 1) / config.train_cfg.max_iters
    assert distiller.current_weight() == 0
    distiller.progress = start / config.train_cfg.max_iters
    assert distiller.current_weight() == 0.1


@pytest.mark.parametrize("pair", MODERN_PAIRS)
def test_the_modern_recipe(pair: str) -> None:
    config = load(pair.format("plain"))
    backbone, _, data, _ = pair.split("_")
    highest = 0.2 if backbone != "enet" else {"tusimple": 0.4, "culane": 0.5}[data]
    assert config.train_dataloader.batch_size == 20
    assert config.train_cfg.max_iters == MODERN[data][0]
    pipeline = config.train_dataloader.dataset.pipeline
    assert pipeline[1].motion == dict(type=RandomMotion, rotate_deg=(-3, 3))
    assert not any(step.type is Augment for step in pipeline)
    assert config.model.head.losses.iou is None
    assert config.optim_wrapper.optimizer.lr == highest
    assert not config.optim_wrapper.optimizer.get("nesterov", False)
    warm_up, fall = config.param_scheduler
    assert (warm_up.type, warm_up.begin, warm_up.end) == (LinearLR, 0, 200)
    assert (fall.type, fall.begin, fall.get("end")) == (PolyLR, 200, None)
    if backbone != "enet":
        assert config.model.backbone.weights == "imagenet"


def test_the_modern_learning_rate_rises_and_falls() -> None:
    rates = learning_rates(load("enet_plain_tusimple_modern"))
    assert rates[0] == pytest.approx(0.4 / 200)
    assert rates[100] == pytest.approx(0.2, rel=0.01)
    assert max(rates) == pytest.approx(0.4)
    assert abs(rates.index(max(rates)) - 200) <= 1
    assert rates[200 + 7_970 // 2] == pytest.approx(0.4 * 0.5**0.9, rel=1e-3)
    assert rates[-1] < 4e-4


def learning_rates(config: Config) -> list[float]:
    """Return the rate of every iteration, from the schedulers themselves."""
    optimizer = torch.optim.SGD(
        nn.Linear(1, 1).parameters(), lr=config.optim_wrapper.optimizer.lr
    )
    schedulers = [
        PARAM_SCHEDULERS.build(
            {"end": config.train_cfg.max_iters, **each, "optimizer": optimizer}
        )
        for each in config.param_scheduler
    ]
    rates = []
    for _ in range(config.train_cfg.max_iters):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
    return rates


# What they build


def count(name: str) -> int:
    with torch.device("meta"):  # numbers are not filled in
        model = MODELS.build(load(name).model)
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("enet_plain_culane", 0.973),
        # The authors' repository claims 0.98 M for its ENet-SAD.
        ("enet_sad_culane", 0.986),
        ("resnet18_plain_culane", 12.344),
        ("resnet18_sad_culane", 12.344),
        ("resnet34_plain_culane", 22.452),
        ("resnet34_sad_culane", 22.452),
    ],
)
def test_parameters_at_288x800_with_four_lanes(name: str, expected: float) -> None:
    assert count(name) / 1e6 == pytest.approx(expected, abs=5e-4)


SHAPES = {"tusimple": (720, 1280), "culane": (590, 1640), "bdd100k": (720, 1280)}


def make_sample(path: Path, data: str) -> LaneSample:
    """Return a labelled road with a lane on either side of the car."""
    height, width = SHAPES[data]
    noise = np.random.default_rng(0).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )
    assert cv2.imwrite(str(path), noise)
    sample = LaneSample(
        metainfo={
            "img_path": str(path),
            "raw_file": path.name,
            "rows": np.arange(160, height, 10),
        }
    )
    bottom, horizon = height - 1.0, 0.45 * height
    sample.gt_lanes = [
        np.array([[share * width, bottom], [width / 2, horizon]])
        for share in (0.3, 0.75)
    ]
    return sample


def batch_of(config: Config, split: str, sample: LaneSample) -> dict[str, Any]:
    """Return a batch of one, by the pipeline of a config's loader."""
    loader = fit_to_model(config[f"{split}_dataloader"], config.model)
    pipeline = Compose(loader.dataset.pipeline)
    drawn = pipeline({"data_samples": sample, "rng": np.random.default_rng(0)})
    batch: dict[str, Any] = pseudo_collate([drawn])
    return batch


@pytest.mark.parametrize("data", PAPER)
def test_enet_sad_trains_and_is_scored_at_its_own_size(
    tmp_path: Path, data: str
) -> None:
    config, model = load(f"enet_sad_{data}"), build(f"enet_sad_{data}")
    batch = batch_of(config, "train", make_sample(tmp_path / "a.png", data))
    label = batch["data_samples"][0]
    assert label.gt_class_map.shape == PAPER[data][0]
    assert label.gt_existence.sum() == (1 if data == "bdd100k" else 2)
    model.train()
    model.distiller.progress = 1.0
    losses = model(**model.data_preprocessor(batch, training=True), mode="loss")
    assert losses["loss_sad"] > 0
    assert ("loss_existence" in losses) == (data != "bdd100k")
    model.parse_losses(losses)[0].backward()
    for name, parameter in model.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name

    model.eval()
    batch = batch_of(config, "test", make_sample(tmp_path / "a.png", data))
    with torch.no_grad():
        predicted = model(**model.data_preprocessor(batch), mode="predict")
    metric = METRICS.build(config.val_evaluator)
    metric.process(batch, predicted)
    # What decides which checkpoint is the best is one of the metric's numbers.
    assert config.default_hooks.checkpoint.save_best in metric.evaluate(1)


@pytest.mark.parametrize("data", PAPER)
def test_plain_enet_takes_images_of_its_own_size(data: str) -> None:
    model = build(f"enet_plain_{data}").eval()
    input_shape, num_lanes, *_ = PAPER[data]
    with torch.no_grad():
        outputs = model(torch.zeros(1, 3, *input_shape), mode="tensor")
    assert outputs.seg_logits.shape == (1, num_lanes + 1, *input_shape)
    if data == "bdd100k":
        assert outputs.existence_logits is None
    else:
        assert outputs.existence_logits.shape == (1, num_lanes)


def test_configs_choose_the_best_checkpoint_by_their_own_metric() -> None:
    for pair, kind in product(PAIRS, ("plain", "sad")):
        config = load(pair.format(kind))
        key = config.default_hooks.checkpoint.save_best
        data = pair.split("_")[2]
        assert key == load(f"enet_sad_{data}").default_hooks.checkpoint.save_best
        # There is something to choose from, and the end of training is among it.
        assert config.train_cfg.max_iters % config.train_cfg.val_interval == 0
        assert config.train_cfg.max_iters / config.train_cfg.val_interval >= 6
