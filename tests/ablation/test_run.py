"""Ablations: what is run, what is shared, and the table."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config

from lanedet.ablation.run import (
    Ablation,
    Run,
    _claim_folder,
    first_test_image,
    read_rows,
    row_config,
    run_ablation,
    run_once,
    save_interval,
    trunk_iteration,
)
from lanedet.datasets import EncodeLines, MixedDataset, RasterizeLanes
from lanedet.engine.config import load_config
from lanedet.models import (
    ChannelGate,
    DeepSupervision,
    SelfAttentionDistiller,
    build_model,
    describe_model,
    read_checkpoint,
)

CONFIG = str(Path(__file__).resolve().parents[2] / "configs/ablation/sad.py")
TINY = {
    "train_cfg.max_iters": 6,
    "train_dataloader.batch_size": 2,
    "test_dataloader.dataset.indices": 4,
}


@pytest.mark.parametrize(
    ("distiller", "expected"),
    [
        pytest.param(None, 0, id="plain has nothing to share"),
        pytest.param({"type": SelfAttentionDistiller}, 600, id="2/3"),
        pytest.param({"type": SelfAttentionDistiller, "start": 0.5}, 450, id="1/2"),
        pytest.param({"type": SelfAttentionDistiller, "start": 0.0}, 0, id="at once"),
        pytest.param(
            {"type": DeepSupervision, "stages": ["E1"], "start": 0.5},
            0,
            id="parameters of its own",
        ),
        pytest.param(
            [
                {"type": SelfAttentionDistiller},
                {"type": SelfAttentionDistiller, "start": 0.5},
            ],
            450,
            id="the earlier of two",
        ),
        pytest.param(
            {"backbone": {"context": {"E4": {"type": ChannelGate}}}},
            0,
            id="another model",
        ),
        pytest.param(
            {"train_dataloader": {"batch_size": 2}}, 0, id="other training data"
        ),
    ],
)
def test_a_row_is_the_plain_model_until_its_start(
    distiller: Any, expected: int
) -> None:
    assert trunk_iteration(distiller, 900) == expected


def test_a_training_may_be_too_short_for_a_distiller() -> None:
    assert trunk_iteration({"type": SelfAttentionDistiller}, 2) == 2


def test_the_plain_row_is_always_there_and_first() -> None:
    rows = read_rows(Ablation(CONFIG, Path("out"), rows=("P23", "P12")))
    assert list(rows) == ["plain", "P12", "P23"]
    assert rows["plain"] is None


def test_unknown_row_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match=r"No rows \['P99'\].*'plain'"):
        read_rows(Ablation(CONFIG, Path("out"), rows=("P99",)))


def test_a_config_without_rows_is_refused() -> None:
    scenes = str(Path(CONFIG).parents[1] / "sad/enet_sad_scenes.py")
    with pytest.raises(ValueError, match="must have _rows"):
        read_rows(Ablation(scenes, Path("out")))


def test_a_row_may_change_the_model() -> None:
    ablation = Ablation("ablation/context_enet", Path("out"))
    assert trunk_iteration(read_rows(ablation)["SE"], 900) == 0

    def model_of(title: str) -> Config:
        return row_config(ablation, Run(title, 1, Path("out"), None)).model

    changed = build_model(describe_model(model_of("SE")))
    gate = changed.backbone.context["E4"][0]
    assert isinstance(gate, ChannelGate)
    plain = build_model(describe_model(model_of("plain")))
    num_new = sum(each.numel() for each in gate.parameters())
    assert sum(each.numel() for each in changed.parameters()) == num_new + sum(
        each.numel() for each in plain.parameters()
    )
    assert model_of("SE").distiller is None
    assert model_of("local 7x7 and SAD").distiller.type is SelfAttentionDistiller


def test_a_row_may_have_another_head_and_its_labels() -> None:
    ablation = Ablation("ablation/roadscenes_heads", Path("out"))

    def steps_of(title: str) -> list[type]:
        config = row_config(ablation, Run(title, 0, Path("out"), None))
        assert build_model(describe_model(config.model)).head.num_slots >= 4
        return [step.type for step in config.train_dataloader.dataset.pipeline]

    assert RasterizeLanes in steps_of("segmentation head")
    steps = steps_of("line head")
    assert EncodeLines in steps
    assert RasterizeLanes not in steps


def test_a_row_may_be_trained_on_other_data_in_the_same_folder() -> None:
    title = "both, and more bends"
    ablation = Ablation("ablation/roadscenes_heads", Path("out"), data_root="elsewhere")
    config = row_config(ablation, Run(title, 0, Path("out"), None))
    dataset = config.train_dataloader.dataset
    assert dataset.type is MixedDataset
    assert dataset.data_root == "elsewhere"
    assert [part.category for part in dataset.parts] == ["culane", "curve"]
    assert config.test_dataloader.dataset.category == "culane"
    seeds = {part.seed for part in dataset.parts}
    assert not seeds & {config._tests.bends.seed, config.test_dataloader.dataset.seed}


def test_runs_save_where_others_go_on() -> None:
    config = load_config(CONFIG)
    interval = save_interval(config)
    assert interval == 150
    for start in map(trunk_iteration, config._rows.values(), [900] * len(config._rows)):
        assert start % interval == 0


def test_starts_without_a_common_step_are_refused_with_what_fits() -> None:
    # A third, half and two thirds of 1,000 share nothing: 1,000 checkpoints a run.
    config = load_config(CONFIG, {"train_cfg.max_iters": 1000})
    with pytest.raises(ValueError, match=r"max_iters=1000 .* step than 1.*Use 996\."):
        save_interval(config)
    assert save_interval(load_config(CONFIG, {"train_cfg.max_iters": 996})) == 166


def test_a_folder_holds_one_experiment(tmp_path: Path) -> None:
    config = load_config(CONFIG)
    _claim_folder(tmp_path, config)
    _claim_folder(tmp_path, load_config(CONFIG))
    other = load_config(CONFIG, {"train_cfg.max_iters": 600})
    with pytest.raises(ValueError, match=r"experiment itself changed since.*--out"):
        _claim_folder(tmp_path, other)
    # A new row changes nothing about the others; one that changes would be stale.
    config._rows["P11"] = None
    _claim_folder(tmp_path, config)
    config._rows["P12"]["weight"] = 0.5
    with pytest.raises(ValueError, match=r"settings: 'P12' changed"):
        _claim_folder(tmp_path, config)


def test_first_test_image(scenes_root: Path) -> None:
    image = first_test_image(Ablation(CONFIG, Path("out"), data_root=str(scenes_root)))
    first = (scenes_root / "test_label.json").read_text().splitlines()[0]
    assert Path(image) == scenes_root / json.loads(first)["raw_file"]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        pytest.param(CONFIG, (), id="distillers"),
        pytest.param(
            "ablation/context_enet", ("SE", "local 7x7 and SAD"), id="changed models"
        ),
        pytest.param(
            "ablation/roadscenes_heads", ("both, and more bends",), id="other data"
        ),
    ],
)
def test_every_row_has_a_config_that_can_be_written_down(
    name: str, rows: tuple[str, ...], tmp_path: Path
) -> None:
    ablation = Ablation(name, tmp_path, rows=rows)
    for title in read_rows(ablation):
        config = row_config(ablation, Run(title, 1, tmp_path / "run", None))
        assert config.randomness.seed == 1
        # The form in which it goes into a checkpoint is a config again.
        file = tmp_path / "written.py"
        config.dump(file)
        assert Config.fromfile(file).randomness.seed == 1


@pytest.fixture
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Sums in this process and in its children are made in the same order."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(num_threads)


@pytest.mark.slow
def test_rows_go_on_from_the_plain_run_as_from_their_own(
    scenes_root: Path, tmp_path: Path, one_thread: None
) -> None:
    ablation = Ablation(
        CONFIG,
        tmp_path / "shared",
        num_seeds=1,
        rows=("SAD, standardised, L2",),
        options=TINY,
        data_root=str(scenes_root),
    )
    results = run_ablation(ablation)
    (shared,) = results["SAD, standardised, L2"]
    alone = Run("SAD, standardised, L2", 0, tmp_path / "alone", None)
    run_once(ablation, alone)
    own = json.loads((tmp_path / "alone/result.json").read_text())
    assert own["metrics"] == shared["metrics"]
    assert own["loss_ratio"] == shared["loss_ratio"] > 0
    ours, theirs = (
        read_checkpoint(each["checkpoint"])["state_dict"] for each in (own, shared)
    )
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    # Everything is done: a second call trains nothing.
    assert run_ablation(ablation) == results


@pytest.mark.slow
def test_heads_are_scored_on_the_same_images_and_on_further_ones(
    tmp_path: Path, one_thread: None
) -> None:
    title = "both, and more bends"
    data = f"_rows.{title}.train_dataloader.dataset.parts"
    ablation = Ablation(
        "ablation/roadscenes_heads",
        tmp_path / "out",
        num_seeds=1,
        rows=(title,),
        options={
            "train_cfg.max_iters": 2,
            "train_dataloader.batch_size": 2,
            "train_dataloader.dataset.num_scenes": 4,
            "test_dataloader.dataset.num_scenes": 3,
            "test_dataloader.dataset.fingerprints": None,
            "_tests.bends.num_scenes": 2,
            f"{data}.0.num_scenes": 4,
            f"{data}.1.num_scenes": 2,
        },
        data_root=str(tmp_path / "data"),
    )
    results = run_ablation(ablation)
    assert list(results) == ["segmentation head", title]
    for [run] in results.values():
        assert {"culane/f1", "tusimple/accuracy", "bends/culane/f1"} <= {
            *run["metrics"]
        }
    lists = [tmp_path / "data" / folder / "list" for folder in (".", "bends")]
    counts = [
        len((folder / name).read_text().splitlines())
        for folder in lists
        for name in ("train_gt.txt", "test.txt")
    ]
    assert counts == [4, 3, 2, 2]
