import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from lanedet.files import (
    check_distinct_outputs,
    check_name_length,
    claim_file,
    claim_folder,
    is_hidden,
    partial_file,
    replace_file,
    visible_files,
    whole_folder,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("._1.json", True),
        (".DS_Store", True),
        (".ipynb_checkpoints", True),
        ("__MACOSX", True),
        ("thumbs.DB", True),
        ("desktop.ini", True),
        ("@eaDir", True),
        ("$RECYCLE.BIN", True),
        ("System Volume Information", True),
        ("lost+found", True),
        (".", False),
        ("..", False),
        ("a.png", False),
        ("__init__", False),
    ],
)
def test_hidden_names(name: str, expected: bool) -> None:
    assert is_hidden(name) is expected


def test_visible_files_leave_out_hidden_folders_and_names(tmp_path: Path) -> None:
    root = tmp_path / ".own"
    for name in ("b.json", "a/c.json", "a/._c.json", "__MACOSX/d.json", "e.txt"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    assert list(visible_files(root, "*.json")) == [root / "a/c.json", root / "b.json"]


def test_a_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    replace_file(path, "ä")
    assert path.read_bytes() == "ä".encode()
    replace_file(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_rights_of_the_umask_and_an_old_one_keeps_its(
    tmp_path: Path,
) -> None:
    previous = os.umask(0o022)
    try:
        replace_file(tmp_path / "new", "")
        (tmp_path / "old").touch(mode=0o600)
        replace_file(tmp_path / "old", "")
    finally:
        os.umask(previous)
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("new", "old")]
    assert modes == [0o644, 0o600]


def test_a_name_that_is_not_utf8_keeps_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9.txt")
    replace_file(path, path.name)
    assert path.read_bytes() == b"\xe9.txt"


def test_a_name_may_be_as_long_as_the_file_system_takes(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 251 + ".txt")
    replace_file(path, "a")
    assert path.read_text() == "a"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    replace_file(tmp_path / "link", "a")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "a"


def test_devices_are_written_as_they_stand() -> None:
    replace_file("/dev/null", "a")
    assert Path("/dev/null").is_char_device()


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def write_half() -> None:
        with partial_file(path) as partial:
            assert partial.suffix == ".json"
            assert partial.parent == tmp_path
            partial.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_named_by_the_file(tmp_path: Path) -> None:
    path = tmp_path / "no" / "a.json"
    with pytest.raises(FileNotFoundError) as caught:
        replace_file(path, "")
    assert caught.value.filename == str(path)


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on a file's size")
def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            replace_file(path, "x" * 9)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, previous)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("claim", [claim_file, claim_folder])
def test_a_second_claim_is_refused_until_the_first_ends(
    tmp_path: Path, claim: Callable[[Path], AbstractContextManager[None]]
) -> None:
    place = tmp_path / "folder" / ("x" * 255)
    with claim(place), claim(tmp_path / "other"):
        with pytest.raises(OSError, match="xxx', and another one does"), claim(place):
            pass
        with pytest.raises(OSError, match="xxx', and another one does"), claim(place):
            pass
    with claim(place):
        pass
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    program = (
        "import sys, os, signal\n"
        "from lanedet.files import claim_folder\n"
        "with claim_folder(sys.argv[1]):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / ".lock").exists()
    with claim_folder(tmp_path):
        pass


def test_devices_are_for_all() -> None:
    with claim_file("/dev/null"), claim_file("/dev/null"):
        pass


def test_two_sources_with_one_output_are_refused() -> None:
    pairs = [(Path("a.jpg"), Path("out/a.txt")), (Path("a.png"), Path("out/a.txt"))]
    with pytest.raises(ValueError, match=r"'out/a\.txt' for both 'a\.jpg' and 'a\.p"):
        check_distinct_outputs(pairs)
    check_distinct_outputs([pairs[0], pairs[0], (Path("A.jpg"), Path("out/A.txt"))])


def test_names_that_are_too_long_are_refused_before_any_work() -> None:
    check_name_length(Path("x" * 255))
    with pytest.raises(OSError, match="at most 255 bytes, got 256"):
        check_name_length(Path("é" * 128))


def test_a_folder_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".unfinished-of-a-killed-run").mkdir(parents=True)

    def fail() -> None:
        with whole_folder(out) as folder:
            (folder / "a").write_text("1")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        fail()
    assert list(out.iterdir()) == []
    with whole_folder(out) as folder:
        (folder / "b").mkdir()
        (folder / "b" / "a").write_text("2")
        assert [path for path in out.iterdir() if not is_hidden(path.name)] == []
    assert [path.name for path in out.iterdir()] == ["b"]
    assert (out / "b" / "a").read_text() == "2"
    with (
        pytest.raises(ValueError, match="must be a new or an empty folder"),
        whole_folder(out),
    ):
        raise AssertionError("It must not begin.")


def test_what_says_that_a_folder_is_whole_comes_into_it_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = []
    replace = Path.replace

    def watch(source: Path, target: Path) -> Path:
        moved.append(target.name)
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", watch)
    with whole_folder(tmp_path, lambda path: path.name == "a.json") as folder:
        for name in ("a.json", "b.jpg", "c.jpg"):
            (folder / name).touch()
    assert sorted(moved[:2]) == ["b.jpg", "c.jpg"]
    assert moved[2] == "a.json"
