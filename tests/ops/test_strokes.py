from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from lanedet.arrays import FloatArray
from lanedet.ops import LaneDecoder, StretchView, xs_at_rows
from lanedet.ops.strokes import RowRuns, highest_runs, stroke_centres

SHAPE = (120, 336)
VIEW = StretchView(SHAPE)(SHAPE)  # input pixels are original pixels
SLOPES = [0.0, 0.3, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0]
WIDTHS = [1, 2, 4, 6, 9, 12]
NUM_ENDS = 4  # rows at each end of a line that are looked at one by one


def line(slope: float, *, bend: float = 0.0, y_offset: float = 0.0) -> FloatArray:
    """Return a line (N, 2), bottom to top, that leans to the right for slope > 0.

    Args:
        slope: Columns per row at its middle.
        bend: Share of the slope by which it changes from one end to the other.
        y_offset: Of all points, in pixels.
    """
    height = min(80.0, 240.0 / max(slope, 1.0))
    away = np.linspace(-0.5, 0.5, 17 if bend else 2)
    xs = 168.2 - slope * height * (away + bend / 2 * (away**2 - 0.25))
    return np.stack([xs, 60.0 + y_offset - height * away], axis=1)


def draw(points: FloatArray, width: float, end: str) -> NDArray[np.float32]:
    """Return the map of a stroke: what share of each pixel it covers.

    Args:
        points: (N, 2), the stroke's centre.
        width: Across the stroke, in pixels.
        end: How it ends: ``round``; ``square``, across its own direction; or ``level``,
            along a row of the map.
    """
    ys, xs = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float64)
    if end == "level":
        centres = xs_at_rows(points, ys[:, :1].ravel())
        slopes = np.gradient(points[:, 0]) / np.gradient(points[:, 1])
        slopes = np.interp(ys[:, 0], points[::-1, 1], slopes[::-1])
        reach = width * np.hypot(1.0, slopes) / 2 + 0.5
        covered = reach[:, None] - np.abs(xs - centres[:, None])
        return np.clip(np.nan_to_num(covered), 0.0, 1.0).astype(np.float32)
    nearest = np.full(SHAPE, np.inf)
    for begin, stop in pairwise(points):
        step = stop - begin
        along = ((xs - begin[0]) * step[0] + (ys - begin[1]) * step[1]) / (step @ step)
        away = begin + np.clip(along, 0.0, 1.0)[..., None] * step
        nearest = np.minimum(nearest, np.hypot(xs - away[..., 0], ys - away[..., 1]))
    covered = np.clip(width / 2 + 0.5 - nearest, 0.0, 1.0)
    if end == "square":
        for last, inner in ((points[0], points[1]), (points[-1], points[-2])):
            step = (last - inner) / np.hypot(*(last - inner))
            beyond = (xs - last[0]) * step[0] + (ys - last[1]) * step[1]
            is_near = np.hypot(xs - last[0], ys - last[1]) < width + 2
            covered[is_near] *= np.clip(0.5 - beyond[is_near], 0.0, 1.0)
    return covered.astype(np.float32)


def errors(
    points: FloatArray, lane_map: NDArray[np.float32], decoder: LaneDecoder
) -> FloatArray:
    """Return found minus drawn x on each row of a line, bottom to top.

    NaN is where the lane that is found does not cross the row.
    """
    (lane,) = decoder(lane_map[None], np.ones(1, dtype=np.float32), VIEW)
    rows = np.arange(SHAPE[0])[::-1].astype(np.float64)
    xs = xs_at_rows(points, rows)
    is_seen = (xs >= 0) & (xs <= SHAPE[1] - 1)
    return (xs_at_rows(lane.points, rows) - xs)[is_seen]


def errors_at_ends(
    decoder: LaneDecoder, end: str, bend: float, widths: list[int] = WIDTHS
) -> FloatArray:
    """Return the errors on the rows at both ends, (number of lines, 2, NUM_ENDS).

    They are in pixels, outwards positive: to where the line goes on, if it did.
    """
    found = []
    for slope in SLOPES:
        for number, width in enumerate(widths):
            points = line(slope, bend=bend, y_offset=0.31 * number)
            each = errors(points, draw(points, width, end), decoder)
            found.append([each[:NUM_ENDS], -each[::-1][:NUM_ENDS]])
    return np.array(found)


@pytest.mark.parametrize("end", ["round", "square", "level"])
@pytest.mark.parametrize("bend", [0.0, 0.4], ids=["straight", "curved"])
def test_the_last_rows_of_a_stroke_are_on_its_centre(end: str, bend: float) -> None:
    at_ends = errors_at_ends(LaneDecoder(row_step=1), end, bend)
    assert np.isfinite(at_ends).all()
    assert np.median(np.abs(at_ends), axis=0).max() < 0.11
    assert np.abs(np.median(at_ends, axis=0)).max() < 0.1
    assert np.quantile(np.abs(at_ends), 0.9) < 0.4


def test_the_mean_over_a_square_flares_at_the_ends() -> None:
    # This is what the rule of the paper does, and why it is not the default.
    paper = LaneDecoder(row_step=1, smoothing=9)
    at_ends = errors_at_ends(paper, "level", 0.0, widths=[6, 9])
    assert (np.nanmedian(at_ends[:, :, 0], axis=0) < -2).all()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("slope", SLOPES)
def test_inner_rows_are_met_to_a_fraction_of_a_pixel(slope: float, width: int) -> None:
    points = line(slope)
    inner = errors(points, draw(points, width, "round"), LaneDecoder(row_step=1))
    assert np.median(np.abs(inner)) < 0.13


@pytest.mark.parametrize("row_step", [1, 2, 4, 7])
def test_a_lane_ends_where_it_ends_whatever_rows_are_sampled(row_step: int) -> None:
    points = line(1.0)
    lane_map = draw(points, 4, "square")
    found = errors(points, lane_map, LaneDecoder(row_step=row_step))
    assert np.isnan(found).sum() <= 1
    assert np.nanmax(np.abs(found)) < 0.3


@pytest.mark.parametrize("slope", [0.5, 2.0, 3.0])
@pytest.mark.parametrize("end", ["round", "level"])
def test_dashes_are_met_on_their_centres(slope: float, end: str) -> None:
    whole = line(slope)
    dashes = np.zeros(SHAPE, dtype=np.float32)
    drawn_rows = []
    for start in (0.0, 0.35, 0.7):
        dash = whole[0] + (whole[1] - whole[0]) * np.array([[start], [start + 0.25]])
        dashes = np.maximum(dashes, draw(dash, 5, end))
        drawn_rows.append(np.arange(np.floor(dash[0, 1]), np.ceil(dash[1, 1]) - 1, -1))
    found = errors(whole, dashes, LaneDecoder(row_step=1))
    rows = np.arange(np.floor(whole[0, 1]), np.ceil(whole[1, 1]) - 1, -1)
    found = found[np.isin(rows, np.concatenate(drawn_rows))]
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 0.25


@pytest.mark.parametrize("width", [3, 6, 12])
@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(300.0, 140.0), (100.0, 20.0)], id="below"),
        pytest.param([(420.0, 110.0), (150.0, 20.0)], id="to the right"),
        pytest.param([(-80.0, 110.0), (150.0, 20.0)], id="to the left"),
        pytest.param([(-200.0, 70.0), (150.0, 20.0)], id="flat, to the left"),
    ],
)
def test_a_stroke_is_met_where_the_map_cuts_it(
    points: list[tuple[float, float]], width: int
) -> None:
    corners = np.array(points)
    lane_map = draw(corners, width, "round")
    found = errors(corners, lane_map, LaneDecoder(row_step=1))
    assert np.isfinite(found).all()
    assert np.abs(found[:NUM_ENDS]).max() < 0.35


def test_noise_moves_a_lane_little() -> None:
    points = line(1.5)
    noise = np.random.default_rng(0).normal(0, 0.06, SHAPE).astype(np.float32)
    lane_map = np.clip(draw(points, 5, "round") * 0.9 + noise, 0, 1)
    found = errors(points, lane_map, LaneDecoder(row_step=1))
    assert np.median(np.abs(found)) < 0.25
    assert abs(np.median(found)) < 0.1


def test_known_runs() -> None:
    values = np.array(
        [
            [0.0, 0.2, 0.8, 0.8, 0.0, 0.6, 0.0],
            [0.9, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0],
            [0.1, 0.2, 0.1, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 1.0],
        ],
        dtype=np.float32,
    )
    runs = highest_runs(values, threshold=0.3)
    assert runs.rows.tolist() == [0, 1, 3]
    # Half of 0.8 lies a third of the way from 0.2 to 0.8, and halfway down to 0.
    np.testing.assert_allclose(runs.left, [1 + 1 / 3, -0.5, 5 + 4 / 9], atol=1e-6)
    np.testing.assert_allclose(runs.right, [3.5, 1.5, 6.5], atol=1e-6)
    np.testing.assert_allclose(runs.peak, [0.8, 0.9, 1.0], atol=1e-6)
    np.testing.assert_allclose(runs.middle, (runs.left + runs.right) / 2)


def test_no_run_is_high_enough() -> None:
    runs = highest_runs(np.zeros((3, 5), dtype=np.float32), threshold=0.3)
    assert len(runs.rows) == 0
    assert len(runs.middle) == 0


def test_a_cut_run_is_completed_from_the_edge_that_is_the_strokes_own() -> None:
    # A stroke that leads up to the right, of slope 1 and with runs 6 long. Its end cuts
    # one column off the right of the last row but one, and four off the last.
    number = np.arange(20)
    left, right = number - 3.0, number + 3.0
    right[-2:] -= [1.0, 4.0]
    runs = RowRuns(number, left, right, np.ones(20, dtype=np.float32))
    centres, is_there = stroke_centres(runs, num_columns=100, row_step=1)
    np.testing.assert_allclose(centres, number, atol=1e-9)
    # The last centre, 19, lies beside what is left there, 16 to 18.
    np.testing.assert_array_equal(is_there, number < 19)


def test_a_stroke_of_which_no_row_is_whole_keeps_its_middles() -> None:
    number = np.arange(9)
    left, right = np.full(9, -0.5), number / 10 + 4.0
    runs = RowRuns(number, left, right, np.ones(9, dtype=np.float32))
    centres, is_there = stroke_centres(runs, num_columns=100, row_step=1)
    np.testing.assert_allclose(centres, (left + right) / 2)
    assert is_there.all()
