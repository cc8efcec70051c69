"""Steps that neither Ctrl-C nor a signal may cut in two."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ENDS = {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
"""What ends a program from outside, and what to say then: ``kill``, and the end of the
terminal that it was started in."""


@contextmanager
def hold_interrupts(*more: signal.Signals) -> Iterator[set[int]]:
    """Hold back Ctrl-C, ``kill`` and the terminal's end until the block is done.

    Then they act. For the few steps that must be done as a whole, such as closing a
    file. Blocks may be nested. Outside the main thread, which alone is interrupted,
    nothing changes.

    Args:
        more: Other signals to hold back. They act after those.

    Yields:
        The numbers of the signals that have come so far. What the block adds to them
        acts at its end as if it had come.
    """
    held: set[int] = set()
    if threading.current_thread() is not threading.main_thread():
        yield held
        return
    previous = {
        number: signal.signal(number, lambda number, _frame: held.add(number))
        for number in (signal.SIGINT, *ENDS, *more)
    }
    try:
        yield held
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
        for each in previous:
            if each in held:
                signal.raise_signal(each)
