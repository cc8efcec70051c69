import errno
import importlib
import os
import shutil
import signal
import subprocess
import sys
import warnings

import pytest

from lanedet.runtime import (
    progress_bar,
    reported_warnings,
    shell_word,
    user_errors,
)


@pytest.fixture(autouse=True)
def _no_traceback_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANEDET_TRACEBACK", raising=False)


def test_nothing_happens_when_nothing_fails(capsys: pytest.CaptureFixture[str]) -> None:
    with user_errors():
        pass
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("The rows must increase."), "The rows must increase."),
        (ValueError("Line one.\nLine two."), "Line one. Line two."),
        (ValueError(), "ValueError"),
        (FileNotFoundError("No video at 'a.mp4'."), "No video at 'a.mp4'."),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "No space left on device",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "out/a.mp4"),
            "Permission denied: 'out/a.mp4'",
        ),
    ],
)
def test_an_error_is_one_line_and_status_1(
    error: Exception, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, user_errors():
        raise error
    assert caught.value.code == 1
    assert capsys.readouterr().err == f"error: {message}\n"


def test_a_package_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as exit_, user_errors():
        importlib.import_module("nobody_has_this.part")
    assert exit_.value.code == 1
    message = "error: This needs nobody_has_this, which is not installed here. "
    assert capsys.readouterr().err == f"{message}pip install lanedet brings it.\n"


def test_a_part_of_ours_that_is_not_there_is_a_fault_of_the_program() -> None:
    with pytest.raises(ModuleNotFoundError, match=r"lanedet\.nothing"), user_errors():
        importlib.import_module("lanedet.nothing")


@pytest.mark.parametrize("num_lines", [1, 100_000])  # below and above a buffer
@pytest.mark.parametrize("flags", [[], ["-u"]])
def test_a_program_whose_reader_has_left_ends_without_a_word(
    num_lines: int, flags: list[str]
) -> None:
    code = (
        "from lanedet.runtime import user_errors\n"
        f"with user_errors():\n    print('line\\n' * {num_lines})"
    )
    read_end, write_end = os.pipe()
    os.close(read_end)
    ended = subprocess.run(
        [sys.executable, *flags, "-c", code],
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
        env={k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"},
    )
    os.close(write_end)
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_another_broken_pipe_than_stdout_is_an_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as caught, user_errors():
        raise BrokenPipeError(errno.EPIPE, "Broken pipe", "rtsp://camera")
    assert caught.value.code == 1
    assert capsys.readouterr().err == "error: Broken pipe: 'rtsp://camera'\n"


def test_names_that_are_not_utf8_can_be_printed() -> None:
    code = (
        "import os\nfrom lanedet.runtime import user_errors\n"
        "with user_errors():\n    print(os.fsdecode(b'l\\xe4ufe/1.jpg'))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    printed = subprocess.check_output([sys.executable, "-c", code], env=environment)
    assert printed == b"l\\udce4ufe/1.jpg\n"


def test_a_warning_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with user_errors():
        warnings.warn("Only the first\nis read.", UserWarning, stacklevel=1)
    assert capsys.readouterr().err == "warning: Only the first is read.\n"


def test_it_decorates_a_main_function(capsys: pytest.CaptureFixture[str]) -> None:
    @user_errors()
    def main() -> None:
        raise ValueError("Bad.")

    for _ in range(2):
        with pytest.raises(SystemExit):
            main()
    assert capsys.readouterr().err == "error: Bad.\n" * 2


def test_notes_follow_on_their_own_lines(capsys: pytest.CaptureFixture[str]) -> None:
    interrupt = KeyboardInterrupt()
    interrupt.add_note("The clip so far is whole.")
    with pytest.raises(SystemExit) as caught, user_errors():
        raise interrupt
    assert caught.value.code == 130
    assert capsys.readouterr().err == "interrupted\nThe clip so far is whole.\n"


def test_a_fault_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(TypeError), user_errors():
        raise TypeError("A bug.")


def test_the_traceback_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANEDET_TRACEBACK", "1")
    with pytest.raises(ValueError, match="Bad"), user_errors():
        raise ValueError("Bad.")


def test_an_error_stands_below_a_bar(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> None:
        bar = progress_bar(total=5, desc="work")
        bar.update()
        raise ValueError("Bad.")

    with pytest.raises(SystemExit):
        user_errors()(work)()
    lines = capsys.readouterr().err.split("\n")
    assert lines[-2:] == ["error: Bad.", ""]
    assert "work" in lines[-3]


@pytest.mark.usefixtures("closes_with_terminal")
@pytest.mark.parametrize(
    ("number", "status", "reported"),
    [(signal.SIGTERM, 143, "terminated\n"), (signal.SIGHUP, 129, "hung up\n")],
)
def test_an_end_from_outside_unwinds_the_stack(
    number: signal.Signals,
    status: int,
    reported: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    closed = False
    before = signal.getsignal(number)

    @user_errors()
    def main() -> None:
        nonlocal closed
        try:
            os.kill(os.getpid(), number)
        finally:
            closed = True

    with pytest.raises(SystemExit) as caught:
        main()
    assert closed
    assert caught.value.code == status
    assert capsys.readouterr().err == reported
    assert signal.getsignal(number) is before


@pytest.mark.usefixtures("closes_with_terminal")
def test_a_second_hangup_does_not_disturb_the_end() -> None:
    closed = False

    @user_errors()
    def main() -> None:
        nonlocal closed
        try:
            signal.raise_signal(signal.SIGHUP)
        finally:
            signal.raise_signal(signal.SIGHUP)
            closed = True

    with pytest.raises(SystemExit):
        main()
    assert closed


def test_a_hangup_that_is_kept_off_changes_nothing() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        with user_errors():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_warnings_to_users_are_reported_as_they_come() -> None:
    class ForProgrammers(UserWarning):
        """Another category."""

    reported: list[str] = []
    with warnings.catch_warnings(record=True) as others:
        warnings.simplefilter("always")
        with reported_warnings(reported.append):
            for text in ("The picture is wide.", "The clip is silent."):
                warnings.warn(text, UserWarning, stacklevel=1)
                assert reported[-1] == text
            warnings.warn("Old.", ForProgrammers, stacklevel=1)
        warnings.warn("After it.", UserWarning, stacklevel=1)
    assert reported == ["The picture is wide.", "The clip is silent."]
    assert [str(other.message) for other in others] == ["Old.", "After it."]


@pytest.mark.parametrize(
    "name",
    [
        b"a b",
        b"it's",
        b'"',
        b"two\nlines",
        b"M\xfcnchen 1",
        "München".encode(),
        b"$HOME\t'\\",
    ],
)
def test_a_shell_gets_the_word_back(name: bytes) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("There is no bash.")
    word = shell_word(os.fsdecode(name))
    assert word.isprintable()
    command = [bash, "-c", f"printf %s {word}"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == name
