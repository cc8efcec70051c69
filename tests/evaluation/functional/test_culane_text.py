import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.evaluation.functional.culane_text import parse_lane_files


def lanes_of(text: bytes) -> list[list[float]]:
    batch, _ = parse_lane_files([text])
    return [lane.ravel().tolist() for lane in batch.lanes_of(0)]


@pytest.mark.parametrize(
    ("text", "lanes"),
    [
        (b"", []),
        (b"\n", [[]]),
        (b"1 2 3 4", [[1, 2, 3, 4]]),
        (b"1 2\r\n\r\n 3.5\t-4 \r\n", [[1, 2], [], [3.5, -4]]),
        (b"\xef\xbb\xbf1 2\n", [[1, 2]]),
        (b"+1 .5 5. -0.25e+1\n", [[1, 0.5, 5, -2.5]]),
        (b"1 2 3\n", [[1, 2]]),
        (b"1 2 x 4 5 6\n7 8\n", [[1, 2], [7, 8]]),
        (b"nan 2\n", [[]]),
        (b"1 2 3 inf\n", [[1, 2]]),
        (b"1 2 3e 4\n", [[1, 2]]),
        (b"1 2 3 1e999 5 6\n", [[1, 2]]),
        (b"1,2 3 4\n", [[]]),
        (b"1.5.5 2 3\n", [[1.5, 0.5, 2, 3]]),
    ],
)
def test_lines_are_read_as_a_stream_of_c_plus_plus_does(text, lanes) -> None:
    assert lanes_of(text) == lanes


def test_the_first_odd_line_of_each_file_is_named() -> None:
    _, odd = parse_lane_files([b"1 2\n\n3 4\n", b"1 2\n1\nx\n", b"1 2 3 4,5\n"])
    assert odd.tolist() == [0, 2, 1]


def test_files_are_kept_apart() -> None:
    batch, _ = parse_lane_files([b"1 2", b"", b"3 4\n5 6\n", b"\n"])
    assert batch.list_starts.tolist() == [0, 1, 1, 3, 4]
    assert batch.points.tolist() == [[1, 2], [3, 4], [5, 6]]


numbers = st.floats(-1e300, 1e300).filter(math.isfinite)
styles = st.sampled_from(["{!r}", "{:.3f}", "{:e}", "{:.25g}", "{:.17g}", "{:+.1f}"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(numbers, styles), max_size=8))
def test_numbers_are_read_to_the_last_bit(entries) -> None:
    words = [style.format(number) for number, style in entries]
    values = [float(word) for word in words][: len(words) // 2 * 2]
    expected = [values] if words else []
    assert lanes_of(" ".join(words).encode()) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=40), min_size=1, max_size=4))
def test_any_bytes_are_read(contents) -> None:
    batch, odd = parse_lane_files(contents)
    assert len(batch.list_starts) == len(contents) + 1
    assert batch.lane_starts[-1] == len(batch.points)
    assert len(odd) == len(contents)
    assert np.isfinite(batch.points).all()
