import numpy as np
import pytest

from lanedet.ops import LineDecoder, StretchView

SHAPE, NUM_ROWS = (64, 176), 36


def upright(x: float, start: float = 0.0, end: float = NUM_ROWS - 1) -> list[float]:
    return [start, end, *[x] * NUM_ROWS]


@pytest.mark.parametrize(
    "unseen",
    [
        pytest.param(upright(3.0, start=9.0, end=9.9), id="less than a row"),
        pytest.param(upright(-2.0), id="beside the image"),
    ],
)
def test_what_is_not_seen_suppresses_no_lane(unseen: list[float]) -> None:
    decoder = LineDecoder(num_slots=4)
    lines = np.array([unseen, upright(3.0), upright(4.0)])
    lanes = decoder(np.array([0.9, 0.6, 0.5]), lines, StretchView(SHAPE)(SHAPE))
    assert [lane.score for lane in lanes] == [0.6]
    np.testing.assert_allclose(lanes[0].points[[0, -1]], [[3, 63], [3, 0]])
    assert lanes[0].slot == 0


def test_no_lines_are_no_lanes() -> None:
    nothing = np.empty((0, NUM_ROWS + 2))
    decoder = LineDecoder(num_slots=4)
    assert decoder(np.empty(0), nothing, StretchView(SHAPE)(SHAPE)) == []
