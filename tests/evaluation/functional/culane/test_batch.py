import numpy as np

from lanedet.evaluation.functional.culane.batch import batch_lanes

LANE = np.array([[300.0, 589.0], [420.0, 500.0], [560.0, 400.0]])


def test_a_batch_keeps_lanes_apart() -> None:
    empty = np.empty((0, 2))
    batch = batch_lanes([([LANE], []), ([], [LANE[:2], empty])])
    assert batch.num_lanes.tolist() == [[1, 0], [0, 2]]
    assert [len(lane) for lane in batch.lanes_of(1)[1]] == [2, 0]
    np.testing.assert_array_equal(batch.lanes_of(0)[0][0], LANE)
    np.testing.assert_array_equal(batch.lanes_of(1)[1][0], LANE[:2])


def test_a_batch_may_be_empty() -> None:
    batch = batch_lanes([])
    assert batch.num_lanes.shape == (0, 2)
    assert batch.points.shape == (0, 2)
