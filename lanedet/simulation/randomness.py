"""Random generators that begin from several numbers, made cheaply.

A scene draws from dozens of generators. NumPy takes longer to make one than most
effects take to draw from it.
"""

from functools import cached_property
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
