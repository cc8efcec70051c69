import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator

from lanedet.arrays import FloatArray
from lanedet.evaluation import CULaneMetric, evaluate_culane
from lanedet.evaluation.functional.culane import ContinuousRule
from lanedet.formats import (
    culane_label_path,
    culane_rows,
    format_culane_lanes,
    read_culane_list,
    sample_culane_lane,
    write_culane_labels,
)
from lanedet.ops import continue_to_border, map_points, resize_matrix
from lanedet.structures import LaneSample

FIXTURES = Path(__file__).resolve().parents[2] / ".." / "shared" / "fixtures" / "culane"


def lane(bottom: float, top: float, highest: float = 290.0) -> FloatArray:
    return np.array([[bottom, 590.0], [(bottom + top) / 2 + 9, 440.0], [top, highest]])


def image(
    pred: list[FloatArray], gt: list[FloatArray], name: str, category: str | None = None
) -> LaneSample:
    metainfo = {"raw_file": f"driver_1/a.MP4/{name}.jpg", "ori_shape": (590, 1640)}
    sample = LaneSample(
        metainfo=metainfo | ({"category": category} if category else {})
    )
    sample.gt_lanes, sample.pred_lanes = gt, pred
    return sample


def evaluate(metric: CULaneMetric, samples: list[LaneSample]) -> dict[str, float]:
    evaluator = Evaluator(metric)
    for start in range(0, len(samples), 3):
        evaluator.process(samples[start : start + 3])
    return evaluator.evaluate(len(samples))


def random_images(number: int) -> list[LaneSample]:
    rng = np.random.default_rng(5)
    images = []
    for index in range(number):
        gt = [lane(*rng.uniform(-100, 1740, 2)) for _ in range(rng.integers(5))]
        pred = [each + rng.normal(0, 8, 2) for each in gt[:3]] + [
            lane(*rng.uniform(0, 1640, 2), rng.uniform(300, 588))
            for _ in range(rng.integers(3))
        ]
        category = ("normal", "night", None)[index % 3]
        images.append(image(pred, gt, f"{index:05d}", category))
    return images


def test_counts_by_hand() -> None:
    left, right = lane(300, 700), lane(1300, 900)
    samples = [
        image([left, right], [left, right], "a", "normal"),
        image([left], [left, right], "b", "night"),
        image([left, right, left[:0]], [], "c", "cross"),
    ]
    numbers = evaluate(CULaneMetric(), samples)
    assert [numbers[f"culane/{name}"] for name in ("tp", "fp", "fn")] == [3, 2, 1]
    assert numbers["culane/precision"] == pytest.approx(3 / 5)
    assert numbers["culane/recall"] == pytest.approx(3 / 4)
    assert numbers["culane/f1"] == pytest.approx(2 / 3)
    assert numbers["culane/f1_normal"] == 1.0
    assert numbers["culane/f1_night"] == pytest.approx(2 / 3)
    assert numbers["culane/fp_cross"] == 2.0
    assert "culane/f1_cross" not in numbers
    assert all(type(number) is float for number in numbers.values())


def test_one_record_is_kept_per_image_and_padding_is_dropped() -> None:
    metric = CULaneMetric()
    samples = [image([lane(1, 2)] * 2, [], "a"), image([], [lane(1, 2)], "b")]
    metric.process(None, samples)
    assert len(metric.results) == 2
    evaluator = Evaluator(CULaneMetric())
    evaluator.process(samples)
    assert evaluator.evaluate(1)["culane/fn"] == 0.0


@pytest.mark.parametrize("rule", ["official", "continuous"])
def test_written_files_score_the_same(tmp_path: Path, rule: str) -> None:
    samples = random_images(20)
    metric = CULaneMetric(rule=rule, out_dir=tmp_path / "pred")
    numbers = evaluate(metric, samples)
    write_culane_labels(tmp_path / "anno", samples)
    # Labels are written to a thousandth of a pixel, so they are scored from the file.
    report = evaluate_culane(
        tmp_path / "pred",
        tmp_path / "anno",
        [sample.raw_file for sample in samples],
        categories={s.raw_file: s.category for s in samples if "category" in s},
        rule=metric.rule,
        show_progress=False,
    )
    assert report.counts[0].tp > 10
    # Published results are by the official rule, so another one says its name.
    prefix = {"official": "culane", "continuous": "culane_continuous"}[rule]
    found = {f"{prefix}/{name}": value for name, value in report.metrics().items()}
    assert found == pytest.approx(numbers, abs=1e-12)
    assert {f"{prefix}/f1_75", f"{prefix}/tp_night"} <= found.keys()
    written = culane_label_path(tmp_path / "pred", samples[0].raw_file).read_text()
    rows = culane_rows(590)
    lanes = [
        sample_culane_lane(continue_to_border(each, (590, 1640)), rows)
        for each in samples[0].pred_lanes
    ]
    assert written == format_culane_lanes(lanes)


def test_a_lane_that_ends_at_the_bonnet_is_continued_as_labels_are(
    tmp_path: Path,
) -> None:
    label = np.array([[300.0, 590.0], [700.0, 390.0]])
    seen = np.array([[500.0, 490.0], [700.0, 390.0]])  # half of it
    sample = image([seen], [label], "a")
    assert evaluate(CULaneMetric(out_dir=tmp_path), [sample])["culane/f1"] == 1.0
    words = (tmp_path / "driver_1/a.MP4/a.lines.txt").read_text().split()
    assert words[:4] == ["302", "589", "322", "579"]
    as_seen = CULaneMetric(to_border=False, out_dir=tmp_path)
    assert evaluate(as_seen, [sample])["culane/f1"] == 0.0
    words = (tmp_path / "driver_1/a.MP4/a.lines.txt").read_text().split()
    assert words[:2] == ["502", "489"]


def test_row_step_is_that_of_the_files(tmp_path: Path) -> None:
    metric = CULaneMetric(row_step=20, out_dir=tmp_path)
    evaluate(metric, [image([lane(300, 700)], [], "a")])
    numbers = (tmp_path / "driver_1/a.MP4/a.lines.txt").read_text().split()
    assert numbers[1::2] == [str(y) for y in range(589, 289, -20)]


def test_wrong_settings_and_samples_are_refused() -> None:
    with pytest.raises(ValueError, match="rule must be one of official, continuous"):
        CULaneMetric(rule="exact")
    with pytest.raises(ValueError, match="row_step must be at least 1"):
        CULaneMetric(row_step=0)
    lanes_alone = LaneSample()
    lanes_alone.pred_lanes = []
    with pytest.raises(ValueError, match="CULaneMetric needs gt_lanes, raw_file"):
        CULaneMetric().process(None, [lanes_alone])
    with pytest.raises(ValueError, match="At least one image"):
        CULaneMetric().compute_metrics([])


def test_folders_are_checked(tmp_path: Path) -> None:
    pred, anno = tmp_path / "pred", tmp_path / "anno"
    options = {"show_progress": False}
    with pytest.raises(FileNotFoundError, match=r"There is no folder '.*pred'"):
        evaluate_culane(pred, anno, ["a.jpg"], **options)
    pred.mkdir()
    anno.mkdir()
    with pytest.raises(ValueError, match="At least one image"):
        evaluate_culane(pred, anno, [], **options)
    with pytest.raises(FileNotFoundError, match=r"no label file '.*b\.lines\.txt'"):
        evaluate_culane(pred, anno, ["b.jpg"], **options)
    (anno / "a.lines.txt").write_text("1 590 2 580\n")
    with pytest.raises(FileNotFoundError, match="None of the 1 images has a predict"):
        evaluate_culane(pred, anno, ["a.jpg"], **options)
    (anno / "b.lines.txt").write_text("1 590 2 580\n\n1 2 3\n")
    (pred / "a.lines.txt").write_text("1 590 2 580 nan 560\n")
    with pytest.raises(ValueError, match=r"b\.lines\.txt:3: a label must be pairs"):
        evaluate_culane(pred, anno, ["a.jpg", "b.jpg"], **options)
    (anno / "b.lines.txt").write_text("1 590 2 580\n\n")
    with pytest.warns(UserWarning, match="prediction file") as warned:
        report = evaluate_culane(pred, anno, ["a.jpg", "b.jpg"], **options)
    texts = [str(each.message) for each in warned]
    assert [text[:16] for text in texts] == ["1 of 2 images ha", "1 prediction fil"]
    assert report.counts[0] == (1, 0, 2)
    assert report.num_missing == 1
    assert report.odd_predictions == [f"{pred / 'a.lines.txt'}:1"]


@pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)
def test_folders_score_as_the_official_program_says() -> None:
    official = json.loads((FIXTURES / "official.json").read_text())["totals_tp_fp_fn"]
    images = [entry.name for entry in read_culane_list(FIXTURES / "list.txt")]
    thresholds = [float(threshold) for threshold in official]
    for workers in (1, 3):
        report = evaluate_culane(
            FIXTURES / "pred",
            FIXTURES / "anno",
            images,
            thresholds=thresholds,
            num_workers=workers,
            show_progress=False,
        )
        numbers = report.to_json()["iou"]
        for threshold, counts in official.items():
            found = numbers[threshold]
            assert [found["tp"], found["fp"], found["fn"]] == counts


def test_rules_draw_at_the_size_they_are_given() -> None:
    small = CULaneMetric(rule="continuous", shape=(295, 820), lane_width=15)
    assert small.rule == ContinuousRule((295, 820), 15)


def test_images_of_another_size_are_scored_as_if_they_had_the_benchmarks(
    tmp_path: Path,
) -> None:
    large, small = random_images(20), []
    matrix = resize_matrix((590, 1640), (295, 820))
    for sample in large:
        shrunk = LaneSample(
            metainfo={"raw_file": sample.raw_file, "ori_shape": (295, 820)}
        )
        shrunk.gt_lanes = [map_points(each, matrix) for each in sample.gt_lanes]
        shrunk.pred_lanes = [map_points(each, matrix) for each in sample.pred_lanes]
        small.append(shrunk)
    expected = evaluate(CULaneMetric(), large)
    found = evaluate(CULaneMetric(out_dir=tmp_path), small)
    assert expected["culane/tp"] > 10
    # Rows differ by a quarter of a pixel, which few lanes at the threshold can feel.
    for name in ("tp", "fp", "fn"):
        assert found[f"culane/{name}"] == pytest.approx(
            expected[f"culane/{name}"], abs=1
        )
    assert found["culane/mf1"] == pytest.approx(expected["culane/mf1"], abs=0.03)
    # Files hold pixels of the image.
    path = culane_label_path(tmp_path, small[0].raw_file)
    points = np.array(path.read_text().splitlines()[0].split(), float).reshape(-1, 2)
    assert points[:, 1].max() <= 294
    assert (np.diff(points[:, 1]) == -5).all()


def _score_shard(rank: int, folder: Path) -> None:
    """Score every second image in one of two processes; rank 0 writes the numbers."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder / 'store'}", rank=rank, world_size=2
    )
    metric = CULaneMetric(out_dir=folder / "pred")
    for each in random_images(7)[rank::2]:
        metric.process(None, [each])
    found = metric.evaluate(7)
    if rank == 0:
        (folder / "found.json").write_text(json.dumps(found))
    torch.distributed.destroy_process_group()


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
    assert [process.wait(timeout=240) for process in running] == [0, 0]
    found = json.loads((tmp_path / "found.json").read_text())
    assert found == evaluate(CULaneMetric(), random_images(7))
    assert len(list((tmp_path / "pred").rglob("*.lines.txt"))) == 7


def test_lanes_outside_without_the_images_size_stop() -> None:
    sample = image([lane(300, 700)], [lane(300, 700) * 2], "a")
    del sample.ori_shape
    with pytest.raises(
        ValueError, match=r"a.jpg' lie outside .* y = 1180. Keep ori_sh"
    ):
        CULaneMetric().process(None, [sample])
