"""ONNX Runtime Web, from npm: what runs a network in the browser.

It is not in the package of lanedet, as it is ten times as large.
"""

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path

PACKAGE = "onnxruntime-web@1.30.0"
"""npm's package of ONNX Runtime Web."""

FILES = {
    "ort.wasm.bundle.min.mjs": (
        "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90"
    ),
    "ort-wasm-simd-threaded.wasm": (
        "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"
    ),
    "ort.webgpu.bundle.min.mjs": (
        "0730816731ce2cdfb06f273da065d4a1c7091eb9d1756a83b2916c8a89d015e2"
    ),
    "ort-wasm-simd-threaded.asyncify.wasm": (
        "39f9f0894d478800487ed9f7dbe92618498db320cf55c8e3d89adff8dce658da"
    ),
}
"""Files of the package that the page needs, with their SHA-256."""

_PATIENCE_S = 600


def copy_runtime(
    folder: Path, package: Path | None = None, files: Mapping[str, str] = FILES
) -> None:
    """Copy the files of ONNX Runtime Web into a new folder, if they are the right ones.

    Args:
        folder: To make.
        package: Where :data:`PACKAGE` is: the file that ``npm pack`` writes, or the
            folder of the installed package. If not given, npm fetches it.
        files: Names of the files and their SHA-256.

    Raises:
        FileNotFoundError: If there is no package.
        OSError: If npm cannot fetch it.
        ValueError: If it is another one.
    """
    folder.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        source = package if package is not None else _fetch(Path(temporary))
        for name, digest in files.items():
            content = _read(source, name)
            if hashlib.sha256(content).hexdigest() != digest:
                raise ValueError(
                    f"{name} in {str(source)!r} is not that of {PACKAGE}. Fetch this "
                    f"one: npm pack {PACKAGE}"
                )
            (folder / name).write_bytes(content)


def _fetch(folder: Path) -> Path:
    """Return the package, which npm puts into a folder."""
    npm = shutil.which("npm")
    by_hand = (
        f"Where there is npm and a network: npm pack {PACKAGE}. Then give the file "
        "that it writes with --onnxruntime-web FILE."
    )
    if npm is None:
        raise FileNotFoundError(
            f"The page needs {PACKAGE}, and there is no npm to fetch it with. {by_hand}"
        )
    command = [npm, "pack", PACKAGE, "--pack-destination", str(folder)]
    try:
        subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=_PATIENCE_S
        )
    except (subprocess.SubprocessError, OSError) as error:
        said = str(getattr(error, "stderr", None) or error).strip()
        reason = said.splitlines()[0] if said else ""
        raise OSError(
            f"npm could not fetch {PACKAGE}: {reason:.200}. {by_hand}"
        ) from error
    return next(folder.glob("*.tgz"))


def _read(package: Path, name: str) -> bytes:
    """Return a file of the package, from a folder or from what ``npm pack`` wrote."""
    try:
        if package.is_dir():
            return (package / "dist" / name).read_bytes()
        with tarfile.open(package) as archive:
            member = archive.extractfile(f"package/dist/{name}")
            if member is None:
                raise KeyError(name)
            return member.read()
    except (FileNotFoundError, KeyError, tarfile.TarError, EOFError) as error:
        if not package.exists():
            raise FileNotFoundError(
                f"No package at {str(package)!r}. Fetch it: npm pack {PACKAGE}"
            ) from error
        raise ValueError(
            f"{str(package)!r} must be {PACKAGE} whole, and has no dist/{name}. Fetch "
            f"it: npm pack {PACKAGE}"
        ) from error
