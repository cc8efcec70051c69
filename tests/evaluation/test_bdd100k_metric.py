import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from lanedet.evaluation import BDD100KMetric, evaluate_bdd100k
from lanedet.ops import StretchView, draw_lane_mask
from lanedet.structures import LaneSample

SHAPE = (720, 1280)
VIEW = StretchView((360, 640))(SHAPE)


def upright(x: float) -> np.ndarray:
    return np.array([[x, -9.0], [x, 800.0]])


def sample(
    columns: list[int], lane_xs: list[float], name: str = "a", **meta: Any
) -> LaneSample:
    """Return a sample whose prediction fills columns of the network input."""
    made = LaneSample(metainfo={"view": VIEW, "raw_file": name, **meta})
    class_map = np.zeros((360, 640), np.uint8)
    class_map[:, columns] = 1
    made.pred_class_map = class_map
    made.gt_lanes = [upright(x) for x in lane_xs]
    return made


def score(*samples: LaneSample, **options: Any) -> dict[str, float]:
    metric = BDD100KMetric(**options)
    for each in samples:
        metric.process(None, [each])
    return metric.evaluate(len(samples))


def test_numbers_by_hand() -> None:
    # Columns 199, 200 are labelled; columns 50 to 52 of the input are 100 to 105 of
    # the image, and 99 is 198 and 199.
    found = score(sample([99], [200.0]))
    assert found["bdd100k/sad_accuracy"] == 0.5
    assert found["bdd100k/sad_iou"] == pytest.approx(1 / 3)
    # At half the size the label touches columns 99 and 100.
    assert found["bdd100k/multitask_accuracy"] == 0.5
    assert found["bdd100k/multitask_iou"] == 0.5


def test_a_perfect_wide_prediction_has_full_recall_and_little_iou() -> None:
    # Why published IoUs are low: labels are 2 px wide, predictions are not.
    found = score(sample([98, 99, 100, 101], [200.0]))
    assert found["bdd100k/sad_accuracy"] == 1.0
    assert found["bdd100k/sad_iou"] == 0.25


def test_images_without_labels_pull_the_mean_down() -> None:
    found = score(sample([99, 100], [200.0]), sample([], []))
    assert found["bdd100k/sad_accuracy"] == 0.5
    assert found["bdd100k/multitask_accuracy"] == 1.0
    single = score(sample([99, 100], [200.0]), sample([], []), multitask_batch_size=1)
    assert single["bdd100k/multitask_accuracy"] == 0.5


def test_a_mask_is_the_label_where_there_is_one(tmp_path: Path) -> None:
    mask = draw_lane_mask([upright(200.0)], SHAPE, 2.0).astype(np.uint8) * 255
    assert cv2.imwrite(str(tmp_path / "a.png"), mask)
    from_mask = sample([99], [], gt_mask_path=str(tmp_path / "a.png"))
    assert score(from_mask) == score(sample([99], [200.0]))


def test_written_masks_score_the_same(tmp_path: Path) -> None:
    samples = [sample([99], [200.0], "a"), sample([60, 61], [120.5], "b")]
    found = score(*samples, out_dir=tmp_path / "pred")
    for each in samples:
        mask = draw_lane_mask(each.gt_lanes, SHAPE, 2.0).astype(np.uint8) * 255
        (tmp_path / "gt").mkdir(exist_ok=True)
        assert cv2.imwrite(str(tmp_path / "gt" / f"{each.raw_file}.png"), mask)
    scores = evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt").as_dict()
    assert {
        f"bdd100k/{name}": scores[name]
        for name in scores
        if "_a" in name or "iou" in name
    } == found


def test_shards_joined_in_the_data_sets_order_give_the_same() -> None:
    samples = scene_of_five()
    whole = BDD100KMetric(multitask_batch_size=2)
    shards = [BDD100KMetric(multitask_batch_size=2) for _ in range(2)]
    for number, each in enumerate(samples):
        whole.process(None, [each])
        shards[number % 2].process(None, [each])
    first, second = (shard.results for shard in shards)
    joined = [first[0], second[0], first[1], second[1], first[2]]
    assert whole.compute_metrics(joined) == whole.compute_metrics(whole.results)


def _score_shard(rank: int, folder: Path) -> None:
    """Score every second image in one of two processes; rank 0 writes the numbers."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'store'}", rank=rank, world_size=2
    )
    metric = BDD100KMetric(multitask_batch_size=2)
    for each in scene_of_five()[rank::2]:
        metric.process(None, [each])
    found = metric.evaluate(5)
    if rank == 0:
        (folder / "found.json").write_text(json.dumps(found))
    torch.distributed.destroy_process_group()


def scene_of_five() -> list[dict[str, Any]]:
    samples = [sample([95 + n], [190.0 + 3 * n], str(n)) for n in range(5)]
    return [*samples[:3], sample([], [], "3"), samples[4]]


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(tmp_path: Path) -> None:
    code = (
        "import importlib.util, pathlib, sys;"
        "spec = importlib.util.spec_from_file_location('shard', sys.argv[1]);"
        "shard = importlib.util.module_from_spec(spec);"
        "spec.loader.exec_module(shard);"
        "shard._score_shard(int(sys.argv[2]), pathlib.Path(sys.argv[3]))"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, __file__, str(rank), tmp_path])
        for rank in range(2)
    ]
    assert [process.wait(timeout=120) for process in running] == [0, 0]
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == score(*scene_of_five(), multitask_batch_size=2)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    whole = sample([99], [200.0])
    for name in ("pred_class_map", "view", "gt_lanes"):
        lacking = whole.clone()
        delattr(lacking, name)
        with pytest.raises(ValueError, match=f"BDD100KMetric needs {name}"):
            score(lacking)
    with pytest.raises(FileNotFoundError, match="No lane mask at"):
        score(sample([99], [], gt_mask_path=str(tmp_path / "none.png")))
    assert cv2.imwrite(str(tmp_path / "a.png"), np.zeros((3, 3), np.uint8))
    with pytest.raises(ValueError, match="size of its image"):
        score(sample([99], [], gt_mask_path=str(tmp_path / "a.png")))


def test_arguments_are_checked() -> None:
    for width in (0, 1e9, float("nan")):
        with pytest.raises(
            ValueError, match="gt_width_px must be positive and at most"
        ):
            BDD100KMetric(gt_width_px=width)
    with pytest.raises(ValueError, match="multitask_batch_size"):
        BDD100KMetric(multitask_batch_size=0)
