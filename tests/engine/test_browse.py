import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.config import Config

from lanedet.datasets import EncodeLines
from lanedet.engine import load_config
from lanedet.engine.browse import draw_samples, without_augmentation

CONFIG = Path(__file__).resolve().parents[2] / "configs/sad/enet_sad_scenes.py"


@pytest.fixture
def config(scenes_root: Path) -> Config:
    return load_config(CONFIG, data_root=scenes_root)


def test_three_panels_per_sample(config: Config) -> None:
    (first, last) = draw_samples(config, "train", 2)
    assert first.name == "000000_000000_20"
    assert last.name.startswith("000013_")
    # The image, 320x180, at the height of the two inputs, 288x160.
    assert first.image.shape == (160, 284 + 2 * 288, 3)
    plain, changed = np.split(first.image[:, 284:], 2, axis=1)
    assert np.abs(plain.astype(int) - changed).mean() > 5


def test_a_picture_may_be_of_an_image_with_any_name(
    config: Config, scenes_root: Path, tmp_path: Path
) -> None:
    clip = os.fsdecode(b"\xe4" * 200)
    name = f"{'x' * 200}.jpg"
    (tmp_path / clip).mkdir()
    image = next(scenes_root.rglob("20.jpg"))
    (tmp_path / clip / name).write_bytes(image.read_bytes())
    label = {"raw_file": f"{clip}/{name}", "lanes": [], "h_samples": [1]}
    for file in config.train_dataloader.dataset.ann_files:
        (tmp_path / file).write_text(json.dumps(label))
    config.train_dataloader.dataset.data_root = str(tmp_path)
    (picture,) = draw_samples(config, "train", 1)
    assert picture.name == f"000000__{'x' * 32}"


def test_the_same_call_draws_the_same(config: Config) -> None:
    one, other = (list(draw_samples(config, "train", 1)) for _ in range(2))
    np.testing.assert_array_equal(one[0].image, other[0].image)


def test_lanes_where_there_is_no_class_map(config: Config) -> None:
    (picture,) = draw_samples(config, "val", 9)
    plain, changed = np.split(picture.image[:, 284:], 2, axis=1)
    # Only the captions differ: validation has no augmentation.
    np.testing.assert_array_equal(plain[30:], changed[30:])


def test_lines_are_drawn_as_they_are_learned(config: Config) -> None:
    steps = config.train_dataloader.dataset.pipeline
    steps[3] = dict(type=EncodeLines, num_rows=36)
    config.model.head = dict(num_slots=8)
    (picture,) = draw_samples(config, "train", 1)
    plain, changed = np.split(picture.image[:, 284:], 2, axis=1)
    del steps[3]
    (bare,) = draw_samples(config, "train", 1)
    without, _ = np.split(bare.image[:, 284:], 2, axis=1)
    # What moves no image: lines are drawn where the lanes are, but for the caption.
    assert np.abs(plain[30:].astype(int) - without[30:]).mean() < 1
    assert np.abs(plain[30:].astype(int) - changed[30:]).mean() > 5


def test_pipeline_without_random_changes(config: Config) -> None:
    pipeline = config.train_dataloader.dataset.pipeline
    kept = without_augmentation(pipeline)
    names = [step["type"].__name__ for step in kept]
    assert names == ["LoadImage", "ApplyView", "RasterizeLanes", "ToTensors"]
    assert "motion" not in kept[1]
    assert "motion" in pipeline[1]


def test_bad_arguments(config: Config) -> None:
    with pytest.raises(ValueError, match="at least 1, got 0"):
        next(draw_samples(config, "train", 0))
    config.val_dataloader = None
    with pytest.raises(ValueError, match="no val_dataloader"):
        next(draw_samples(config, "val", 1))


def test_a_broken_image_is_named(config: Config, tmp_path: Path) -> None:
    clip = tmp_path / "clips" / "1"
    clip.mkdir(parents=True)
    cv2.imwrite(str(clip / "20.jpg"), np.zeros((18, 32, 3), np.uint8))
    (clip / "20.jpg").write_bytes((clip / "20.jpg").read_bytes()[:-20])
    for name in config.train_dataloader.dataset.ann_files:
        (tmp_path / name).write_text(
            '{"raw_file": "clips/1/20.jpg", "lanes": [], "h_samples": [1]}'
        )
    config.train_dataloader.dataset.data_root = str(tmp_path)
    with pytest.raises(ValueError, match=r"20\.jpg"):
        next(draw_samples(config, "train", 1))
