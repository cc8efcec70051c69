import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.formats.culane_official import parse_official_lanes


def lanes_of(text: bytes) -> list[list[float]]:
    lanes, _ = parse_official_lanes(text)
    assert all(lane.dtype == np.float64 and lane.shape[1] == 2 for lane in lanes)
    return [lane.ravel().tolist() for lane in lanes]


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
        (b"1_0 2\n", [[]]),
        (b"1 2 33e 4\n", [[1, 2]]),
        (b"1 2 0x10 4\n", [[1, 2]]),
        (b"1e-400 2\n", [[0, 2]]),
    ],
)
def test_lines_are_read_as_a_stream_of_c_plus_plus_does(text, lanes) -> None:
    assert lanes_of(text) == lanes


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"", 0),
        (b"1 2\n\n3 4\n", 0),
        (b"1 2\n1\nx\n", 2),
        (b"1 2 3 4,5\n", 1),
        (b"1 2 3 nan\n", 1),
        (b"1 2\n 1_0 2\n", 2),
        (b"1 2\n0x1 2\n", 2),
        (b"1.5.5\n", 0),
    ],
)
def test_the_first_odd_line_is_named(text: bytes, number: int) -> None:
    assert parse_official_lanes(text)[1] == number


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
@given(st.one_of(st.binary(max_size=40), st.text("0123.+-eE x_\n", max_size=40)))
def test_any_bytes_are_read(content) -> None:
    content = content if isinstance(content, bytes) else content.encode()
    lanes, odd_line = parse_official_lanes(content)
    text = content.removeprefix(b"\xef\xbb\xbf")
    num_lines = len(text.removesuffix(b"\n").split(b"\n")) if text else 0
    assert len(lanes) == num_lines
    assert 0 <= odd_line <= num_lines
    assert all(np.isfinite(lane).all() for lane in lanes)
