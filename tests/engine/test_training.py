"""Whole small runs: train, stop, resume, score."""

import multiprocessing
import shutil
from pathlib import Path
from typing import Any

import pytest
import safetensors
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import HOOKS

from lanedet.engine import (
    LaneRunner,
    evaluate,
    load_config,
    set_resume,
    set_work_dir,
    train,
    use_amp,
)
from lanedet.files import claim_folder
from lanedet.models import load_weights, read_checkpoint
from lanedet.runtime import user_errors

SCENES = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"
NUM_ITERS = 6
SMALL_INPUT = {"model.view.input_shape": (64, 96)}


class LossRecorder(Hook):
    """Keeps the losses of every iteration, and stops the run where it is asked to."""

    def __init__(self, record: dict[int, dict[str, float]], stop_after: int) -> None:
        self.record = record
        self.stop_after = stop_after

    def after_train_iter(
        self,
        runner: Any,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Any = None,
    ) -> None:
        self.record[runner.iter] = {
            name: float(value.detach()) for name, value in outputs.items()
        }
        if runner.iter + 1 == self.stop_after:
            raise KeyboardInterrupt


def small_config(data_root: Path, work_dir: Path, **options: Any) -> Config:
    """The demo's config at a size that trains in seconds."""
    config = load_config(
        SCENES,
        {
            "train_cfg.max_iters": NUM_ITERS,
            "train_cfg.val_interval": 5,
            "train_dataloader.batch_size": 2,
            "model.distiller.start": 0.4,
            "default_hooks.checkpoint.interval": 3,
            "default_hooks.logger.interval": 1,
            **SMALL_INPUT,
            **options,
        },
        data_root,
    )
    set_work_dir(config, work_dir)
    return config


def run_and_record(config: Config, stop_after: int = -1) -> dict[int, dict[str, float]]:
    record: dict[int, dict[str, float]] = {}
    others = set(multiprocessing.active_children())
    runner = LaneRunner.from_cfg(config)
    runner.register_hook(LossRecorder(record, stop_after))
    if stop_after < 0:
        runner.train()
    else:
        with pytest.raises(KeyboardInterrupt):
            runner.train()
    assert set(multiprocessing.active_children()) == others, "no worker is left"
    return record


@pytest.fixture(scope="module")
def unbroken(
    scenes_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[int, dict[str, float]]]:
    """Work directory and losses of a run that was not interrupted."""
    work_dir = tmp_path_factory.mktemp("unbroken")
    return work_dir, run_and_record(small_config(scenes_root, work_dir))


Run = tuple[Path, dict[int, dict[str, float]]]


def test_run_leaves_everything_behind(unbroken: Run) -> None:
    work_dir, record = unbroken
    assert len(record) == NUM_ITERS
    assert (work_dir / "iter_6.pth").is_file()
    assert list(work_dir.glob("best_tusimple_accuracy_iter_*.pth"))
    assert list(work_dir.rglob("events.out.tfevents.*"))
    assert not list(work_dir.rglob("*.part"))
    with safetensors.safe_open(work_dir / "weights.safetensors", "pt") as file:
        metadata = file.metadata()
    assert metadata["config"] == "sad/enet_sad_scenes"
    assert (metadata["seed"], metadata["iterations"]) == ("0", "6")


def test_sad_starts_at_its_share_of_training(unbroken: Run) -> None:
    # 0.4 of 6 iterations: iterations 0, 1 and 2 are before it.
    active = ["loss_sad" in losses for losses in unbroken[1].values()]
    assert active == [False, False, False, True, True, True]
    assert unbroken[1][5]["loss_sad"] > 0


def test_checkpoint_is_plain_data(unbroken: Run) -> None:
    checkpoint = torch.load(unbroken[0] / "iter_6.pth", weights_only=True)
    assert {"meta", "state_dict", "optimizer", "message_hub"} <= checkpoint.keys()
    assert checkpoint["meta"]["iter"] == NUM_ITERS


def test_checkpoint_and_weights_hold_the_same_model(unbroken: Run) -> None:
    work_dir = unbroken[0]
    ours = load_weights(work_dir / "weights.safetensors").state_dict()
    theirs = load_weights(work_dir / "iter_6.pth").state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@pytest.mark.parametrize(
    ("stop_after", "resumed_from"),
    [
        pytest.param(2, 0, id="before the first checkpoint", marks=pytest.mark.slow),
        pytest.param(4, 3, id="after a checkpoint"),
    ],
)
def test_interrupted_run_goes_on_with_the_same_losses(
    scenes_root: Path, tmp_path: Path, unbroken: Run, stop_after: int, resumed_from: int
) -> None:
    first = run_and_record(small_config(scenes_root, tmp_path), stop_after)
    assert first == {i: unbroken[1][i] for i in range(stop_after)}
    config = small_config(scenes_root, tmp_path)
    set_resume(config, "auto")
    second = run_and_record(config)
    assert second == {i: unbroken[1][i] for i in range(resumed_from, NUM_ITERS)}


@HOOKS.register_module(force=True)
class Interrupt(Hook):
    """Ctrl-C at a place of the run."""

    def __init__(self, place: str) -> None:
        setattr(self, place, self.raise_it)

    def raise_it(self, *_: Any, **__: Any) -> None:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("place", "note"),
    [
        pytest.param("before_run", [], id="before it has saved anything"),
        pytest.param("before_val", ["Go on with: COMMAND"], id="later"),
    ],
)
def test_the_command_to_go_on_is_printed_for_this_run_only(
    scenes_root: Path, tmp_path: Path, place: str, note: list[str]
) -> None:
    (tmp_path / "iter_9.pth").write_bytes(b"another run's")
    config = small_config(scenes_root, tmp_path, **{"train_cfg.val_interval": 1})
    config.custom_hooks.append({"type": "Interrupt", "place": place})
    with pytest.raises(KeyboardInterrupt) as caught:
        train(config, go_on="COMMAND")
    notes = getattr(caught.value, "__notes__", [])
    assert [each for each in notes if "COMMAND" in each] == note
    assert (tmp_path / "iter_9.pth").exists() == (note == [])


def test_a_second_run_in_a_work_dir_is_refused(
    scenes_root: Path, tmp_path: Path
) -> None:
    config = small_config(scenes_root, tmp_path)
    checkpoint = tmp_path / "x.pth"
    torch.save({"state_dict": {}}, checkpoint)
    with claim_folder(tmp_path):
        with pytest.raises(OSError, match="another one does"):
            train(config)
        with pytest.raises(OSError, match="another one does"):
            evaluate(config, checkpoint)
    assert [path.name for path in tmp_path.iterdir()] == ["x.pth"]


def test_weights_are_not_enough_to_resume(
    scenes_root: Path, tmp_path: Path, unbroken: Run
) -> None:
    config = small_config(scenes_root, tmp_path)
    with pytest.raises(ValueError, match="no state of training"):
        set_resume(config, str(unbroken[0] / "weights.safetensors"))


def test_unreadable_image_is_named_from_the_worker(
    scenes_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_root = tmp_path / "scenes"
    shutil.copytree(scenes_root, data_root)
    for image in data_root.glob("clips/0*/*/20.jpg"):
        image.write_bytes(b"no picture")
    with pytest.raises(SystemExit), user_errors():
        train(small_config(data_root, tmp_path / "run"))
    (line,) = [
        text for text in capsys.readouterr().err.splitlines() if "error: " in text
    ]
    assert "20.jpg' cannot be read as an image" in line
    assert "Traceback" not in line


def test_resume_without_a_checkpoint_starts_anew(
    scenes_root: Path, tmp_path: Path
) -> None:
    config = small_config(scenes_root, tmp_path)
    set_resume(config, "auto")
    assert not config.resume
    with pytest.raises(FileNotFoundError, match=r"No checkpoint at 'none\.pth'"):
        set_resume(config, "none.pth")


def test_source_code_in_a_checkpoint_is_not_run(
    scenes_root: Path, tmp_path: Path, unbroken: Run
) -> None:
    checkpoint = read_checkpoint(unbroken[0] / "iter_6.pth")
    target = tmp_path / "boom"
    checkpoint["meta"]["config"] = f"open({str(target)!r}, 'w').close()"
    torch.save(checkpoint, tmp_path / "evil.pth")
    config = small_config(scenes_root, tmp_path / "run")
    set_resume(config, str(tmp_path / "evil.pth"))
    train(config)
    assert not target.exists()


def test_score_is_that_of_the_submission_file(
    scenes_root: Path, tmp_path: Path, unbroken: Run
) -> None:
    config = small_config(scenes_root, tmp_path)
    out, drawn = tmp_path / "submission.json", tmp_path / "drawn"
    metrics, num_scored = evaluate(
        config, unbroken[0] / "weights.safetensors", out=out, show_dir=drawn
    )
    assert set(metrics) == {
        f"tusimple/{name}" for name in ("accuracy", "fp", "fn", "f1", "ego_recall")
    }
    num_images = len((scenes_root / "test_label.json").read_text().splitlines())
    assert len(out.read_text().splitlines()) == num_images == num_scored
    assert len(list(drawn.rglob("*.jpg"))) == num_images


def test_checkpoint_of_another_model_is_refused(
    scenes_root: Path, tmp_path: Path, unbroken: Run
) -> None:
    config = small_config(
        scenes_root, tmp_path, **{"model.backbone.extra_stage": False}
    )
    config.model.head.existence_branch.stage = "E3"
    config.model.distiller = None
    with pytest.raises(ValueError, match="holds another model than the config"):
        evaluate(config, unbroken[0] / "iter_6.pth")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="Needs a CUDA GPU.")
def test_trains_on_a_gpu_with_mixed_precision(
    scenes_root: Path, tmp_path: Path
) -> None:
    config = small_config(scenes_root, tmp_path)
    use_amp(config)
    runner = LaneRunner.from_cfg(config)
    record: dict[int, dict[str, float]] = {}
    runner.register_hook(LossRecorder(record, stop_after=-1))
    runner.train()
    weight = runner.model.backbone.down1.residual[0].weight
    assert weight.is_cuda
    assert weight.is_contiguous(memory_format=torch.channels_last)
    values = [value for losses in record.values() for value in losses.values()]
    assert torch.tensor(values).isfinite().all()
