import json
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger

from lanedet.arrays import FloatArray
from lanedet.evaluation import TuSimpleMetric
from lanedet.evaluation.functional.tusimple import TuSimpleRules, evaluate_submission
from lanedet.formats.tusimple import (
    format_tusimple_line,
    read_tusimple_lines,
    tusimple_prediction,
)
from lanedet.formats.tusimple import write_tusimple_labels as write_labels
from lanedet.structures import LaneSample

ROWS = np.arange(160.0, 720.0, 10.0)


def lane(bottom_x: float, top_x: float, top: float = 160.0) -> FloatArray:
    return np.array([[bottom_x, 719.0], [top_x, top]])


def at_rows(polyline: FloatArray) -> FloatArray:
    """Return a label as a file holds it: a whole x on each row inside the image."""
    order = np.argsort(polyline[:, 1])
    ys, xs = polyline[order, 1], polyline[order, 0]
    rows = ROWS[np.clip(ROWS, ys[0], ys[-1]) == ROWS]
    points = np.stack([np.rint(np.interp(rows, ys, xs)), rows], axis=1)
    return points[(points[:, 0] >= 0) & (points[:, 0] < 1280)]


def scored(
    pred: Sequence[FloatArray], gt: Sequence[FloatArray], name: str = "clips/1/20.jpg"
) -> LaneSample:
    sample = LaneSample(
        metainfo={"raw_file": name, "rows": ROWS, "ori_shape": (720, 1280)}
    )
    sample.gt_lanes = gt
    sample.pred_lanes = pred
    return sample


def evaluate(metric: TuSimpleMetric, samples: Sequence[LaneSample]) -> dict[str, float]:
    evaluator = Evaluator(metric)
    for start in range(0, len(samples), 2):
        evaluator.process(samples[start : start + 2])
    return evaluator.evaluate(len(samples))


def test_ego_recall_asks_for_the_lines_beside_the_own_lane_only() -> None:
    far, left, right = lane(-600, 580), lane(200, 600), lane(1000, 700)
    far, left, right = at_rows(far), at_rows(left), at_rows(right)
    samples = [
        scored([left, right], [far, left, right], "the far line is missed"),
        scored([far, left], [far, left, right], "the right line is missed"),
        scored([left], [far, left], "nothing on the right is labelled"),
        scored([], [], "nothing is"),
    ]
    numbers = evaluate(TuSimpleMetric(), samples)
    assert numbers["tusimple/ego_recall"] == 3 / 4


def test_perfect_and_empty_images_average() -> None:
    left, right = at_rows(lane(200, 600)), at_rows(lane(1000, 700))
    samples = [
        scored([left, right], [left, right], "a"),
        scored([], [left, right], "b"),
        scored([left, right[:0]], [left], "c"),
    ]
    numbers = evaluate(TuSimpleMetric(), samples)
    assert numbers == {
        "tusimple/accuracy": pytest.approx(2 / 3),
        "tusimple/fp": 0.0,
        "tusimple/fn": pytest.approx(1 / 3),
        "tusimple/f1": pytest.approx(2 * 0.75 / 1.75),
        "tusimple/ego_recall": pytest.approx(2 / 3),
    }
    assert all(type(number) is float for number in numbers.values())


def test_one_record_is_kept_per_image() -> None:
    metric = TuSimpleMetric()
    samples = [scored([], []), scored([lane(200, 600)] * 3, [])]
    metric.process(None, samples)
    assert len(metric.results) == 2


def test_images_that_padded_the_last_batch_are_dropped() -> None:
    gt = at_rows(lane(200, 600))
    evaluator = Evaluator(TuSimpleMetric())
    evaluator.process([scored([gt], [gt], "a"), scored([], [gt], "a again")])
    assert evaluator.evaluate(1)["tusimple/accuracy"] == 1.0


def test_points_outside_the_image_are_absent() -> None:
    # Leaves the image on both sides; the label ends at the edge, as labels do.
    crossing = np.array([[-400.0, 719.0], [1800.0, 160.0]])
    gt = at_rows(crossing)
    assert len(gt) < len(ROWS) / 1.5
    numbers = evaluate(TuSimpleMetric(), [scored([crossing], [gt])])
    assert numbers["tusimple/accuracy"] == 1.0


@pytest.mark.parametrize(
    ("x", "is_inside"),
    [(-0.6, False), (-0.4, True), (0.0, True), (1279.4, True), (1279.6, False)],
)
def test_the_image_ends_half_a_pixel_beyond_its_outer_centres(
    x: float, is_inside: bool
) -> None:
    metric = TuSimpleMetric()
    metric.process(None, [scored([lane(x, x)], [])])
    assert metric.results[0].pred_xs.shape == (int(is_inside), len(ROWS))


def test_lanes_that_cross_no_row_are_not_predictions() -> None:
    gt = [at_rows(lane(200, 600))]
    above = np.array([[600.0, 100.0], [610.0, 150.0]])
    beside = lane(-300.0, -20.0)
    numbers = evaluate(TuSimpleMetric(), [scored([*gt, above, beside], gt)])
    assert numbers["tusimple/fp"] == 0.0


def test_pixel_threshold_scales_the_benchmark() -> None:
    gt = at_rows(lane(600, 600))
    samples = [scored([gt + np.array([15.0, 0.0])], [gt])]
    assert evaluate(TuSimpleMetric(), samples)["tusimple/accuracy"] == 1.0
    half = TuSimpleMetric(pixel_threshold=10.0)
    assert evaluate(half, samples)["tusimple/accuracy"] == 0.0
    with pytest.raises(ValueError, match="pixel_threshold must be positive"):
        TuSimpleMetric(pixel_threshold=0.0)


def test_prefix_can_be_changed() -> None:
    numbers = evaluate(TuSimpleMetric(prefix="val"), [scored([], [])])
    assert {name.split("/")[0] for name in numbers} == {"val"}


def test_submission_is_a_prediction_file(tmp_path: Path) -> None:
    lanes = [lane(200.4, 600.7, 300.0), lane(1000.2, 640.0, 250.0), lane(5, 9)[:0]]
    out_file = tmp_path / "new folder" / "submission.json"
    evaluate(TuSimpleMetric(out_file=out_file), [scored(lanes, [], "clips/1/20.jpg")])
    line = tusimple_prediction("clips/1/20.jpg", lanes, ROWS, 1280, run_time_ms=0)
    expected = format_tusimple_line(line)
    assert out_file.read_text() == f"{expected}\n"
    assert set(json.loads(expected)) == {"lanes", "h_samples", "raw_file", "run_time"}


coordinates = st.floats(-300, 1600, allow_nan=False, width=32)
polylines = st.builds(
    lane, coordinates, coordinates, st.floats(0, 700, allow_nan=False, width=32)
)


@settings(max_examples=30, deadline=None)
@given(
    images=st.lists(
        st.tuples(st.lists(polylines, max_size=5), st.lists(polylines, max_size=5)),
        min_size=1,
        max_size=4,
    ),
    pixel_threshold=st.sampled_from([10.0, 20.0]),
)
def test_memory_and_written_file_score_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    images: list[tuple[list[FloatArray], list[FloatArray]]],
    pixel_threshold: float,
) -> None:
    folder = tmp_path_factory.mktemp("scores")
    samples = [
        # Half of the predictions are near a label, so that the score is not just 0.
        scored([*pred, *(lane + 4.3 for lane in gt)], [at_rows(lane) for lane in gt], n)
        for n, (pred, gt) in zip("abcd", images, strict=False)
    ]
    metric = TuSimpleMetric(pixel_threshold, out_file=folder / "submission.json")
    numbers = evaluate(metric, samples)

    write_labels(folder / "labels.json", samples)
    score = evaluate_submission(
        read_tusimple_lines(folder / "submission.json"),
        read_tusimple_lines(folder / "labels.json"),
        TuSimpleRules(pixel_threshold=pixel_threshold),
    )
    in_memory = [numbers[f"tusimple/{name}"] for name in ("accuracy", "fp", "fn")]
    assert in_memory == pytest.approx(list(score), abs=1e-12)


@pytest.mark.parametrize("name", ["pred_lanes", "gt_lanes", "raw_file", "rows"])
def test_a_sample_that_lacks_something_is_named(name: str) -> None:
    sample = scored([], [])
    delattr(sample, name)
    with pytest.raises(ValueError, match=f"TuSimpleMetric needs {name} in every"):
        TuSimpleMetric().process(None, [sample])


def test_no_image_is_an_error() -> None:
    with pytest.raises(ValueError, match="At least one image"):
        TuSimpleMetric().compute_metrics([])


def test_images_with_too_many_labels_are_warned_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logger = MMLogger.get_instance("test_tusimple_metric")
    logger.addHandler(caplog.handler)
    five = [at_rows(lane(100.0 + 200 * k, 600 + 10 * k)) for k in range(5)]
    six = [*five, at_rows(lane(1150.0, 700.0))]
    with caplog.at_level(logging.WARNING):
        evaluate(TuSimpleMetric(), [scored(five, five)])
        assert "labelled lanes" not in caplog.text
        evaluate(TuSimpleMetric(), [scored(five, five), scored(six, six)])
        assert "1 images have more than 5 labelled lanes" in caplog.text


@pytest.mark.parametrize("width", [640, 1280, 1920])
def test_the_tolerance_keeps_its_share_of_the_width(width: int) -> None:
    scale = width / 1280
    rows = np.rint(ROWS * scale)
    samples = []
    for offset in (18.0, 22.0):
        sample = scored([lane(600 + offset, 600 + offset)], [lane(600, 600)])
        sample.set_metainfo({"rows": rows, "ori_shape": (int(720 * scale), width)})
        sample.pred_lanes = [each * scale for each in sample.pred_lanes]
        sample.gt_lanes = [each * scale for each in sample.gt_lanes]
        samples.append(sample)
    # Of an upright lane, 18 px of 1280 are near and 22 are not.
    assert evaluate(TuSimpleMetric(), samples)["tusimple/fn"] == 0.5
    assert evaluate(TuSimpleMetric(200.0), samples)["tusimple/fn"] == 0.0
