"""JSON files of annotation tools."""

import json
from pathlib import Path
from typing import Any

from lanedet.formats.label_faults import LabelError

ZIP_START = b"PK\x03\x04"
"""How a ZIP file begins."""


def read_json(file: Path) -> Any:
    """Return what a JSON file holds.

    Raises:
        LabelError: If it is not valid JSON, with its line.
    """
    content = file.read_bytes()
    if content.startswith(ZIP_START):
        raise LabelError(f"{file}: this is a ZIP file. Unzip it and give the folder.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        raise LabelError(f"{file}:{line}: this is not valid JSON ({error}).") from error
