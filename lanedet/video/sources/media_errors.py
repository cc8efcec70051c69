"""What goes wrong in files and streams that are damaged, and how to say it.

FFmpeg's errors reach Python as classes of PyAV with many bases: of a bad file some are
``ValueError``, some ``OSError``, some ``EOFError`` or ``LookupError`` and some none of
these. PyAV itself stumbles over what FFmpeg lets pass, such as a track that appears
only while a file is read.
"""

import errno

import av

MEDIA_ERRORS: tuple[type[Exception], ...] = (
    av.error.FFmpegError,
    LookupError,
    ArithmeticError,
    UnicodeError,
    EOFError,
)
"""All that PyAV raises where it opens, reads or decodes what is damaged."""


def failure_reason(error: BaseException) -> str:
    """Return why FFmpeg failed, in words that help."""
    if isinstance(error, av.error.ExitError):  # what it calls a time limit
        return "nothing came in time"
    if isinstance(error, EOFError):
        return "it ends before its first frame"
    if isinstance(error, av.error.PatchWelcomeError):
        return "FFmpeg cannot decode what it says it holds"
    if not isinstance(error, av.error.FFmpegError):
        return "its structure is damaged"
    if error.errno == errno.EIO:
        return "it cannot be read any further"
    return str(error.strerror)
