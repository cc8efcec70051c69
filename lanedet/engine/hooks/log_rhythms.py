"""How often a run logs what, so that a resumed run knows what it no longer logs."""

from collections.abc import Mapping
from typing import Any

from mmengine.logging import MessageHub

_PREFIX = "train/"


class LogRhythms:
    """Watch how often each training value is logged; drop those that are overdue.

    A resumed run has the histories of the run before it, and goes on with those that
    it logs itself. What the earlier run logged every so many iterations, and the
    resumed one has not logged for longer, it does not log at all.

    Args:
        state: Of the run that is resumed. None if it is not known: then everything is
            taken to be logged in every iteration.
    """

    def __init__(self, state: Mapping[str, list[int]] | None = None) -> None:
        self.state = None if state is None else {k: list(v) for k, v in state.items()}
        """The number of iterations after which each value was logged last, and the
        longest time between two, 0 if it was logged once."""
        self._values: dict[str, Any] = {}
        self._loaded: set[str] = set()

    def resume(self, hub: MessageHub, iteration: int) -> None:
        """Begin with the histories that were loaded, after so many iterations."""
        self._values = _values(hub)
        self._loaded = set(self._values)
        if self.state is None:
            self.state = {name: [iteration, 1] for name in self._values}

    def note(self, hub: MessageHub, iteration: int) -> None:
        """Look at what was logged, after so many iterations."""
        state = self.state if self.state is not None else {}
        values = _values(hub)
        for name, value in values.items():
            # An update puts a new array in the place of the old one.
            if value is not self._values.get(name):
                last, longest = state.get(name, (iteration, 0))
                state[name] = [iteration, max(longest, iteration - last)]
                self._loaded.discard(name)
        for name in list(self._loaded):
            last, longest = state.get(name, (iteration, 0))
            if 0 < longest < iteration - last:
                del hub.log_scalars[name], values[name], state[name]
                self._loaded.discard(name)
        self.state, self._values = state, values


def _values(hub: MessageHub) -> dict[str, Any]:
    scalars = hub.log_scalars
    return {name: scalars[name].data[0] for name in scalars if _PREFIX in name}
