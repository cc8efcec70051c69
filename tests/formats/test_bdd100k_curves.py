import numpy as np
import pytest

from lanedet.formats.bdd100k_curves import LaneMark, centre_lines, flatten_curve

Points = list[tuple[float, float]]


def mark(
    number: int,
    points: Points,
    category: str = "single white",
    style: str = "solid",
    direction: str = "parallel",
) -> LaneMark:
    return LaneMark(np.array(points, float), category, style, direction, number)


def upright(number: int, x: float, *, is_down: bool = False, **kind: str) -> LaneMark:
    points = [(x, 700.0), (x, 400.0)]
    return mark(number, points[::-1] if is_down else points, **kind)


def xs_of(marks: list[LaneMark]) -> list[float]:
    return [float(line[:, 0].mean()) for line in centre_lines(marks)]


def test_corners_stay() -> None:
    corners = np.array([[817.0, 494.0], [730.0, 353.0], [700.0, 300.0]])
    assert np.array_equal(flatten_curve(corners, "LLL"), corners)


def test_a_cubic_goes_through_its_known_middle() -> None:
    controls = np.array([[0.0, 0.0], [0.0, 40.0], [40.0, 40.0], [40.0, 0.0]])
    line = flatten_curve(controls, "LCCL")
    assert line[0].tolist() == [0, 0]
    assert line[-1].tolist() == [40, 0]
    # The middle of a cubic: (p0 + 3 p1 + 3 p2 + p3) / 8.
    assert np.abs(line - [20.0, 30.0]).sum(axis=1).min() < 1.5
    assert line[:, 1].max() == pytest.approx(30, abs=0.1)
    # The same curve, its end typed as a control point.
    assert np.array_equal(flatten_curve(controls, "LCCC"), line)


def test_curves_and_corners_follow_each_other() -> None:
    points = np.array([[0.0, 0], [0, 9], [9, 9], [9, 0], [20, 0], [30, 5], [40, 5]])
    line = flatten_curve(points, "LCCLLLL")
    assert line[-3:].tolist() == points[-3:].tolist()
    assert np.array_equal(line[:-3], flatten_curve(points[:4], "LCCL"))
    two = flatten_curve(points, "LCCLCCL")
    assert np.array_equal(two[: len(line) - 3], line[:-3])
    assert len(two) > len(line)


@pytest.mark.parametrize("types", ["LC", "LLC", "LCC", "LCL", "CLL"])
def test_what_is_no_whole_cubic_is_a_line(types: str) -> None:
    corners = np.array([[0.0, 0.0], [5.0, 9.0], [9.0, 9.0]])[: len(types)]
    assert np.array_equal(flatten_curve(corners, types), corners)


def test_the_benchmarks_own_record_is_one_lane() -> None:
    # Labels 311512 and 311513 of the release of 2018, drawn in opposite directions.
    first = mark(311512, [(817, 494), (730, 353)])
    second = mark(311513, [(721, 354), (800, 498)])
    (line,) = centre_lines([first, second])
    assert np.allclose(line, [[808.5, 496.0], [725.5, 353.5]])


def test_edges_of_unequal_direction_and_curvature_meet_midway() -> None:
    share = np.linspace(0, 1, 20)
    left = np.stack([400 + 30 * share**2, 700 - 300 * share], axis=1)
    right = np.add(left, [14.0, 0.0])[::-1]
    (line,) = centre_lines([mark(1, left.tolist()), mark(2, right.tolist())])
    expected = np.add(left, [7.0, 0.0])
    found = np.interp(expected[::-1, 1], line[::-1, 1], line[::-1, 0])
    assert np.allclose(found, expected[::-1, 0], atol=0.1)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(upright(2, 110, category="double white"), id="category"),
        pytest.param(upright(2, 110, style="dashed"), id="style"),
        pytest.param(upright(2, 110, direction="vertical"), id="direction"),
        pytest.param(upright(3, 110), id="numbers apart"),
        pytest.param(upright(1, 110), id="parts of one label"),
        pytest.param(upright(2, 400), id="too far apart"),
    ],
)
def test_labels_that_are_no_edges_stay(second: LaneMark) -> None:
    assert len(centre_lines([upright(1, 100), second])) == 2


def test_road_curbs_are_single() -> None:
    curbs = [
        upright(1, 100, category="road curb"),
        upright(2, 110, category="road curb"),
    ]
    assert xs_of(curbs) == [100, 110]


def test_the_nearest_two_are_joined_first() -> None:
    # The second edge of the first mark is missing: greedy pairing in the order of the
    # labels would join marks of two lanes.
    marks = [upright(1, 100), upright(2, 190), upright(3, 200, is_down=True)]
    assert xs_of(marks) == [100, 195]


def test_four_edges_are_two_lanes_in_their_order() -> None:
    marks = [upright(1, 100), upright(2, 110, is_down=True)]
    marks += [upright(3, 180), upright(4, 200)]
    assert xs_of(marks) == [105, 190]


def test_order_in_the_file_does_not_matter() -> None:
    marks = [upright(4, 200), upright(1, 100), upright(3, 180), upright(2, 110)]
    assert sorted(xs_of(marks)) == [105, 190]


def test_points_on_a_straight_line_are_dropped_and_bends_kept() -> None:
    bent = [(100.0, 700.0), (100.0, 600.0), (100.0, 500.0), (150.0, 400.0)]
    (line,) = centre_lines([mark(1, bent)])
    assert line.tolist() == [list(bent[0]), list(bent[2]), list(bent[3])]


def test_labels_of_no_length_do_not_break() -> None:
    dot = mark(1, [(5.0, 5.0), (5.0, 5.0)])
    (line,) = centre_lines([dot, dot._replace(number=2)])
    assert np.array_equal(line, [[5.0, 5.0], [5.0, 5.0]])
    assert centre_lines([]) == []


def test_a_line_that_no_image_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 100000 pixels long, got 1000000000"):
        centre_lines([mark(0, [(0, 0), (1e9, 0)]), mark(1, [(0, 5), (1e9, 5)])])


def test_the_nearest_of_many_are_joined_first() -> None:
    # Labels may share a number: each of the one number is compared with all of the
    # other.
    marks = [upright(number % 2, 100.0 * number) for number in range(20)]
    marks.append(upright(1, 4.0))
    lines = xs_of(marks)
    assert lines[0] == pytest.approx(2.0)  # 0 and 4, not 0 and 100
    assert len(lines) == 11
