import numpy as np
import pytest

from lanedet.simulation.randomness import (
    seeded,
    seeded_each,
    topic_number,
    world_numbers,
)
from lanedet.simulation.sampling.categories import CATEGORIES

TOPICS = ("city", "fall_rain", "a new one")


@pytest.mark.parametrize("seed", [(0, 0), (5, 2**32 - 1, 71), (2**32, 1), (2**70,), ()])
@pytest.mark.parametrize("topic", TOPICS)
def test_seeds_are_those_of_numpy(seed: tuple[int, ...], topic: str) -> None:
    expected = np.random.default_rng((*seed, topic_number(topic)))
    drawn = seeded(seed, topic).integers(2**60, size=8)
    assert np.array_equal(drawn, expected.integers(2**60, size=8))


def test_numbered_things_have_a_source_each() -> None:
    numbers = [9, 0, 2**32 - 1, 9]
    for seed in ((), (7,), (1, 2, 3, 4, 5, 6)):
        sources = seeded_each(seed, "houses", numbers)
        for number, rng in zip(numbers, sources, strict=True):
            expected = np.random.default_rng((*seed, topic_number("houses"), number))
            assert rng.uniform() == expected.uniform()
            assert np.array_equal(rng.integers(9, size=5), expected.integers(9, size=5))
    assert seeded_each((1, 2), "houses", []) == []


def test_topics_draw_apart() -> None:
    drawn = {seeded((3, 4), topic).integers(2**60) for topic in (*TOPICS, *CATEGORIES)}
    assert len(drawn) == len(TOPICS) + len(CATEGORIES)


def test_worlds_share_no_part_of_their_seed() -> None:
    seeds = [(a, b) for a in range(20_001, 20_004) for b in range(100)]
    drawn = {world_numbers(seed, topic) for seed in seeds for topic in ("sky", "soot")}
    assert len(drawn) == 600
    assert world_numbers((3, 4), "sky") == world_numbers((3, 4), "sky")
    for place in zip(*drawn, strict=True):
        assert len({number % 512 for number in place}) > 300
        assert max(place) < 2**32
