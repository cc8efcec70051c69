"""Random generators that begin from several numbers, made cheaply.

A scene draws from dozens of generators. NumPy takes longer to make one than most
effects take to draw from it.
"""

from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np

_WORDS = 2**32


def seeded(*numbers: int) -> np.random.Generator:
    """Return ``np.random.default_rng(numbers)``, in half the time.

    Args:
        numbers: Any, each >= 0.
    """
    if max(numbers) >= _WORDS:
        return np.random.default_rng(numbers)
    # NumPy would turn each number into an array of such words first.
    return np.random.default_rng(np.array(numbers, dtype=np.uint32))


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
