"""CULane's lists of images, and the lists of its categories.

A list names images, one per line, with or without a leading slash, a trailing blank,
the name of a class map and flags of which lanes exist. Names may hold blanks.

Format: https://xingangpan.github.io/projects/CULane.html and
https://github.com/XingangPan/SCNN (issues 21, 41 and 91)
"""

import codecs
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from lanedet.files import replace_file
from lanedet.formats.label_faults import LabelError, short
from lanedet.formats.picture_files import NAME_END, can_be_file_name

CULANE_CROSS = "cross"
"""The category of crossroads, whose images have no labels: only false positives say
anything there."""

_CATEGORY_FILE = re.compile(r"test\d+_(\w+)\.txt")


class CULaneEntry(NamedTuple):
    """One line of a list."""

    name: str
    """Name of the image, relative to the data root, without a leading slash."""

    existence: tuple[int, ...] | None
    """Whether each of the lane slots holds a lane, 0 or 1. None if not listed."""


def read_culane_list(list_file: Path) -> list[CULaneEntry]:
    """Read a list of images in any of the forms in use.

    Blank lines, a byte-order mark and carriage returns are skipped, backslashes are
    taken as slashes.

    Args:
        list_file: One of ``list/*.txt`` or ``list/test_split/*.txt``.

    Returns:
        One entry per line, in the file's order.

    Raises:
        FileNotFoundError: If there is no such file.
        LabelError: If a line is broken, with file and line, or the file names none.
    """
    return [entry for _, entry in numbered_culane_entries(list_file)]


def numbered_culane_entries(list_file: Path) -> list[tuple[int, CULaneEntry]]:
    """Return the entries of a list, as :func:`read_culane_list`, with their lines."""
    entries = []
    for number, line in enumerate(culane_lines(list_file), start=1):
        if not line.strip():
            continue
        try:
            entries.append((number, _parse_entry(line)))
        except ValueError as error:
            raise LabelError(f"{list_file}:{number}: {error}") from error
    if not entries:
        raise LabelError(f"{list_file} names no image.")
    return entries


def read_culane_categories(list_folder: Path) -> dict[str, str]:
    """Return the category of each test image.

    Args:
        list_folder: The data set's ``list`` folder. Its ``test_split`` holds a list
            for each category, ``test0_normal.txt`` to ``test8_night.txt``.

    Returns:
        The category, such as ``"normal"``, of each image, by the image's name. Empty if
        there is no such folder.

    Raises:
        LabelError: If a list is broken.
    """
    categories: dict[str, str] = {}
    for path in sorted(list_folder.glob("test_split/*.txt")):
        match = _CATEGORY_FILE.fullmatch(path.name)
        if match:
            categories |= {entry.name: match[1] for entry in read_culane_list(path)}
    return categories


def write_culane_list(path: Path, names: Iterable[str]) -> None:
    """Write a list of images, with the leading slash of the original lists.

    Raises:
        ValueError: If a list cannot hold the name of an image.
    """
    lines = [f"/{listed_culane_name(name)}\n" for name in names]
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, "".join(lines))


def culane_lines(path: Path) -> list[str]:
    """Return the lines of a list or lane file, without their ends.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"No CULane file at '{path}'. Set data_root to a CULane tree."
        )
    content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    # Names that are no UTF-8 stay what they are on the disk.
    lines = content.decode("utf-8", errors="surrogateescape").split("\n")
    return lines[:-1] if not lines[-1] else lines


def _parse_entry(line: str) -> CULaneEntry:
    name, flags = _split_entry(line.strip())
    if any(flag not in ("0", "1") for flag in flags):
        raise ValueError(f"flags of lanes must be 0 or 1, got {' '.join(flags)[:60]}.")
    return CULaneEntry(
        _checked_name(name), tuple(int(flag) for flag in flags) if flags else None
    )


def _split_entry(line: str) -> tuple[str, list[str]]:
    """Return the name and the flags. Names, also of class maps, may hold blanks."""
    image = NAME_END.search(line)
    if image is None:
        name, *columns = line.split()
        return name, columns[1:] if columns and "/" in columns[0] else columns
    rest = line[image.end() :]
    class_map = NAME_END.search(rest)
    if class_map and "/" in rest[: class_map.end()]:
        rest = rest[class_map.end() :]
    columns = rest.split()
    flags = columns[1:] if columns and "/" in columns[0] else columns
    return line[: image.end()], flags


def _checked_name(name: str) -> str:
    checked = name.replace("\\", "/").lstrip("/")
    path = PurePosixPath(checked)
    # Tools join it to folders, their own outputs among them.
    is_absolute = re.match("[A-Za-z]:/", checked)
    leads_out = ".." in path.parts or is_absolute
    if leads_out or not path.suffix or not can_be_file_name(checked):
        raise ValueError(
            "the name of an image must be relative, stay in its folder and have an "
            f"ending, got {short(name)}."
        )
    return checked


def listed_culane_name(name: str) -> str:
    """Return how a list names an image, after checking that it reads back so.

    Raises:
        ValueError: If a list cannot hold the name.
    """
    listed = _checked_name(name)
    try:
        bare = name.lstrip("/")
        is_read_back = "\n" not in bare and _parse_entry(f"/{bare}").name == bare
    except ValueError:  # its end is taken for other columns
        is_read_back = False
    if not is_read_back:
        raise ValueError(
            "CULane's lists are lines of columns, parted at blanks, and have slashes "
            f"only: {short(name)} would be read otherwise. Rename the image, or write "
            "the form of TuSimple."
        )
    return listed
