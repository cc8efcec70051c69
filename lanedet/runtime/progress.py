"""Progress bars, for a terminal and for a log file."""

import sys
import weakref
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

_bars: "weakref.WeakSet[tqdm[Any]]" = weakref.WeakSet()
"""Every bar that was made and is still in use."""


def progress_bar(iterable: Iterable[Any] | None = None, **options: Any) -> "tqdm[Any]":
    """Return a tqdm bar that also suits a log file.

    On a terminal it moves twice a second. Where the output goes to a file or a pipe,
    every redraw is a line of its own, so there it moves every ten seconds.

    Args:
        iterable: What to walk through, or None to move the bar by hand.
        options: Arguments of ``tqdm``, such as ``total``, ``desc`` and ``unit``.
    """
    if sys.stderr.isatty():
        bar = tqdm(iterable, mininterval=0.5, dynamic_ncols=True, **options)
    else:
        # A bar inside another bar would move the cursor up, which a file cannot.
        bar = tqdm(iterable, mininterval=10.0, ascii=True, position=0, **options)
    _bars.add(bar)
    return bar


def close_bars() -> None:
    """Close every bar: what is printed next goes below it, not onto its line."""
    for bar in list(_bars):
        bar.close()
