"""Weights to choose from."""

from pathlib import Path

from lanedet.files import visible_files
from lanedet.inference import default_weights

_PATTERNS = ("*.safetensors", "*.onnx", "*.xml", "*.engine", "*.plan")


def find_weights(first: Path | None, runs: Path) -> dict[str, Path]:
    """Return the weights files that a page offers, by what to call them.

    Args:
        first: Comes first. If not given, the weights that come with the package.
        runs: Folder of training runs; all weights in it and its folders come next,
            then what was exported, each kind sorted, but hidden files. It need not be
            there.

    Raises:
        FileNotFoundError: If there is no file ``first``.
    """
    if first is not None and not first.is_file():
        raise FileNotFoundError(f"No weights at {str(first)!r}. Check the path.")
    packaged = default_weights()
    files = {} if first is None else {str(first): first}
    files[f"{packaged.stem} (comes with lanedet)"] = packaged
    for pattern in _PATTERNS:
        files |= {str(path): path for path in visible_files(runs, pattern)}
    return files
