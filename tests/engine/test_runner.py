"""Parts of a model that only train: a distiller's weights, pretrained weights."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import OptimWrapper

from lanedet.engine import (
    LaneRunner,
    LaneTrainLoop,
    evaluate,
    load_config,
    set_resume,
    set_work_dir,
    train,
)
from lanedet.models import (
    ENet,
    build_model,
    describe_model,
    load_weights,
    read_checkpoint,
    save_weights,
)

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"
SHAPE = (64, 96)


def deep_supervision_config(data_root: Path, work_dir: Path) -> Config:
    options = {
        "train_cfg.max_iters": 2,
        "train_cfg.val_interval": 9,
        "train_dataloader.batch_size": 2,
        "default_hooks.checkpoint.interval": 1,
        "model.view.input_shape": SHAPE,
    }
    for name in ("train", "val", "test"):
        options[f"{name}_dataloader.num_workers"] = 0
    for name in ("train", "val"):
        options[f"{name}_dataloader.persistent_workers"] = False
    config = load_config(SCENES, options, data_root)
    config.model.distiller = dict(type="lanedet.models.DeepSupervision", stages=["E2"])
    set_work_dir(config, work_dir)
    return config


def test_deep_supervision_is_trained_resumed_and_left_out_of_tests(
    scenes_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(deep_supervision_config(scenes_root, tmp_path))
    checkpoint, weights = tmp_path / "iter_2.pth", tmp_path / "weights.safetensors"
    name = "distiller.classifiers.0.weight"
    assert name in read_checkpoint(checkpoint)["state_dict"]
    assert name not in read_checkpoint(weights)["state_dict"]
    evaluate(deep_supervision_config(scenes_root, tmp_path), weights)
    assert load_weights(checkpoint).distiller is None

    def refuse(_: ENet) -> None:
        raise AssertionError("A resumed run has all its weights.")

    monkeypatch.setattr(ENet, "init_weights", refuse)
    config = deep_supervision_config(scenes_root, tmp_path)
    set_resume(config, str(tmp_path / "iter_1.pth"))
    assert train(config).iter == 2


def test_a_checkpoint_is_read_once_and_before_anything_is_built(
    scenes_root: Path, tmp_path: Path
) -> None:
    config = deep_supervision_config(scenes_root, tmp_path)
    config.model.distiller = None
    weights = tmp_path / "weights.safetensors"
    torch.manual_seed(1)
    model = build_model(describe_model(config.model))
    save_weights(weights, describe_model(config.model), model.state_dict(), {})
    config.load_from = str(weights)
    runner = LaneRunner.from_cfg(config)
    weights.unlink()
    runner.load_or_resume()
    loaded = runner.model.state_dict()
    for name, tensor in model.state_dict().items():
        assert torch.equal(loaded[name].cpu(), tensor), name

    config.model.backbone.type = "no such network"
    with pytest.raises(FileNotFoundError, match="No weights or checkpoint at"):
        LaneRunner.from_cfg(config)


@pytest.mark.parametrize(
    ("counts", "enable", "expected"),
    [(1, True, 0.005), (4, True, 0.02), (1, False, 0.01), (4, False, 0.01)],
)
def test_the_learning_rate_grows_with_the_batch_of_an_update(
    toy_runner: Callable[..., LaneRunner], counts: int, enable: bool, expected: float
) -> None:
    runner = toy_runner(  # batches of 3
        auto_scale_lr={"enable": enable, "base_batch_size": 6},
        optim_wrapper={
            "type": OptimWrapper,
            "optimizer": {"type": "SGD", "lr": 0.01},
            "accumulative_counts": counts,
        },
        param_scheduler=None,
        train_cfg={"type": LaneTrainLoop, "max_iters": counts, "val_interval": 4},
    )
    runner.train()
    [group] = runner.optim_wrapper.param_groups
    assert group["lr"] == pytest.approx(expected)
