import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane import ContinuousRule
from lanedet.evaluation.functional.culane.continuous import pair_lanes, polygon_ious

SHAPE = (590, 1640)
UPRIGHT = np.array([[800.0, 580.0], [800.0, 500.0], [800.0, 400.0], [800.0, 300.0]])
OUTSIDE = np.array([[-300.0, 580.0], [-320.0, 480.0], [-350.0, 400.0]])
TWICE = UPRIGHT[[0, 1, 1, 3]]


def shifted(points: FloatArray, dx: float) -> FloatArray:
    return points + np.array([dx, 0.0])


def test_overlap_by_hand() -> None:
    # Flat ends: rectangles 30 wide, 8 apart, so 22 of 38 columns in all rows.
    ious = polygon_ious(
        [shifted(UPRIGHT, 8), shifted(UPRIGHT, 30)], [UPRIGHT], SHAPE, 30
    )
    assert ious == pytest.approx(np.array([[22 / 38, 0.0]]), abs=1e-9)


def test_lanes_on_which_laneatt_stops_overlap_nothing() -> None:
    lanes = [UPRIGHT, TWICE, OUTSIDE]
    ious = polygon_ious(lanes, lanes, SHAPE, 30)
    assert ious == pytest.approx(np.diag([1.0, 0.0, 0.0]), abs=1e-9)


def test_polygons_that_cannot_be_joined_overlap_nothing() -> None:
    # GEOS gives up on the union of these.
    wound = [[-0.5, 0.0], [-1.0, 589.0], [-1.0, -0.5], [-0.5, 0.0], [1639.0, 589.0]]
    far = [[-1e6, 552.9290807718984], [-1e6, 108.85367288304657], [-1e6, 62.5490995]]
    upright = UPRIGHT[[0, 3]]
    lanes = [np.array(wound), upright]
    ious = polygon_ious([np.array(far), upright], lanes, SHAPE, 30)
    assert ious[:, 0].tolist() == [0.0, 0.0]
    assert ious[1, 1] == 1.0


def test_pairs_are_the_best_in_total() -> None:
    # Unlike the official program's: 0.608 + 0.609 is more than 0.601 + 0.607.
    for table, labels, predictions in (
        ([[0.608, 0.601], [0.607, 0.609]], [0, 1], [0, 1]),
        ([[0.2], [0.9], [0.4]], [1], [0]),
    ):
        pairs = pair_lanes(np.array(table))
        assert [each.tolist() for each in pairs] == [labels, predictions]


def test_lanes_of_fewer_than_two_points_are_left_out() -> None:
    pred, gt = [UPRIGHT[:1], UPRIGHT], [np.empty((0, 2)), UPRIGHT]
    counts = ContinuousRule().count(pred, gt, np.array([0.5]))
    assert counts.tolist() == [[1, 0, 0]]


def test_lanes_that_go_back_and_forth_are_refused() -> None:
    zigzag = np.stack([np.arange(302) % 2, np.arange(302)], axis=1) * [400.0, 60.0]
    # 300 turns each, and 158 + 140: the two lanes do not turn where one ends.
    polygon_ious([zigzag], [zigzag[:160], zigzag[160:]], SHAPE, 30)
    longer = np.concatenate([zigzag, [[0.0, 302 * 60.0], [400.0, 303 * 60.0]]])
    with pytest.raises(ValueError, match="right angle 300 times, got 301"):
        polygon_ious([UPRIGHT], [longer[1:]], SHAPE, 30)
    with pytest.raises(ValueError, match="right angle 300 times, got 318"):
        polygon_ious([longer[:161], longer[:161], UPRIGHT[:3]], [UPRIGHT], SHAPE, 30)
