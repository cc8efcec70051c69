import hashlib
import io
import shutil
import sys
import tarfile
from pathlib import Path

import pytest

from lanedet.export.onnxruntime_web import PACKAGE, copy_runtime

CONTENTS = {"ort.mjs": b"the program", "ort.wasm": b"the binary"}
FILES = {name: hashlib.sha256(text).hexdigest() for name, text in CONTENTS.items()}


def installed(folder: Path) -> Path:
    dist = folder / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name, content in CONTENTS.items():
        (dist / name).write_bytes(content)
    return dist.parent


def packed(folder: Path) -> Path:
    path = folder / "onnxruntime-web.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in CONTENTS.items():
            member = tarfile.TarInfo(f"package/dist/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def npm(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Put a program in the place of npm, which is all that can be found."""
    tools = folder / "tools"
    tools.mkdir()
    path = tools / "npm"
    path.write_text(f"#!{sys.executable}\nimport sys, shutil\n{program}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(tools))


@pytest.mark.parametrize("make", [installed, packed])
def test_the_files_are_copied(tmp_path: Path, make) -> None:
    copy_runtime(tmp_path / "out", make(tmp_path), FILES)
    found = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    assert found == CONTENTS


@pytest.mark.skipif(sys.platform == "win32", reason="Windows runs no such scripts.")
def test_npm_fetches_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = packed(tmp_path)
    npm(
        tmp_path,
        monkeypatch,
        f"assert sys.argv[1:4] == ['pack', {PACKAGE!r}, '--pack-destination']\n"
        f"shutil.copy({str(source)!r}, sys.argv[4])",
    )
    copy_runtime(tmp_path / "out", files=FILES)
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(CONTENTS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows runs no such scripts.")
def test_npm_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm(tmp_path, monkeypatch, "sys.exit('npm error code ENOTFOUND\\nmore')")
    with pytest.raises(
        OSError, match=r"could not fetch.*ENOTFOUND. Where there is npm and a network: "
    ):
        copy_runtime(tmp_path / "out", files=FILES)


def test_no_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        FileNotFoundError,
        match=r"no npm to fetch it with. .*--onnxruntime-web FILE",
    ):
        copy_runtime(tmp_path / "out", files=FILES)


def test_files_of_another_version(tmp_path: Path) -> None:
    package = installed(tmp_path)
    (package / "dist" / "ort.wasm").write_bytes(b"another binary")
    with pytest.raises(ValueError, match=r"ort.wasm in .* is not that of"):
        copy_runtime(tmp_path / "out", package, FILES)


def test_a_package_that_is_not_whole(tmp_path: Path) -> None:
    package = installed(tmp_path)
    (package / "dist" / "ort.wasm").unlink()
    with pytest.raises(ValueError, match=r"whole, and has no dist/ort.wasm"):
        copy_runtime(tmp_path / "out", package, FILES)
    file = packed(tmp_path)
    file.write_bytes(file.read_bytes()[:100])
    shutil.rmtree(tmp_path / "out")
    with pytest.raises(ValueError, match=r"whole, and has no dist/ort.mjs"):
        copy_runtime(tmp_path / "out", file, FILES)


def test_a_package_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No package at"):
        copy_runtime(tmp_path / "out", tmp_path / "none.tgz", FILES)
