import numpy as np
import pytest

from lanedet.simulation.randomness import (
    LateGenerator,
    seeded,
    seeded_each,
    world_numbers,
)


@pytest.mark.parametrize(
    "numbers", [(0, 0), (5, 2**32 - 1, 71), (2**32, 1), (2**70,), (3,)]
)
def test_seeds_are_those_of_numpy(numbers: tuple[int, ...]) -> None:
    expected = np.random.default_rng(numbers).integers(2**60, size=8)
    assert np.array_equal(seeded(*numbers).integers(2**60, size=8), expected)


def test_many_generators_are_each_seeded_apart() -> None:
    lasts = [9, 0, 2**32 - 1, 9]
    for numbers in ((), (7,), (1, 2, 3, 4, 5, 6)):
        for last, rng in zip(lasts, seeded_each(numbers, lasts), strict=True):
            expected = np.random.default_rng((*numbers, last))
            assert rng.uniform() == expected.uniform()
            assert np.array_equal(rng.integers(9, size=5), expected.integers(9, size=5))
    assert seeded_each((1, 2), []) == []


def test_a_late_generator_goes_on_where_it_was() -> None:
    late, expected = LateGenerator(3, 4), np.random.default_rng((3, 4))
    for _ in range(3):
        assert late.normal(2.0, 3.0) == expected.normal(2.0, 3.0)
    assert np.array_equal(late.uniform(size=5), expected.uniform(size=5))


def test_worlds_share_no_part_of_their_seed() -> None:
    seeds = [(a, b) for a in range(20_001, 20_004) for b in range(100)]
    drawn = {world_numbers(seed, topic) for seed in seeds for topic in ("sky", "soot")}
    assert len(drawn) == 600
    assert world_numbers((3, 4), "sky") == world_numbers((3, 4), "sky")
    for place in zip(*drawn, strict=True):
        assert len({number % 512 for number in place}) > 300
        assert max(place) < 2**32
