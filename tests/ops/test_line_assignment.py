import numpy as np
import pytest

from lanedet.ops import assign_lines


def assign(costs: list[list[float]], ious: list[list[float]]) -> list[int]:
    return assign_lines(np.array(costs), np.array(ious)).tolist()


def test_a_lane_takes_as_many_proposals_as_its_best_overlaps_add_up_to() -> None:
    costs = [[3.0], [1.0], [2.0], [4.0], [5.0]]
    ious = [[0.6], [0.9], [0.7], [0.3], [0.2]]  # the four best: 2.5
    assert assign(costs, ious) == [-1, 0, 0, -1, -1]


def test_it_takes_four_at_most() -> None:
    costs = [[float(cost)] for cost in range(6)]
    assert assign(costs, [[1.0]] * 6) == [0, 0, 0, 0, -1, -1]


def test_and_one_however_bad() -> None:
    assert assign([[9.0], [8.0]], [[-0.9], [-0.8]]) == [-1, 0]


def test_what_two_lanes_want_goes_to_the_cheaper_and_the_other_has_its_own() -> None:
    # The cheapest of both is proposal 0, as where lanes part.
    costs = [[1.0, 2.0], [5.0, 9.0], [7.0, 8.0]]
    assert assign(costs, np.zeros((3, 2)).tolist()) == [1, 0, -1]


def test_a_lanes_own_proposal_is_not_taken_by_a_second_one() -> None:
    # Lane 0 would like both; the second one is all that lane 1 has.
    costs = [[1.0, 99.0], [2.0, 3.0]]
    assert assign(costs, [[1.0, 0.0], [1.0, 0.0]]) == [0, 1]


def test_a_proposal_that_two_lanes_take_goes_to_the_cheaper() -> None:
    costs = [[1.0, 9.0], [4.0, 5.0], [9.0, 1.0]]
    ious = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    assert assign(costs, ious) == [0, 0, 1]


def test_without_lanes_nothing_is_learned() -> None:
    assert assign_lines(np.empty((3, 0)), np.empty((3, 0))).tolist() == [-1, -1, -1]


def test_more_lanes_than_proposals_share_them_at_the_least_cost() -> None:
    costs = [[5.0, 1.0, 9.0], [2.0, 3.0, 9.0]]
    assert assign(costs, np.ones((2, 3)).tolist()) == [1, 0]


@pytest.mark.parametrize("seed", range(20))
def test_every_lane_has_a_proposal_and_order_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs, ious = rng.normal(size=(12, 7)), rng.uniform(-1, 1, (12, 7))
    costs[:, 3] = costs[:, 5] + 0.01 * rng.normal(size=12)  # a fork
    assigned = assign_lines(costs, ious)
    assert set(assigned) >= set(range(7))
    proposals, lanes = rng.permutation(12), rng.permutation(7)
    permuted = assign_lines(costs[proposals][:, lanes], ious[proposals][:, lanes])
    expected = np.where(assigned < 0, -1, np.argsort(lanes)[assigned])[proposals]
    np.testing.assert_array_equal(permuted, expected)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match=r"one shape.*\(3, 2\) and \(2, 3\)"):
        assign_lines(np.zeros((3, 2)), np.zeros((2, 3)))


def test_costs_must_be_finite() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        assign_lines(np.array([[np.nan]]), np.zeros((1, 1)))
