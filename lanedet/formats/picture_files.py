"""Pictures on the disk, found by the names that labels give them.

A name in a label may be spelt otherwise than the file: macOS parts letters from their
accents (Unicode's form NFD) where labels have them in one (NFC), and Windows takes
``a.JPG`` and ``a.jpg`` for the same.
"""

import os
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from lanedet.images import IMAGE_SUFFIXES

NAME_END = re.compile(r"\.(?:jpe?g|png|bmp|webp|tiff?)(?=\s|$)", re.IGNORECASE)
"""Where the name of an image ends in a line of a list: names may hold blanks."""

_LONGEST_PATH = 4096  # bytes; no system opens more


def spelling_key(name: str) -> str:
    """Return what names have in common that differ in Unicode's form or in case.

    Example:
        >>> spelling_key("Cafe" + chr(0x301) + ".JPG") == spelling_key("café.jpg")
        True
    """
    folded = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", folded)


def picture_stem(name: str) -> str:
    r"""Return the name of a picture without folders and without its suffix.

    Only a picture's suffix is taken off: names may hold other dots.

    Example:
        >>> [picture_stem(n) for n in ("val/a.b.JPG", "drive\\a.b", "a.png.jpg")]
        ['a.b', 'a.b', 'a.png']
    """
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    stem, suffix = os.path.splitext(last)  # noqa: PTH122 (a name, not a path)
    return stem if suffix.lower() in IMAGE_SUFFIXES else last


def can_be_file_name(name: str) -> bool:
    """Tell whether a file could have a name, with folders, on this system."""
    try:
        return len(os.fsencode(name)) < _LONGEST_PATH and "\0" not in name
    except UnicodeEncodeError:  # half a character, which JSON can hold
        return False


class FileFinder:
    """Finds files, and keeps what it has seen of folders.

    Make one for each reading: what changes on the disk later goes unseen.
    """

    def __init__(self) -> None:
        self._names: dict[Path, dict[str, list[str]]] = {}

    def find(self, path: Path, suffixes: Sequence[str] = ("",)) -> Path | None:
        """Return the only file that fits a path, None if there is none or several.

        Args:
            path: Where the file should lie. A file of exactly this name goes first.
            suffixes: What may follow the path, small letters.
        """
        fitting = self.find_all(path, suffixes)
        return fitting[0] if len(fitting) == 1 else None

    def find_all(self, path: Path, suffixes: Sequence[str] = ("",)) -> list[Path]:
        """Return all files that fit, as :meth:`find` otherwise."""
        if "" in suffixes and os.path.isfile(path):  # noqa: PTH113 (raises nothing)
            return [path]
        if not can_be_file_name(str(path)):
            return []
        folder = self._existing(path.parent)
        if folder is None:
            return []
        names = self._names_in(folder)
        fitting = [
            folder / name
            for suffix in suffixes
            for name in names.get(spelling_key(path.name + suffix), ())
        ]
        return [file for file in fitting if file.is_file()]

    def _existing(self, folder: Path) -> Path | None:
        """Return a folder as it is spelt on the disk, None if it is not there."""
        missing: list[str] = []
        while not os.path.isdir(folder):  # noqa: PTH112 (raises nothing)
            if folder == folder.parent:
                return None
            missing.append(folder.name)
            folder = folder.parent
        for name in reversed(missing):
            spelt = self._names_in(folder).get(spelling_key(name), ())
            if len(spelt) != 1:
                return None
            folder = folder / spelt[0]
        return folder if folder.is_dir() else None

    def _names_in(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._names:
            names: dict[str, list[str]] = {}
            try:
                for path in sorted(folder.iterdir()):
                    names.setdefault(spelling_key(path.name), []).append(path.name)
            except OSError:  # a folder that may not be looked into holds nothing
                names = {}
            self._names[folder] = names
        return self._names[folder]
