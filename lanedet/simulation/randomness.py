"""Random numbers of named topics, made cheaply.

Whatever is drawn begins from a world's seed and from the name of what it is for, its
topic. So a new topic leaves the draws of all others as they are, and no picture depends
on what a function is called.

A scene draws from dozens of generators. NumPy takes longer to make one than most
effects take to draw from it.
"""

import zlib
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, cast

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

from lanedet.simulation.compiled import compiled

_WORDS = 2**32

# Factors of NumPy's SeedSequence.
_POOL_START, _POOL_STEP = np.uint32(0x43B0D7E5), np.uint32(0x931E8875)
_MIX_LEFT, _MIX_RIGHT = np.uint32(0xCA01F9DD), np.uint32(0x4973F715)
_STATE_START, _STATE_STEP = np.uint32(0x8B51F9DD), np.uint32(0x58F38DED)

_FROZEN_NUMBERS = {
    # Of a collection's scenes.
    "drive": 1,
    "category": 2,
    # Of a world.
    "roadside": 71,
    "far_lights": 72,
    "city": 73,
    "dashboard": 74,
    "bloom": 75,
    "gantries": 76,
    "drops": 77,
    "houses": 78,
    "windows": 79,
    "city_windows": 80,
    # Of tiles of noise; some share one field.
    "sky": 0,
    "asphalt": 0,
    "streaks": 0,
    "weather": 0,
    "hills": 1,
    "woods": 2,
    "foliage": 3,
    "sheen": 4,
    "wear": 5,
    "walls": 7,
    "soot": 8,
    "crowns": 9,
    "clouds": 11,
    "dust": 12,
    "specks": 13,
    "smears": 14,
    "ripples": 15,
    "trees": 20,
    "sensor": 30,
}
"""The topics that have another number than their name gives: RoadScenes 3 is drawn
with these. New ones need no entry."""


def topic_number(topic: str) -> int:
    """Return the number by which a topic enters seeds, in [0, 2 ** 32)."""
    return _FROZEN_NUMBERS.get(topic, zlib.crc32(topic.encode()))


def seeded(seed: Sequence[int], topic: str) -> np.random.Generator:
    """Return the source of randomness of a topic.

    It is ``np.random.default_rng((*seed, topic_number(topic)))``, in half the time.

    Args:
        seed: Names the world, or the moment in it; each number >= 0.
        topic: What the draws are for.
    """
    return _generators([(*seed, topic_number(topic))])[0]


def seeded_each(
    seed: Sequence[int], topic: str, numbers: Sequence[int]
) -> list[np.random.Generator]:
    """Return a source of randomness for each of the numbered things of a topic.

    They are ``np.random.default_rng((*seed, topic_number(topic), number))``, in a sixth
    of the time.

    Args:
        seed: Names the world; each number >= 0.
        topic: What the draws are for.
        numbers: The things' numbers, each >= 0.
    """
    start = (*seed, topic_number(topic))
    return _generators([(*start, number) for number in numbers])


def _generators(seeds: Sequence[tuple[int, ...]]) -> list[np.random.Generator]:
    """Return ``np.random.default_rng`` of seeds that are equally long."""
    if not seeds:
        return []
    if max(map(max, seeds)) >= _WORDS:
        return [np.random.default_rng(seed) for seed in seeds]
    states = _seed_states(np.array(seeds, dtype=np.uint32))
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


@compiled
def _seed_states(seeds: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return what NumPy's ``SeedSequence`` gives a ``PCG64`` to begin from.

    Its algorithm, which NumPy promises not to change, is M. E. O'Neill's:
    https://www.pcg-random.org/posts/developing-a-seed_seq-alternative.html

    Args:
        seeds: Numbers from which each begins, (N, K).

    Returns:
        (N, 4).
    """
    states = np.empty((len(seeds), 8), np.uint32)
    pool = np.empty(4, np.uint32)
    for row in range(len(seeds)):
        factor = _POOL_START
        for k in range(4):
            word = seeds[row, k] if k < seeds.shape[1] else np.uint32(0)
            pool[k], factor = _hash_word(word, factor, _POOL_STEP)
        for k in range(max(seeds.shape[1], 4)):
            for other in range(4):
                if k == other:
                    continue
                word = pool[k] if k < 4 else seeds[row, k]
                word, factor = _hash_word(word, factor, _POOL_STEP)
                mixed = np.uint32(_MIX_LEFT * pool[other])
                mixed = np.uint32(mixed - _MIX_RIGHT * word)
                pool[other] = mixed ^ (mixed >> np.uint32(16))
        factor = _STATE_START
        for k in range(8):
            states[row, k], factor = _hash_word(pool[k % 4], factor, _STATE_STEP)
    return states.view(np.uint64)


@compiled
def _hash_word(
    word: np.uint32, factor: np.uint32, step: np.uint32
) -> tuple[np.uint32, np.uint32]:
    """Return a hashed word, and the factor with which the next one is hashed."""
    following = np.uint32(factor * step)
    hashed = np.uint32((word ^ factor) * following)
    return np.uint32(hashed ^ (hashed >> np.uint32(16))), following


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
