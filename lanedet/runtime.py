"""How the command line tools run: memory, progress bars, and how they fail.

Nothing here imports torch: :func:`tune_allocator` works best before torch does.
"""

import ctypes
import io
import os
import shlex
import signal
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TextIO

from tqdm import tqdm

_ENDS = {signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
"""What ends a program from outside, and what to say then: ``kill``, and the end of the
terminal that it was started in."""

_bars: "weakref.WeakSet[tqdm[Any]]" = weakref.WeakSet()
"""Every bar that was made and is still in use."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>


def tune_allocator() -> None:
    """Make glibc's malloc keep the memory that a network frees, and reuse it.

    With glibc's defaults every large block is mapped afresh and returned when freed,
    so that each forward pass of a network pays thousands of page faults for the same
    few buffers: 9 to 36 ms of the 53 to 69 ms of an ENet pass in eager PyTorch on two
    cores. Two settings stop it, and the pass takes 1.2 to 1.9 times less time. The
    price is that the process holds on to its peak memory. M_TOP_PAD is left alone: with
    steps of 4 MiB or more the heaps of threads are not reused whole, and a video's
    decoder in threads of its own takes 2 kB more with every frame.

    The settings are process-wide. Elsewhere than on glibc this does nothing.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl has none
        return
    mallopt(_M_MMAP_THRESHOLD, 1 << 30)  # blocks up to 1 GiB come from the heap,
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)  # whose free end is not given back


def tune_threads() -> None:
    """Let waiting OpenMP threads spin for microseconds and then sleep.

    The threads of a parallel loop wait for one another at its end. GNU's OpenMP lets
    them spin for long. With a data worker or a video decoder on the same few cores, a
    spinning thread keeps the core from the one it waits for: a training step of ENet
    on two cores, one of them busy, was seen to take 6 to 12 seconds instead of 1.6.
    Never to spin costs a quarter of the speed on idle cores; to spin briefly, nothing.
    Settings in the environment go before.

    Must be called before torch is imported: OpenMP reads the setting once.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "3000")


@contextmanager
def user_errors() -> Iterator[None]:
    """End the program with one clear line where the user can mend what went wrong.

    Use it as ``with user_errors():`` or as the decorator ``@user_errors()`` of a
    tool's ``main``:

    * ``OSError`` (a missing file, a full disk) and ``ValueError`` (a bad value, a
      broken file) become ``error: <message>`` on stderr and exit status 1.
    * Ctrl-C becomes ``interrupted`` on stderr and exit status 130.
    * ``kill`` (SIGTERM) unwinds the stack, so that files are closed whole, and ends
      with ``terminated`` on stderr and exit status 143. So does a terminal that is
      closed (SIGHUP), with ``hung up`` and 129, unless ``nohup`` keeps that off.

    What is printed may name files whose names are not UTF-8, or hold what the terminal
    cannot show: what cannot be written becomes an escape that begins with a backslash.

    Warnings to users (:func:`told_warnings`) are one line each on stderr.

    Notes that were added to an exception (``error.add_note``) follow on lines of
    their own. Everything else is a fault of the program and keeps its traceback; with
    ``LANEDET_TRACEBACK=1`` in the environment so do the errors above.

    Raises:
        SystemExit: In place of the exceptions above.
    """
    _tune_outputs()
    previous = {
        each: signal.signal(each, _exit_on_signal)
        for each in _ENDS
        if signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        with told_warnings(_tell_warning):
            yield
    except (OSError, ValueError) as error:
        if os.environ.get("LANEDET_TRACEBACK") == "1":
            raise
        _tell(f"error: {_one_line(error)}", error)
        raise SystemExit(1) from error
    except KeyboardInterrupt as interrupt:
        if os.environ.get("LANEDET_TRACEBACK") == "1":
            raise
        _tell("interrupted", interrupt)
        raise SystemExit(130) from interrupt
    except _Terminated as leaving:
        _tell(_ENDS[leaving.signal], leaving)
        raise
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)


def shell_word(text: str) -> str:
    r"""Return a word of a command line as a shell reads it, on one line.

    What cannot be printed, such as the bytes of a name that is not UTF-8, is written
    as bash, ksh and zsh read it: ``$'two\x0alines'``.

    Example:
        >>> print(shell_word("my runs"), shell_word("a\nb"), shell_word("run1"))
        'my runs' $'a\x0ab' run1
    """
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(
        char
        if char.isprintable() and char not in "'\\"
        else "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
        for char in text
    )
    return f"$'{escaped}'"


@contextmanager
def told_warnings(tell: Callable[[str], object]) -> Iterator[None]:
    """Hand the text of warnings to users on, in place of Python's two lines on each.

    ``UserWarning`` itself is for users; its subclasses and other warnings are for
    programmers and are shown as ever. A warning that the filters show once is told once
    a block.

    Args:
        tell: What gets the text of each, as it comes.
    """
    with warnings.catch_warnings():
        show_others = warnings.showwarning

        def show(
            message: Warning | str,
            category: type[Warning],
            filename: str,
            lineno: int,
            file: TextIO | None = None,
            line: str | None = None,
        ) -> None:
            if category is UserWarning:
                tell(str(message))
            else:
                show_others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


@contextmanager
def hold_interrupts(*more: signal.Signals) -> Iterator[None]:
    """Hold back Ctrl-C, ``kill`` and the terminal's end until the block is done.

    Then they act. For the few steps that must be done as a whole, such as closing a
    file. Blocks may be nested. Outside the main thread, which alone is interrupted,
    nothing changes.

    Args:
        more: Other signals to hold back. They act after those.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: set[int] = set()
    previous = {
        number: signal.signal(number, lambda number, _frame: held.add(number))
        for number in (signal.SIGINT, *_ENDS, *more)
    }
    try:
        yield
    finally:
        for each, handler in previous.items():
            signal.signal(each, handler)
        for each in previous:
            if each in held:
                signal.raise_signal(each)


def _tune_outputs() -> None:
    """Let all text be printed, and let OpenCV, if it is not imported yet, be quiet.

    It would put lines of its own before the one that says what is wrong with a file.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr is
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")


class _Terminated(SystemExit):
    """One of ``_ENDS`` came."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGHUP:  # the terminal and the shell both send it
        signal.signal(number, signal.SIG_IGN)
    raise _Terminated(number)


def _one_line(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.strerror:
        # Without the "[Errno 2]" that str() puts first.
        name = f": {error.filename!r}" if error.filename else ""
        return f"{error.strerror}{name}"
    text = str(error)
    if "in DataLoader worker process" in text:
        # torch puts the worker's whole traceback before its message. There, only
        # builtin exceptions stand without their module.
        kind = type(error)
        is_builtin = kind.__module__ == "builtins"
        name = kind.__name__ if is_builtin else f"{kind.__module__}.{kind.__qualname__}"
        _, _, text = text.strip().rpartition(f"\n{name}: ")
    return " ".join(text.split("\n")) or type(error).__name__


def _tell_warning(text: str) -> None:
    tqdm.write(f"warning: {' '.join(text.split())}", file=sys.stderr)  # above bars


def _tell(message: str, error: BaseException) -> None:
    for bar in list(_bars):
        bar.close()  # the message goes below it, not onto its line
    with suppress(OSError):  # the terminal may be gone
        for line in (message, *getattr(error, "__notes__", ())):
            sys.stderr.write(f"{line}\n")


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
