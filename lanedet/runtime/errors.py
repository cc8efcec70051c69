"""How a command line tool fails: in one clear line, with an exit status."""

import io
import os
import select
import shlex
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

from tqdm import tqdm

from lanedet.runtime.interrupts import ENDS
from lanedet.runtime.progress import close_bars


@contextmanager
def user_errors() -> Iterator[None]:
    """End the program with one clear line where the user can mend what went wrong.

    Use it as ``with user_errors():`` or as the decorator ``@user_errors()`` of a
    tool's ``main``:

    * ``OSError`` (a missing file, a full disk) and ``ValueError`` (a bad value, a
      broken file) become ``error: <message>`` on stderr and exit status 1.
    * A package that is not installed, as where this one was installed without what it
      depends on, becomes such a line, too.
    * Ctrl-C becomes ``interrupted`` on stderr and exit status 130.
    * ``kill`` (SIGTERM) unwinds the stack, so that files are closed whole, and ends
      with ``terminated`` on stderr and exit status 143. So does a terminal that is
      closed (SIGHUP), with ``hung up`` and 129, unless ``nohup`` keeps that off.
    * Where what reads stdout has left, as ``head`` does, the program ends without a
      word of it and with exit status 141, as other programs do.

    What is printed may name files whose names are not UTF-8, or hold what the terminal
    cannot show: what cannot be written becomes an escape that begins with a backslash.

    Warnings to users (:func:`reported_warnings`) are one line each on stderr.

    Notes that were added to an exception (``error.add_note``) follow on lines of
    their own. Everything else is a fault of the program and keeps its traceback; with
    ``LANEDET_TRACEBACK=1`` in the environment so do the errors above.

    Raises:
        SystemExit: In place of the exceptions above.
    """
    _tune_outputs()
    previous = {
        each: signal.signal(each, _exit_on_signal)
        for each in ENDS
        if signal.getsignal(each) is not signal.SIG_IGN
    }
    try:
        with reported_warnings(_report_warning):
            yield
            print(end="", flush=True)  # now, not when Python ends
    except (OSError, ValueError) as error:
        if isinstance(error, BrokenPipeError) and _is_reader_gone():
            _report_notes(error)
            raise SystemExit(128 + signal.SIGPIPE) from error
        if os.environ.get("LANEDET_TRACEBACK") == "1":
            raise
        _report(f"error: {_one_line(error)}", error)
        raise SystemExit(1) from error
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        is_ours = package in ("", __name__.partition(".")[0])
        if is_ours or os.environ.get("LANEDET_TRACEBACK") == "1":
            raise
        message = f"error: This needs {package}, which is not installed here."
        _report(f"{message} pip install lanedet brings it.", error)
        raise SystemExit(1) from error
    except KeyboardInterrupt as interrupt:
        if os.environ.get("LANEDET_TRACEBACK") == "1":
            raise
        _report("interrupted", interrupt)
        raise SystemExit(130) from interrupt
    except _Terminated as leaving:
        _report(ENDS[leaving.signal], leaving)
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
def reported_warnings(report: Callable[[str], object]) -> Iterator[None]:
    """Hand the text of warnings to users on, in place of Python's two lines on each.

    ``UserWarning`` itself is for users; its subclasses and other warnings are for
    programmers and are shown as ever. A warning that the filters show once is reported
    once a block.

    Args:
        report: What gets the text of each, as it comes.
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
                report(str(message))
            else:
                show_others(message, category, filename, lineno, file, line)

        warnings.showwarning = show
        yield


def _tune_outputs() -> None:
    """Let all text be printed, and let OpenCV, if it is not imported yet, be quiet.

    It would put lines of its own before the one that says what is wrong with a file.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as stderr is
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")


class _Terminated(SystemExit):
    """One of ``ENDS`` came."""

    def __init__(self, number: int) -> None:
        super().__init__(128 + number)
        self.signal = signal.Signals(number)


def _exit_on_signal(number: int, _frame: FrameType | None) -> None:
    if number == signal.SIGHUP:  # the terminal and the shell both send it
        signal.signal(number, signal.SIG_IGN)
    raise _Terminated(number)


def _is_reader_gone() -> bool:
    """Return whether nobody reads stdout any more; what is left of it goes nowhere."""
    try:
        output = sys.stdout.fileno()
    except (AttributeError, OSError):  # closed from the start, or no file
        return False
    watch = select.poll()
    watch.register(output, 0)
    gone = select.POLLERR | select.POLLHUP
    if not any(events & gone for _, events in watch.poll(0)):
        return False
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, output)
    os.close(nowhere)
    return True


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


def _report_warning(text: str) -> None:
    tqdm.write(f"warning: {' '.join(text.split())}", file=sys.stderr)  # above bars


def _report(message: str, error: BaseException) -> None:
    close_bars()
    with suppress(OSError):  # the terminal may be gone
        sys.stderr.write(f"{message}\n")
    _report_notes(error)


def _report_notes(error: BaseException) -> None:
    with suppress(OSError):
        for line in getattr(error, "__notes__", ()):
            sys.stderr.write(f"{line}\n")
