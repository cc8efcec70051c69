import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from lanedet.datasets.tusimple import TuSimpleLine, read_tusimple_lines
from lanedet.evaluation.functional.tusimple import (
    evaluate_image,
    evaluate_submission,
    rules_of_width,
)
from lanedet.evaluation.functional.tusimple_lines import check_frame, lowest_row

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


def test_slow_predictions_are_told_and_score_nothing() -> None:
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
        check_frame([], [label])


def test_labels_and_predictions_may_reach_the_border_and_more_in_larger_images() -> (
    None
):
    check_frame([line(1280.0)], [line(1280.0)])
    check_frame([line(1919.0)], [line(1900.0, ROWS + 360)], (1080, 1920))
    check_frame([line(np.nan)], [line(np.nan, ROWS + 720)])  # rows without points
    assert lowest_row([line(), line(rows=ROWS + 360)]) == 1070.0


def test_predictions_of_larger_images_stop() -> None:
    with pytest.raises(
        ValueError, match=r"1 of 2 predicted lanes, the first .*'b.jpg'"
    ):
        check_frame([line(), line(1500.0, name="b.jpg")], [line()])
    many = [line() for _ in range(200)]
    check_frame([*many, line(1500.0)], [line()])


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
    check_frame(read_tusimple_lines(FIXTURES / pred), labels)
    assert json.loads((FIXTURES / gt).open().readline())["h_samples"][-1] == 710
