"""Where what lies in the folder of a table.

::

    table.json                              what all clips were made with
    lanes/clip=NAME/lanes.parquet           a row for each frame of a clip
    manifest/*.parquet                      a row for each clip
    _work/, _lock.json                      of a run; readers pass over them

``clip=NAME`` is what Hive, Spark, DuckDB and pyarrow take for a column ``clip``.
"""

from hashlib import sha256
from urllib.parse import quote

HEADER = "table.json"
LANES_FOLDER = "lanes"
MANIFEST_FOLDER = "manifest"
WORK_FOLDER = "_work"
LOCK = "_lock.json"

_LONGEST = 180  # bytes of a partition's name; file systems take 255
_KEPT = 140


def table_text(text: str) -> str:
    r"""Return a text as the table can hold it, which is in UTF-8.

    Args:
        text: Perhaps with a path of a disk, which may have any bytes. Those that are no
            UTF-8 become ``\udcXX``, as in what the commands print.

    Example:
        >>> print(table_text("front\udcff.mp4"))
        front\udcff.mp4
    """
    return text.encode("utf-8", "backslashreplace").decode()


def partition_of(clip: str) -> str:
    """Return the name of a clip's partition: the clip's own, as in a URL.

    One that would be too long for a file system ends in a digest instead.

    Args:
        clip: Name of the clip, as :func:`table_text` gives it.

    Example:
        >>> partition_of("monday/front cam.mp4")
        'monday%2Ffront%20cam.mp4'
    """
    quoted = quote(clip, safe="")
    if len(quoted) <= _LONGEST:
        return quoted
    kept = quoted[:_KEPT]
    cut = kept.rfind("%", _KEPT - 2)
    kept = kept if cut < 0 else kept[:cut]
    return f"{kept}~{digest_of(clip)}"


def lanes_file(clip: str) -> str:
    """Return the name of the file with a clip's lanes."""
    return f"{LANES_FOLDER}/clip={partition_of(clip)}/lanes.parquet"


def stretches_folder(plan: str) -> str:
    """Return the folder for the stretches of a clip.

    Args:
        plan: All that the stretches depend on: other ones have another folder.
    """
    return f"{WORK_FOLDER}/stretches/{digest_of(plan)}"


def digest_of(text: str) -> str:
    """Return 16 hexadecimal digits that no two texts share."""
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
