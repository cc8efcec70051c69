import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from lanedet.evaluation.functional.tusimple import (
    evaluate_image,
    evaluate_submission,
    rules_of_width,
)
from lanedet.evaluation.functional.tusimple_lines import (
    check_image_size,
    check_not_smaller,
)
from lanedet.formats.tusimple import TuSimpleLine, read_tusimple_lines

FIXTURES = (
    Path(__file__).resolve().parents[3] / ".." / "shared" / "fixtures" / "tusimple"
)
ROWS = np.arange(160.0, 720.0, 10.0)


def line(
    x: float = 600.0,
    rows: np.ndarray | None = ROWS,
    run_time: float | None = None,
    name: str = "a.jpg",
) -> TuSimpleLine:
    num_rows = len(ROWS if rows is None else rows)
    return TuSimpleLine(name, np.full((1, num_rows), x), rows, run_time)


def test_slow_predictions_are_reported_and_score_nothing() -> None:
    labels = [line(name=name) for name in "abc"]
    times = {"a": 200.0, "b": 200.5, "c": 900.0}
    late = [line(run_time=time, name=name) for name, time in times.items()]
    with pytest.warns(UserWarning, match=r"2 of 3 predictions .* 200 ms, up to 900"):
        score = evaluate_submission(late, labels)
    assert score.accuracy == pytest.approx(1 / 3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate_submission([line(run_time=200.0)], [line()])


@pytest.mark.parametrize("rows", [ROWS[::-1], ROWS + 10, np.roll(ROWS, 1)])
def test_rows_of_another_order_are_refused(rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="label's order, 56 rows from 160 to 710, got"):
        evaluate_submission([line(rows=rows, run_time=9.0)], [line()])
    # Predictions need not name them.
    assert evaluate_submission([line(rows=None, run_time=9.0)], [line()]).accuracy == 1


@pytest.mark.parametrize(
    "label",
    [
        line(1281.0),
        line(600.0, np.arange(160.0, 1080.0, 10.0)),
        line(600.0, np.array([-10.0, 20.0])),
    ],
)
def test_labels_outside_of_the_image_stop(label: TuSimpleLine) -> None:
    with pytest.raises(ValueError, match=r"'a.jpg' .* --shape"):
        check_image_size([], [label])


def test_labels_and_predictions_may_reach_the_border_and_more_in_larger_images() -> (
    None
):
    check_image_size([line(1280.0)], [line(1280.0)])
    check_image_size([line(1919.0)], [line(1900.0, ROWS + 360)], (1080, 1920))
    check_image_size([line(np.nan)], [line(np.nan, ROWS + 720)])  # rows without points


@pytest.mark.parametrize(
    ("last", "hint"), [(350, "360x640"), (470, "480x640"), (530, "540x960")]
)
def test_labels_whose_rows_end_high_are_of_smaller_images(last: int, hint: str) -> None:
    labels = [line(300.0, np.arange(200.0, last + 1, 10.0))]
    with pytest.raises(ValueError, match=rf"below y = {last}, .* as --shape {hint};"):
        check_not_smaller(labels)
    with pytest.raises(ValueError, match="pictures beside the labels have 333x999;"):
        check_not_smaller(labels, picture_shape=(333, 999))
    check_not_smaller(labels, picture_shape=(720, 1280))
    with pytest.warns(UserWarning, match="look whether --shape 720x1280 is right"):
        check_not_smaller(labels, is_given=True)


def test_lanes_that_end_high_on_the_benchmarks_rows_are_of_smaller_images() -> None:
    xs = np.tile(np.where(ROWS < 360, 320.0, np.nan), (4, 1))
    with pytest.raises(ValueError, match=r"None of 4 .* 'a.jpg', ends at \(320, 350\)"):
        check_not_smaller([TuSimpleLine("a.jpg", xs, ROWS, None)])
    xs = np.where(ROWS < 300, 320.0, np.nan)[None]
    with pytest.warns(UserWarning, match="None of 1 labelled lanes"):
        check_not_smaller([TuSimpleLine("a.jpg", xs, ROWS, None)])
    # Nothing can be said of roads without lanes, or of lines without rows.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_not_smaller([line(np.nan), line(rows=None)])


def test_predictions_of_larger_images_stop() -> None:
    with pytest.raises(
        ValueError, match=r"1 of 2 predicted lanes, the first .*'b.jpg'"
    ):
        check_image_size([line(), line(1500.0, name="b.jpg")], [line()])
    many = [line() for _ in range(200)]
    check_image_size([*many, line(1500.0)], [line()])


def test_the_tolerance_keeps_its_share_of_the_width() -> None:
    assert rules_of_width(1280).pixel_threshold == 20.0
    assert rules_of_width(800).pixel_threshold == 12.5


def test_what_needs_gigabytes_is_refused() -> None:
    xs = np.zeros((1000, 56))
    with pytest.raises(ValueError, match=r"10,000,000 .* 1000 labelled x 1000 pred"):
        evaluate_image(xs, xs, ROWS)
    many = TuSimpleLine("a.jpg", xs, ROWS, 9.0)
    with pytest.raises(ValueError, match=r"'a.jpg': An image may have up to"):
        evaluate_submission([many], [many])


@pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)
@pytest.mark.parametrize(
    ("pred", "gt"),
    [
        ("baseline_submission.json", "test_label.json"),
        ("predictions_0531.json", "label_data_0531.json"),
    ],
)
def test_the_benchmarks_own_lanes_lie_inside(pred: str, gt: str) -> None:
    labels = read_tusimple_lines(FIXTURES / gt)
    check_image_size(read_tusimple_lines(FIXTURES / pred), labels)
    check_not_smaller(labels)
    check_not_smaller(labels[:10])
    assert json.loads((FIXTURES / gt).open().readline())["h_samples"][-1] == 710
