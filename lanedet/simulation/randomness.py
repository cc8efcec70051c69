"""Random generators that begin from several numbers, made cheaply.

A scene draws from dozens of generators. NumPy takes longer to make one than most
effects take to draw from it.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from lanedet.simulation.kernels import seed_states

_WORDS = 2**32


def seeded(*numbers: int) -> np.random.Generator:
    """Return ``np.random.default_rng(numbers)``, in half the time.

    Args:
        numbers: Any, each >= 0.
    """
    return seeded_each(numbers[:-1], numbers[-1:])[0]


def seeded_each(
    numbers: Sequence[int], lasts: Sequence[int]
) -> list[np.random.Generator]:
    """Return ``seeded(*numbers, last)`` for each last number, in a third of its time.

    Args:
        numbers: What all of them begin from, each >= 0.
        lasts: What makes them differ, each >= 0.
    """
    seeds = [(*numbers, last) for last in lasts]
    if max(map(max, seeds), default=0) >= _WORDS:
        return [np.random.default_rng(seed) for seed in seeds]
    if not seeds:
        return []
    states = seed_states(np.array(seeds, dtype=np.uint32))
    # NumPy takes any ISeedSequence; its annotations name but one.
    prepared = (cast(np.random.SeedSequence, _Prepared(state)) for state in states)
    return [np.random.Generator(np.random.PCG64(each)) for each in prepared]


class _Prepared(ISeedSequence):
    """Gives a generator the state that was computed for it."""

    def __init__(self, state: NDArray[np.uint64]) -> None:
        self._state = state

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> np.ndarray:
        """Return the state; a PCG64 asks once, for four words of 64 bits."""
        del n_words, dtype
        return self._state


@lru_cache(maxsize=256)
def world_numbers(seed: tuple[int, ...], topic: str) -> tuple[int, ...]:
    """Return four numbers that a world's whole seed gives to a topic.

    They place tiles and sheets, for which a generator would be made in vain. No part of
    the seed is left out: scene 7 of one collection must not have another's sky.

    Args:
        seed: Names the world.
        topic: What they are for; others get other numbers.

    Returns:
        Each in [0, 2 ** 32).
    """
    digest = blake2b(repr((seed, topic)).encode(), digest_size=16).digest()
    return tuple(np.frombuffer(digest, dtype="<u4").tolist())


class LateGenerator:
    """Stands for ``seeded(*numbers)``, which is made when something is drawn from it.

    Args:
        numbers: See :func:`seeded`.
    """

    def __init__(self, *numbers: int) -> None:
        self._numbers = numbers

    @cached_property
    def _made(self) -> np.random.Generator:
        return seeded(*self._numbers)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)
