"""The configs that come with the package, by their names."""

import ast
import difflib
from pathlib import Path

import lanedet

_PACKAGE = Path(lanedet.__file__).parent


def config_folder() -> Path:
    """Return where the configs are: inside an installed package, beside a checkout's.

    Raises:
        FileNotFoundError: If they are at neither place.
    """
    for folder in (_PACKAGE / "configs", _PACKAGE.parent / "configs"):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(
        f"The configs must lie beside or in '{_PACKAGE}', and do not. Install the "
        "package anew."
    )


def config_names() -> dict[str, Path]:
    """Return the configs by name, such as ``sad/enet_sad_scenes``, sorted."""
    folder = config_folder()
    return {
        path.relative_to(folder).with_suffix("").as_posix(): path
        for path in sorted(folder.rglob("*.py"))
        if "_base_" not in path.parts
    }


def config_name(path: Path) -> str:
    """Return the name of a config that comes with the package, else the path as text.

    Weights that are given away should not tell where on a machine the package lay.
    """
    named = {file.resolve(): name for name, file in config_names().items()}
    return named.get(path.resolve(), str(path))


def config_title(path: Path) -> str:
    """Return the first line of a config's docstring, empty if it has none."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def find_config(name: Path | str) -> Path:
    """Return the file of a config.

    Args:
        name: A file, or the name of a config that comes with the package, with or
            without its folder and its ``.py``: ``sad/enet_sad_scenes``,
            ``enet_sad_scenes``, ``configs/sad/enet_sad_scenes.py``.

    Raises:
        FileNotFoundError: If there is no such file or name, with the nearest names.
    """
    if Path(name).is_file():
        return Path(name)
    configs = config_names()
    wanted = Path(name).as_posix().removesuffix(".py").removeprefix("configs/")
    found = [key for key in configs if wanted in (key, key.rpartition("/")[2])]
    if len(found) == 1:
        return configs[found[0]]
    stems = {key.rpartition("/")[2]: key for key in configs}
    close = found or [
        stems[stem]
        for stem in difflib.get_close_matches(wanted.rpartition("/")[2], stems, n=3)
    ]
    hint = f"Did you mean {' or '.join(close)}? " if close else ""
    raise FileNotFoundError(
        f"No config at {str(name)!r}, nor one of this name in the package. {hint}"
        "`lanedet configs` lists them."
    )
