from typing import Any

import numpy as np
import pytest

from lanedet.ops import (
    ComponentLaneDecoder,
    LaneDecoder,
    LetterboxView,
    StretchView,
    check_count,
    check_line_width,
)


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_counts(value: int) -> None:
    assert check_count("rows", value, 7) == value


@pytest.mark.parametrize("value", [0, 8, 2.0, True, "3", None, float("nan"), 10**99])
def test_what_is_no_count(value: Any) -> None:
    with pytest.raises(ValueError, match="rows must be at least 1 and at most 7"):
        check_count("rows", value, 7)


@pytest.mark.parametrize("value", [0, 0.5, 7, np.float64(3), 32767])
def test_widths_of_lines(value: float) -> None:
    assert check_line_width("width", value) == value


@pytest.mark.parametrize("value", [-1, 32768, 1e9, True, "3", None, float("nan")])
def test_what_is_no_width_of_a_line(value: Any) -> None:
    with pytest.raises(ValueError, match=r"width must be in \[0, 32767\] pixels, got"):
        check_line_width("width", value)


@pytest.mark.parametrize("decoder", [LaneDecoder, ComponentLaneDecoder])
@pytest.mark.parametrize("smoothing", [10**9 + 1, 1025, 8, 9.0, "9", -1])
def test_a_decoder_takes_no_window_without_bound(decoder: type, smoothing: Any) -> None:
    assert decoder(smoothing=1023).smoothing == 1023
    with pytest.raises(ValueError, match=r"smoothing must be odd and in \[1, 1023\]"):
        decoder(smoothing=smoothing)


@pytest.mark.parametrize("decoder", [LaneDecoder, ComponentLaneDecoder])
@pytest.mark.parametrize("row_step", [10**9, 2.5, float("nan")])
def test_a_decoder_takes_whole_steps(decoder: type, row_step: Any) -> None:
    with pytest.raises(ValueError, match="row_step must be at least 1"):
        decoder(row_step=row_step)


@pytest.mark.parametrize("view", [LetterboxView, StretchView])
@pytest.mark.parametrize(
    "shape", [(20_000, 20_000), (4096, 4096), (1, 10**12), (9.5, 20), (float("inf"), 1)]
)
def test_a_network_input_has_an_end(view: type, shape: tuple[Any, Any]) -> None:
    assert view((2160, 3840)).input_shape == (2160, 3840)
    with pytest.raises(ValueError, match="input_shape must be"):
        view(shape)
