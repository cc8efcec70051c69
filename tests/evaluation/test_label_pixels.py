import numpy as np
import pytest

from lanedet.evaluation import BDD100KMetric, CULaneMetric, TuSimpleMetric
from lanedet.evaluation.label_pixels import in_label_pixels
from lanedet.ops import StretchView, map_points, resize_matrix
from lanedet.structures import LaneSample

LABEL_SHAPE, SHAPE = (720, 1280), (240, 426)
ROWS = np.arange(160.0, 720.0, 10.0)
LANE = np.stack([np.rint(200 + 0.7 * (720 - ROWS)), ROWS], axis=1)[::-1]


def resized(gt: np.ndarray, pred: np.ndarray) -> LaneSample:
    """A sample of a resized image; lanes are given in pixels of the label."""
    matrix = resize_matrix(LABEL_SHAPE, SHAPE)
    sample = LaneSample(
        metainfo={
            "raw_file": "driver_1/a.MP4/1.jpg",
            "ori_shape": SHAPE,
            "label_shape": LABEL_SHAPE,
            "rows": ROWS,
        }
    )
    sample.gt_lanes = [map_points(gt, matrix)]
    sample.pred_lanes = [map_points(pred, matrix)]
    return sample


def test_labels_come_back_as_they_were() -> None:
    small = map_points(LANE, resize_matrix(LABEL_SHAPE, SHAPE))
    (back,) = in_label_pixels([small], SHAPE, LABEL_SHAPE)
    np.testing.assert_array_equal(back, LANE)


def test_lanes_of_images_that_were_not_resized_stay() -> None:
    (same,) = in_label_pixels([LANE / 3], SHAPE, SHAPE)
    np.testing.assert_array_equal(same, LANE / 3)


# The tolerance of 20 pixels is divided by the cosine of the lane's angle, so 24.41.
@pytest.mark.parametrize(("away", "accuracy"), [(24.0, 1.0), (25.0, 0.0)])
def test_tusimples_twenty_pixels_are_those_of_the_label(
    away: float, accuracy: float
) -> None:
    metric = TuSimpleMetric()
    metric.process(None, [resized(LANE, LANE + np.array([away, 0.0]))])
    assert metric.compute_metrics(metric.results)["accuracy"] == accuracy


def test_culane_scores_and_writes_pixels_of_the_label(tmp_path) -> None:
    metric = CULaneMetric(shape=LABEL_SHAPE, out_dir=tmp_path)
    metric.process(None, [resized(LANE, LANE)])
    assert metric.compute_metrics(metric.results)["mf1"] == 1.0
    numbers = (tmp_path / "driver_1/a.MP4/1.lines.txt").read_text().split()
    assert numbers[1] == "719"
    xs, ys = (np.array(numbers[start::2], dtype=float) for start in (0, 1))
    np.testing.assert_allclose(xs, 200 + 0.7 * (720 - ys), atol=0.8)


def test_bdd100k_counts_pixels_of_the_label() -> None:
    sample = resized(LANE, LANE)
    sample.set_metainfo({"view": StretchView((180, 320))(SHAPE)})
    sample.pred_class_map = np.ones((180, 320), dtype=np.uint8)
    metric = BDD100KMetric()
    metric.process(None, [sample])
    found = metric.results[0].sad
    assert found.tp + found.fp + found.fn == 720 * 1280
