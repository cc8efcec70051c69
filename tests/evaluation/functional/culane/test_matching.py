import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from oracles import culane as oracle

from lanedet.evaluation.functional.culane.matching import match_lanes


def match(ious: ArrayLike) -> list[tuple[int, int]]:
    """Return the pairs (label, prediction) in the order of the labels."""
    labels, predictions = match_lanes(np.asarray(ious))
    return sorted(zip(labels.tolist(), predictions.tolist(), strict=True))


cells = st.one_of(
    st.sampled_from([0.0, 0.5, 0.505, 0.51, 0.9, float("nan")]), st.floats(0, 1)
)


@settings(max_examples=200, deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 5))
def test_pairs_are_those_of_the_plain_program(data, num_gt, num_pred) -> None:
    table = [[data.draw(cells) for _ in range(num_pred)] for _ in range(num_gt)]
    pairs = enumerate(oracle.match(table))
    assert match(table) == [(label, column) for label, column in pairs if column >= 0]


def test_pairs_can_fall_short_of_the_optimum() -> None:
    # Within 0.01 every edge is tight. The second label tries the first prediction
    # first, and the label that has it gives way: 1.208 in total instead of 1.217.
    assert match([[0.608, 0.601], [0.607, 0.609]]) == [(0, 1), (1, 0)]
    assert match([[0.608, 0.601], [0.590, 0.609]]) == [(0, 0), (1, 1)]


def test_labels_without_a_prediction_are_left_over() -> None:
    assert match([[0.2], [0.9], [0.4]]) == [(1, 0)]
    assert match([[0.2, 0.9, 0.4]]) == [(0, 1)]
    assert match(np.zeros((2, 0))) == []
    assert match(np.zeros((0, 2))) == []
