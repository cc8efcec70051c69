"""CULane's lane files as the benchmark's own program reads them, broken ones too.

A line is a lane, ``x y x y ...``; an empty line is a lane without points. What follows
the first pair that is not two numbers is ignored, as is what comes after the last whole
pair. ``nan`` and ``inf`` are no numbers to the program, which is C++. Where a file must
be whole, :func:`~lanedet.formats.read_culane_lanes` reads it.

Source: https://github.com/XingangPan/SCNN, tools/lane_evaluation (evaluate.cpp). A
byte-order mark is skipped here; there it costs the first lane its points.
"""

import codecs
import math
import re

import numpy as np

from lanedet.arrays import FloatArray

_PLAIN = b"0123456789+-.eE \t\r\v\f"
# An e after the digits belongs to the number, also where no exponent follows.
_NUMBER = re.compile(rb"\s*+([+-]?+(?:\d++\.?+\d*+|\.\d++)(?:[eE][+-]?+\d++|(?![eE])))")


def parse_official_lanes(content: bytes) -> tuple[list[FloatArray], int]:
    r"""Read what a lane file holds.

    Args:
        content: All of the file.

    Returns:
        Its lanes, each (N, 2) in pixels, and the number of the first line, from 1, that
        holds something else than pairs of numbers, or 0.

    Example:
        >>> lanes, odd_line = parse_official_lanes(b"700 590 720.5 580\n\n1 2 three\n")
        >>> [lane.tolist() for lane in lanes], odd_line
        ([[[700.0, 590.0], [720.5, 580.0]], [], [[1.0, 2.0]]], 3)
    """
    lines = content.removeprefix(codecs.BOM_UTF8).split(b"\n")
    if not lines[-1]:
        lines.pop()
    lanes, odd_line = [], 0
    for number, line in enumerate(lines, start=1):
        numbers, is_understood = _read_numbers(line)
        is_understood = is_understood and len(numbers) % 2 == 0
        if not is_understood and odd_line == 0:
            odd_line = number
        pairs = numbers[: len(numbers) // 2 * 2]
        lanes.append(np.array(pairs, dtype=np.float64).reshape(-1, 2))
    return lanes, odd_line


def _read_numbers(line: bytes) -> tuple[list[float], bool]:
    """Return the numbers that a line starts with, and whether it holds nothing else."""
    if not line.translate(None, _PLAIN):  # nothing that Python alone takes for a number
        try:
            numbers = list(map(float, line.split()))
        except ValueError:
            numbers = [math.inf]
        if math.inf not in numbers and -math.inf not in numbers:
            return numbers, True
    numbers, end = [], 0
    while match := _NUMBER.match(line, end):
        number = float(match[1])
        if math.isinf(number):
            break
        numbers.append(number)
        end = match.end()
    return numbers, not line[end:].strip()
