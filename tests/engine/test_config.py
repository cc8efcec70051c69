import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from lanedet.datasets import EncodeLines, LoadImage, RandomCrop
from lanedet.engine import load_config
from lanedet.engine.config_checks import check_parts
from lanedet.engine.shared_values import check_said_once
from lanedet.models import build_model, describe_model

REPOSITORY = Path(__file__).resolve().parents[2]
CONFIGS = sorted(
    path
    for path in (REPOSITORY / "configs").rglob("*.py")
    if "_base_" not in path.parts
)
SCENES = REPOSITORY / "configs/sad/enet_sad_scenes.py"


# That each config has no dead keys and builds its model: tests/configs.
@pytest.mark.parametrize(
    "name",
    [
        *("sad/enet_plain_bdd100k", "sad/enet_sad_roads", "sad/resnet34_sad_culane"),
        *("sad/mobilenet_v3_sad_scenes", "custom/enet_sad_custom"),
        *("line/enet_sad_tusimple", "line/resnet18_plain_bdd100k"),
    ],
)
def test_the_model_of_a_config_is_built_from_its_description(name: str) -> None:
    config = load_config(name)
    with torch.device("meta"):  # fills no weights, which takes longer than all else
        build_model(describe_model(config.model))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"train_cfg.max_iter": 3}, "train_cfg has .*'max_iter'.*'max_iters'"),
        ({"optim_wrapper.optimizer.lrr": 1}, "optim_wrapper.optimizer .*'lrr'.*'lr'"),
        ({"modle.x": 1}, "The config has .*'modle'.*'model'"),
        ({"model.backbone.dropot": 1}, "model.backbone .*'dropot'.*'dropout'"),
        ({"train_dataloader.batchsize": 1}, "'batchsize'.*'batch_size'"),
        ({"val_evaluator.zzz": 1}, "val_evaluator .*TuSimpleMetric takes: .*pixel_thr"),
        ({"custom_hooks.2.patient": 1}, r"custom_hooks.2 .*'patience'"),
        ({"env_cfg.cudnn_benchmrk": True}, "env_cfg .*'cudnn_benchmark'"),
        ({"env_cfg.mp_cfg.mp_start_methd": "fork"}, "mp_cfg .*'mp_start_method'"),
        ({"randomness.sede": 1}, "randomness .*'seed'"),
        ({"default_hooks.checkpont.interval": 1}, "default_hooks .*'checkpoint'"),
        ({"optim_wrapper.clip_grad.max_nrom": 1}, "clip_grad .*'max_norm'"),
        ({"model.head.decoder.smothing": 3}, "decoder .*'smoothing'"),
    ],
)
def test_misspelt_key(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_config(SCENES, options)


def test_hook_that_hands_its_arguments_on(tmp_path: Path) -> None:
    path = tmp_path / "ema.py"
    path.write_text(
        "from mmengine.hooks import EMAHook\n"
        "custom_hooks = [dict(type=EMAHook, momentum=0.01, begin_iter=3)]\n"
    )
    check_parts(Config.fromfile(path))


@pytest.mark.parametrize(
    ("option", "source"),
    [
        ("train_dataloader.dataset.pipeline.1.view.input_shape", "model.view"),
        ("test_dataloader.dataset.pipeline.1.view.input_shape", "model.view"),
        ("train_dataloader.dataset.pipeline.3.num_lanes", "model.head.num_lanes"),
        ("model.head.input_shape", "model.view"),
        ("model.head.stage_channels.E4", "model.backbone"),
        ("model.head.existence_branch.input_shape", "model.view"),
        ("model.head.existence_branch.num_lanes", "model.head.num_lanes"),
        ("model.head.existence_branch.in_channels", "model.backbone and the branch's"),
        ("model.head.classifier.in_channels", "model.backbone and model.head.seg_sta"),
        ("model.head.classifier.num_classes", "model.head.num_lanes"),
    ],
)
def test_what_follows_from_another_part_is_not_said_again(
    option: str, source: str
) -> None:
    with pytest.raises(
        ValueError, match=rf"must be left out: it follows from {source}"
    ):
        load_config(SCENES, {option: (64, 64) if "input_shape" in option else 4})


def test_data_sets_inside_others_say_nothing_again_either() -> None:
    config = load_config(SCENES)
    inner = config.train_dataloader.dataset
    config.train_dataloader.dataset = {"type": "ConcatDataset", "datasets": [inner]}
    check_said_once(config)
    inner.pipeline[3].num_lanes = 4
    with pytest.raises(ValueError, match=r"dataset.datasets.0.pipeline.3.num_lanes mu"):
        check_said_once(config)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optim_wrapper.optimizer.type": "AdanW"}, "unknown type 'AdanW'.*'AdamW'"),
        ({"val_evaluator.type": "nowhere.Metric"}, "unknown type 'nowhere.Metric'"),
        ({"val_evaluator.type": ""}, "val_evaluator has the unknown type ''"),
        ({"val_evaluator.type": None}, "val_evaluator.type must be a class"),
        (
            {"optim_wrapper.optimizer.type": "SGD", "optim_wrapper.optimizer.lrr": 1},
            "optim_wrapper.optimizer .*'lrr'.*'lr'",
        ),
    ],
)
def test_types_given_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_config(SCENES, options)


def test_context_layers_say_where_they_go() -> None:
    resnet = SCENES.parents[1] / "ablation/roadscenes_resnet18.py"
    layer = {"type": "ACmix", "where": "replace", "blocks": [0, 1]}
    config = load_config(resnet, {"model.backbone.context": {"layer4": layer}})
    model = build_model(describe_model(config.model))
    assert {type(block.conv2).__name__ for block in model.backbone.layer4} == {"ACmix"}
    for layer, message in (
        ({"type": "ACmix", "block": 1}, "unknown key 'block'.*'blocks'"),
        ({"type": "ACmix", "where": "before"}, "where must be 'after' or 'replace'"),
    ):
        with pytest.raises(ValueError, match=message):
            load_config(SCENES, {"model.backbone.context": {"E4": layer}})


def test_a_neck_and_its_layers_are_checked() -> None:
    neck = {"type": "LaneNeck", "stage": "E4", "layers": [{"type": "ChannelGate"}]}
    assert load_config(SCENES, {"model.neck": neck}).model.neck.stage == "E4"
    for option, message in (
        ({**neck, "channel": 8}, "model.neck has .*'channel'.*'channels'"),
        ({**neck, "stage_channels": {}}, "left out: it follows from model.backbone"),
        (
            {**neck, "layers": [{"type": "ChannelGate", "heads": 2}]},
            r"layers.0 .*heads",
        ),
    ):
        with pytest.raises(ValueError, match=message):
            load_config(SCENES, {"model.neck": option})


@pytest.mark.parametrize("name", ["SGD", "torch.optim.SGD"])
def test_names_that_are_known(name: str) -> None:
    assert load_config(SCENES, {"optim_wrapper.optimizer.type": name}) is not None


def test_options_and_data_root_are_used() -> None:
    config = load_config(SCENES, {"model.distiller.weight": 0.5}, data_root="elsewhere")
    assert config.model.distiller.weight == 0.5
    for name in ("train", "val", "test"):
        assert config[f"{name}_dataloader"].dataset.data_root == "elsewhere"


def test_missing_config() -> None:
    with pytest.raises(FileNotFoundError, match=r"No config at 'none\.py'"):
        load_config("none.py")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("model = dict(", id="syntax"),
        pytest.param(
            "from lanedet.models import NoSuchNet\nmodel = dict(type=NoSuchNet)",
            id="unknown class",
        ),
    ],
)
def test_broken_config(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"broken\.py' is no readable config"):
        load_config(path)


_ODD = (
    *(None, 5, -1, 0, 2.5, float("nan"), 10**30, True, "x", "", (1, 2), {}, {"a": 1}),
    *([], [1], ["x"], [[[1]]], [None], [{}], {"type": "x"}, {"type": 5}),
    {"a": {"b": {"c": [1]}}},
)


def _places(value: Any, place: str) -> Iterator[str]:
    yield place
    parts = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list | tuple):
        parts = ((str(number), item) for number, item in enumerate(value))
    for key, item in parts:
        yield from _places(item, f"{place}.{key}")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        pytest.param(SCENES, 40, id="some"),
        *(
            pytest.param(path, 300, id=path.stem, marks=pytest.mark.slow)
            for path in CONFIGS[::9]
        ),
    ],
)
def test_odd_values_are_reported_in_one_line(path: Path, count: int) -> None:
    config = Config.fromfile(path).to_dict()
    keys = [key for key in config if key[0].islower()]
    places = [place for key in keys for place in _places(config[key], key)]
    places += ["log_level", "work_dir", "load_from", "auto_scale_lr", "model.x.y"]
    rng = random.Random(0)
    for _ in range(count):
        place, value = rng.choice(places), rng.choice(_ODD)
        try:
            load_config(path, {place: value}, data_root="data")
        except (ValueError, OSError) as error:
            assert str(error), f"{place}={value!r}"  # noqa: PT017 (or nothing is raised)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"param_scheduler": 5}, "param_scheduler must be .*, got 5"),
        ({"train_cfg": 5}, "train_cfg must be .*a dict.*, got 5"),
        ({"train_cfg.max_iters": 2, "train_cfg": 5}, "train_cfg must be a dict, got 5"),
        ({"train_cfg.val_interval": "x"}, "val_interval must be a whole number"),
        ({"train_dataloader.dataset.ann_files": 5}, "ann_files must be .*, got 5"),
        ({"train_cfg.max_iters.x": 1}, "max_iters is 460 and has no parts"),
        ({"custom_hooks.99.x": 1}, "custom_hooks is a list of 9"),
        ({"param_scheduler.0": 3}, "param_scheduler.0 must be a dict, got 3"),
        (
            {"launcher": "foo"},
            "launcher must be 'none' or 'pytorch' or 'slurm' or 'mpi', got 'foo'",
        ),
    ],
)
def test_values_of_another_kind(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_config(SCENES, options)


@pytest.mark.parametrize(
    ("key", "most"),
    [("batch_size", 65_536), ("num_workers", 256), ("prefetch_factor", 1024)],
)
def test_what_a_loader_takes_memory_for_has_a_bound(key: str, most: int) -> None:
    place = f"val_dataloader.{key}"
    assert load_config(SCENES, {place: most}) is not None
    with pytest.raises(ValueError, match=rf"{place} must be at most {most}, got 10"):
        load_config(SCENES, {place: 10**9})


@pytest.mark.parametrize(
    "steps",
    [
        [],
        [{"type": LoadImage}],
        [{"type": LoadImage}, {"type": RandomCrop}],
        [{"type": LoadImage}, {"type": EncodeLines}],
    ],
)
def test_a_pipeline_ends_with_what_the_model_takes(steps: list[Any]) -> None:
    place = "train_dataloader.dataset.pipeline"
    with pytest.raises(ValueError, match=rf"{place} must end with ToTensors.*, got \["):
        load_config(SCENES, {place: steps})
    with pytest.raises(ValueError, match=r"val_dataloader\.dataset\.pipeline must end"):
        load_config(SCENES, {"val_dataloader.dataset.pipeline": steps})


def test_an_option_may_name_an_entry_of_a_list() -> None:
    config = load_config(SCENES, {"train_dataloader.dataset.ann_files.1": "x.json"})
    assert config.train_dataloader.dataset.ann_files[1] == "x.json"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = 1\nmodel = dict(type=Detectr)\n", "line 2: NameError: .*Detectr"),
        ("a = (\n", "SyntaxError"),
        ("a = 1 / 0\n", "ZeroDivisionError"),
        (
            "from mmengine.config import read_base\n"
            "with read_base():\n    from .missing import *\n",
            "missing.py not found",
        ),
    ],
)
def test_a_config_that_does_not_run(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "own.py"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        load_config(path)


def test_the_learning_rate_is_for_the_batch_of_the_file() -> None:
    config = load_config(SCENES, {"train_dataloader.batch_size": 32})
    assert config.auto_scale_lr == {"enable": False, "base_batch_size": 8}
    assert load_config(SCENES, {"auto_scale_lr.base_batch_size": 4}) is not None


def test_batch_norm_is_synchronized_by_one_word() -> None:
    assert load_config(SCENES, {"sync_bn": "torch"}).sync_bn == "torch"
    with pytest.raises(ValueError, match="sync_bn"):
        load_config(SCENES, {"sync_bn": "mmcv"})
