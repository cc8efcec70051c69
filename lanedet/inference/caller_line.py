"""Warnings that name the line of a user's program that asked for something."""

import sys

_NOT_THE_USERS = {"lanedet", "torch"}  # decorators of torch stand between our frames


def callers_stacklevel() -> int:
    """Return the ``stacklevel`` with which a warning names the user's own line.

    Call it in the function that warns. How many frames lie between depends on how the
    user came in. Where there is none of the user's, as in a thread of the pipeline, it
    is the level of the thread's own first frame outside the package.
    """
    # From Python 3.12 on skip_file_prefixes of warnings.warn does this.
    level, frame = 1, sys._getframe(1)
    while _package(frame.f_globals) in _NOT_THE_USERS and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    return level


def _package(module_globals: dict[str, object]) -> str:
    return str(module_globals.get("__name__")).partition(".")[0]
