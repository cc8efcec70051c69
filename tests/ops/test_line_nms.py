import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import suppress_lines


def upright(x: float, start: float = 0, end: float = 8) -> list[float]:
    return [start, end, *[x] * 9]


def kept(scores: list[float], lines: list[list[float]], distance: float) -> list[int]:
    return suppress_lines(np.array(scores), np.array(lines), distance).tolist()


def test_of_copies_the_best_stays() -> None:
    lines = [upright(10), upright(11), upright(12)]
    assert kept([0.5, 0.9, 0.7], lines, 3) == [1]


def test_the_distance_itself_is_apart() -> None:
    assert kept([0.5, 0.9], [upright(10), upright(13)], 3) == [1, 0]


def test_what_only_a_lost_line_would_suppress_stays() -> None:
    # The second falls to the first, and can no longer take the third with it.
    assert kept([0.9, 0.8, 0.7], [upright(10), upright(12), upright(14)], 3) == [0, 2]


def test_of_equal_scores_the_first_is_better() -> None:
    assert kept([0.5, 0.5], [upright(10), upright(11)], 3) == [0]


def test_lines_that_share_no_row_both_stay() -> None:
    lines = [upright(10, 0, 3.4), upright(10, 3.6, 8)]
    assert kept([0.5, 0.6], lines, 3) == [1, 0]


def test_one_shared_row_is_enough_for_lines_on_it() -> None:
    lines = [upright(10, 0, 4), upright(10, 4, 8)]
    assert kept([0.5, 0.6], lines, 3) == [1]


@pytest.mark.parametrize("third", [0, 1, 2], ids=["near", "middle", "far"])
def test_lines_that_part_in_a_third_both_stay(third: int) -> None:
    other = np.array(upright(10))
    other[2 + 3 * third : 5 + 3 * third] += 3  # by one pixel over the whole line
    assert kept([0.5, 0.6], [upright(10), other.tolist()], 3) == [1, 0]


def test_what_lies_beyond_the_ends_counts_for_nothing() -> None:
    other = np.array(upright(10, 0, 5))
    other[8:] += 1000
    assert kept([0.5, 0.6], [upright(10), other.tolist()], 3) == [1]


def test_no_lines_are_kept_of_none() -> None:
    assert suppress_lines(np.empty(0), np.empty((0, 11)), 3).tolist() == []


def test_every_line_has_a_score() -> None:
    with pytest.raises(ValueError, match="1 scores and 2 lines"):
        kept([0.5], [upright(10), upright(11)], 3)


def mean_distances(one: FloatArray, other: FloatArray) -> list[float]:
    """Return the distance in each third of the shared rows, with loops."""
    shared = [
        row
        for row in range(len(one) - 2)
        if max(one[0], other[0]) <= row <= min(one[1], other[1])
    ]
    thirds: list[list[float]] = [[], [], []]
    for place, row in enumerate(shared):
        thirds[3 * place // len(shared)].append(abs(one[2 + row] - other[2 + row]))
    return [sum(third) / len(third) for third in thirds if third]


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_greedy_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = np.sort(rng.choice(25, (30, 2)) / 3, axis=1)
    lines = np.concatenate(
        [ends, rng.normal(20, 4, (30, 1)) + rng.normal(0, 1, (30, 9))], axis=1
    )
    scores = rng.integers(1, 10, 30) / 10  # with ties
    expected: list[int] = []
    for index in sorted(range(30), key=lambda i: -scores[i]):
        distances = [mean_distances(lines[index], lines[other]) for other in expected]
        if not any(near and max(near) < 3 for near in distances):
            expected.append(index)
    assert suppress_lines(scores, lines, 3).tolist() == expected
    assert 1 < len(expected) < 30
