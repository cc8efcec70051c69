"""Lanes from the disk, and back: one module per benchmark."""

from lanedet.datasets.tusimple import (
    TuSimpleLine,
    format_tusimple_line,
    read_tusimple_labels,
    read_tusimple_lines,
    write_tusimple_labels,
)

__all__ = [
    "TuSimpleLine",
    "format_tusimple_line",
    "read_tusimple_labels",
    "read_tusimple_lines",
    "write_tusimple_labels",
]
