import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.tusimple import (
    TuSimpleRules,
    TuSimpleScore,
    evaluate_image,
    evaluate_submission,
    f1_of_rates,
    lane_tolerances,
    mean_score,
    point_accuracy,
)
from lanedet.formats.tusimple import TuSimpleLine, read_tusimple_lines

FIXTURES = (
    Path(__file__).resolve().parents[3] / ".." / "shared" / "fixtures" / "tusimple"
)
needs_fixtures = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)

ROWS = np.arange(160.0, 720.0, 10.0)
NO_LANES = np.empty((0, len(ROWS)))


def upright(*xs: float) -> FloatArray:
    return np.repeat(np.array(xs)[:, None], len(ROWS), axis=1)


def slow_bench(
    pred: list[list[float]], gt: list[list[float]], rows: list[float], time: float
) -> tuple[float, float, float]:
    """Score an image as the benchmark's documentation tells it, step by step.

    Negative numbers are absent points. It shares no code with the package.
    """
    if time > 200 or len(pred) > len(gt) + 2:
        return 0.0, 0.0, 1.0
    bests = []
    for lane in gt:
        seen = [(row, x) for row, x in zip(rows, lane, strict=True) if x >= 0]
        slope = 0.0
        if len(seen) > 1:
            design = np.array([[row, 1.0] for row, _ in seen])
            slope = np.linalg.lstsq(design, np.array([x for _, x in seen]))[0][0]
        tolerance = 20 * (1 + slope**2) ** 0.5  # 1 / cos(atan(slope))
        best = 0.0
        for other in pred:
            hits = 0
            for x, y in zip(lane, other, strict=True):
                a, b = x if x >= 0 else -100, y if y >= 0 else -100
                hits += abs(a - b) < tolerance
            best = max(best, hits / len(rows))
        bests.append(best)
    found = len([best for best in bests if best >= 0.85])
    missed = len(bests) - found
    summed = sum(bests)
    if len(gt) > 4:
        missed -= missed > 0
        summed -= min(bests)
    lanes = max(min(4, len(gt)), 1)
    wrong = (len(pred) - found) / len(pred) if pred else 0.0
    return summed / lanes, wrong, missed / lanes


def random_scene(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return predictions and labels: leaning lanes, cut off, shifted, left out."""
    num_gt = int(rng.integers(0, 8))
    lean = rng.choice([0.5, 3.0, 8.0]) * rng.normal(size=(num_gt, 1))
    gt = rng.uniform(0, 1280, (num_gt, 1)) + lean * (ROWS - 500)
    gt[rng.random(num_gt) < 0.1] = np.nan
    tops = rng.integers(0, 50, (num_gt, 1))
    gt[np.arange(len(ROWS)) < tops] = np.nan
    gt = np.rint(np.where((gt >= 0) & (gt < 1280), gt, np.nan))
    picks = rng.integers(0, num_gt, int(rng.integers(0, num_gt + 4))) if num_gt else []
    pred = gt[np.asarray(picks, dtype=int)]
    pred = pred + np.rint(rng.normal(0, 25, (len(pred), 1)))
    pred += np.rint(rng.normal(0, 8, pred.shape))
    pred[rng.random(pred.shape) < 0.05] = np.nan
    return np.where(pred >= 0, pred, np.nan), gt


@pytest.mark.parametrize("seed", range(8))
def test_random_scenes_score_as_the_rules_written_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = set()
    for _ in range(25):
        pred, gt = random_scene(rng)
        time = float(rng.choice([10, 200, 201], p=[0.8, 0.1, 0.1]))
        score = evaluate_image(pred, gt, ROWS, time)
        lists = [np.nan_to_num(xs, nan=-2.0).tolist() for xs in (pred, gt)]
        assert score == pytest.approx(slow_bench(*lists, ROWS.tolist(), time), abs=1e-9)
        seen.add(round(score.accuracy, 6))
    assert len(seen) > 5  # the scenes are not all perfect or all lost


OFFICIAL = json.loads(
    (Path(__file__).parent / "tusimple_official_scores.json").read_text()
)


def absent_as_nan(lanes: list[list[float]]) -> FloatArray:
    xs = np.array(lanes, dtype=np.float64).reshape(-1, len(ROWS))
    return np.where(xs >= 0, xs, np.nan)


@pytest.mark.parametrize("case", OFFICIAL["cases"], ids=lambda case: case["case"])
def test_scenes_score_as_the_official_program_says(case) -> None:
    assert OFFICIAL["h_samples"] == ROWS.tolist()
    pred, gt = absent_as_nan(case["pred"]), absent_as_nan(case["gt"])
    score = evaluate_image(pred, gt, ROWS, case["run_time"])
    assert score == pytest.approx(case["score"], abs=1e-12)


# --- tolerance and accuracy


@pytest.mark.parametrize(
    ("xs", "expected"),
    [
        pytest.param([100.0, 100.0, 100.0], 20.0, id="vertical"),
        pytest.param([100.0, 107.5, 115.0], 25.0, id="3 to the side, 4 down"),
        pytest.param([115.0, 107.5, 100.0], 25.0, id="leaning the other way"),
        pytest.param([100.0, np.nan, 115.0], 25.0, id="gap"),
        pytest.param([np.nan, 100.0, np.nan], 20.0, id="one point"),
        pytest.param([np.nan, np.nan, np.nan], 20.0, id="no point"),
    ],
)
def test_tolerance_is_measured_across_the_lane(
    xs: list[float], expected: float
) -> None:
    tolerances = lane_tolerances(np.array([xs]), np.array([160.0, 170.0, 180.0]))
    np.testing.assert_allclose(tolerances, [expected], rtol=1e-12)


def test_tolerance_grows_with_the_threshold() -> None:
    gt = np.stack([upright(300.0)[0], 300.0 + 2 * ROWS])
    half, full = (lane_tolerances(gt, ROWS, px) for px in (10.0, 20.0))
    np.testing.assert_allclose(full, 2 * half)


def test_a_row_is_met_below_the_tolerance_not_at_it() -> None:
    pred = np.array([[119.99, 120.0, 120.01, 80.0, 80.01]])
    shares = point_accuracy(pred, np.full((1, 5), 100.0), np.array([20.0]))
    assert shares.tolist() == [[0.4]]


def test_rows_without_either_lane_are_met() -> None:
    nan = np.nan
    pred = np.array([[nan, nan, 100.0, 100.0]])
    gt = np.array([[nan, 100.0, nan, 100.0]])
    assert point_accuracy(pred, gt, np.array([20.0])).tolist() == [[0.5]]


def test_absent_points_lie_at_minus_100_for_flat_lanes() -> None:
    # The lane runs 8 px to the side per px down: its tolerance is 161 px, and the
    # official program finds the absent prediction (-100) close enough to x = 0 and 40.
    gt = np.array([[0.0, 40.0, 80.0]])
    rows = np.array([160.0, 165.0, 170.0])
    absent = np.full((1, 3), np.nan)
    score = evaluate_image(absent, gt, rows)
    assert score.accuracy == pytest.approx(2 / 3)
    expected = slow_bench([[-2.0] * 3], gt.tolist(), rows.tolist(), 0.0)
    assert score == pytest.approx(expected)


def test_every_pair_is_compared() -> None:
    gt, pred = upright(100.0, 500.0), upright(90.0, 510.0, 900.0)
    shares = point_accuracy(pred, gt, np.array([20.0, 20.0]))
    assert shares.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]


# --- one image


@pytest.mark.parametrize(
    ("pred", "gt", "expected"),
    [
        pytest.param(NO_LANES, NO_LANES, (0.0, 0.0, 0.0), id="nothing at all"),
        pytest.param(upright(9.0), NO_LANES, (0.0, 1.0, 0.0), id="nothing labelled"),
        pytest.param(NO_LANES, upright(9.0), (0.0, 0.0, 1.0), id="nothing predicted"),
        pytest.param(upright(9.0), upright(9.0), (1.0, 0.0, 0.0), id="exact"),
        pytest.param(upright(100.0), upright(80.1), (1.0, 0.0, 0.0), id="close"),
        pytest.param(upright(100.0), upright(80.0), (0.0, 1.0, 1.0), id="too far"),
        pytest.param(upright(9.0), upright(5.0, 14.0), (1.0, -1.0, 0.0), id="shared"),
        pytest.param(
            upright(100.0, 500.0, 900.0), upright(100.0), (1.0, 2 / 3, 0.0), id="2 more"
        ),
        pytest.param(
            upright(100.0, 300.0, 500.0, 900.0), upright(100.0), (0, 0, 1), id="3 more"
        ),
        pytest.param(
            upright(100.0, 300.0, 500.0, 700.0),
            upright(100.0, 300.0, 500.0, 700.0, 900.0),
            (1.0, 0.0, 0.0),
            id="fifth lane is forgiven",
        ),
        pytest.param(
            upright(100.0, 300.0, 500.0, 700.0, 900.0, 1100.0),
            upright(100.0, 300.0, 500.0, 700.0, 900.0, 1100.0),
            (1.25, 0.0, 0.0),
            id="the rules are not made for six",
        ),
        pytest.param(
            upright(100.0, 300.0, 500.0),
            upright(100.0, 300.0, 500.0, 700.0, 900.0),
            (0.75, 0.0, 0.25),
            id="only one is forgiven",
        ),
    ],
)
def test_known_scores(
    pred: FloatArray, gt: FloatArray, expected: tuple[float, float, float]
) -> None:
    assert evaluate_image(pred, gt, ROWS) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("num_met", "fn"), [pytest.param(17, 0.0, id="85 %"), pytest.param(16, 1.0)]
)
def test_a_lane_matches_from_85_percent_of_its_rows(num_met: int, fn: float) -> None:
    rows = np.arange(20.0)
    gt = np.full((1, 20), 100.0)
    pred = np.where(np.arange(20) < num_met, gt, 500.0)
    score = evaluate_image(pred, gt, rows)
    assert score == pytest.approx((num_met / 20, fn, fn))


@pytest.mark.parametrize(
    ("run_time_ms", "expected"),
    [(0.0, (1.0, 0.0, 0.0)), (200.0, (1.0, 0.0, 0.0)), (200.01, (0.0, 0.0, 1.0))],
)
def test_slow_predictions_are_void(
    run_time_ms: float, expected: tuple[float, float, float]
) -> None:
    lanes = upright(100.0, 300.0)
    assert evaluate_image(lanes, lanes, ROWS, run_time_ms) == expected


def test_rules_can_be_changed() -> None:
    pred, gt = upright(115.0), upright(100.0)
    pred[:, :14] = np.nan  # a quarter of the rows
    assert evaluate_image(pred, gt, ROWS) == (0.75, 1.0, 1.0)
    lenient = TuSimpleRules(match_threshold=0.75)
    assert evaluate_image(pred, gt, ROWS, rules=lenient) == (0.75, 0.0, 0.0)
    strict = TuSimpleRules(pixel_threshold=15.0)
    assert evaluate_image(pred, gt, ROWS, rules=strict) == (0.0, 1.0, 1.0)
    slow = TuSimpleRules(time_limit_ms=20_000.0)
    assert evaluate_image(gt, gt, ROWS, 1000.0, slow) == (1.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pixel_threshold", 0.0),
        ("pixel_threshold", float("nan")),
        ("match_threshold", 0.0),
        ("match_threshold", 1.01),
        ("time_limit_ms", -1.0),
    ],
)
def test_rules_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"{name} must .*, got {value}"):
        TuSimpleRules(**{name: value})


@pytest.mark.parametrize("shape", [(2, 55), (56,), (1, 2, 56)])
def test_lanes_need_one_x_per_row(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="pred_xs must have shape"):
        evaluate_image(np.zeros(shape), NO_LANES, ROWS)
    with pytest.raises(ValueError, match="gt_xs must have shape"):
        evaluate_image(NO_LANES, np.zeros(shape), ROWS)


def test_at_least_one_row_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        evaluate_image(np.zeros((1, 0)), np.zeros((1, 0)), np.zeros(0))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), shift=st.integers(0, 500))
def test_order_and_position_of_lanes_do_not_matter(seed: int, shift: int) -> None:
    rng = np.random.default_rng(seed)
    # Far enough from -100 that no tolerance reaches it.
    gt = upright(*rng.integers(200, 1200, rng.integers(0, 6)).astype(float))
    pred = gt[rng.permutation(len(gt))] + np.rint(rng.normal(0, 15, gt.shape))
    score = evaluate_image(pred, gt, ROWS)
    assert evaluate_image(pred[::-1], gt[::-1], ROWS) == pytest.approx(score)
    assert evaluate_image(pred + shift, gt + shift, ROWS) == pytest.approx(score)
    assert 0 <= score.accuracy <= 1
    assert 0 <= score.fn <= 1
    assert score.fp <= 1


# --- many images


def test_images_count_the_same() -> None:
    scores = [TuSimpleScore(1.0, 0.0, 0.0), TuSimpleScore(0.5, 0.25, 1.0)]
    assert mean_score(iter(scores)) == (0.75, 0.125, 0.5)


def test_no_image_is_an_error() -> None:
    with pytest.raises(ValueError, match="At least one image"):
        mean_score([])


@pytest.mark.parametrize(
    ("fp", "fn", "expected"),
    [
        (0.0, 0.0, 1.0),
        (0.5, 0.5, 0.5),
        (0.0, 1.0, 0.0),
        (1.0, 0.0, 0.0),
        (1.0, 1.0, 0.0),
        (0.2, 0.0, 8 / 9),
    ],
)
def test_f1_of_rates(fp: float, fn: float, expected: float) -> None:
    assert f1_of_rates(fp, fn) == pytest.approx(expected)


class Line(NamedTuple):
    raw_file: str
    xs: FloatArray
    rows: FloatArray | None = ROWS
    run_time_ms: float | None = 10.0


def test_a_submission_may_name_its_images_in_any_order() -> None:
    labels = [Line("a", upright(100.0)), Line("b", upright(500.0))]
    predictions = [Line("b", upright(500.0)), Line("a", upright(900.0))]
    assert evaluate_submission(predictions, labels) == (0.5, 0.5, 0.5)


def test_a_prediction_need_not_name_rows() -> None:
    labels = [Line("a", upright(100.0)), Line("b", NO_LANES)]
    predictions = [Line("a", upright(100.0), None), Line("b", np.empty((0, 0)), None)]
    assert evaluate_submission(predictions, labels) == (0.5, 0.0, 0.0)


LABELS = [Line("a", upright(100.0)), Line("b", upright(500.0))]


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        pytest.param(LABELS[:1], "needs a prediction, got 1 for 2", id="too few"),
        pytest.param([], "'a' has none", id="none"),
        pytest.param([*LABELS, Line("c", NO_LANES)], "'c' is not", id="unknown"),
        pytest.param([*LABELS, LABELS[0]], "predictions name 'a' twice", id="twice"),
        pytest.param(
            [LABELS[0], Line("b", upright(500.0)[:, :48])],
            "'b' must have one x for each of the label's 56 rows, got 48",
            id="other rows",
        ),
        pytest.param(
            [LABELS[0], Line("b", upright(500.0), ROWS, None)],
            "'b' must have a run_time",
            id="no time",
        ),
    ],
)
def test_unfit_submissions_are_refused(predictions: list[Line], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate_submission(predictions, LABELS)


def test_unfit_labels_are_refused() -> None:
    with pytest.raises(ValueError, match="labels name 'a' twice"):
        evaluate_submission(LABELS, [LABELS[0], LABELS[0]])
    with pytest.raises(ValueError, match="label of 'a' must name its rows"):
        evaluate_submission(LABELS, [Line("a", upright(100.0), None), LABELS[1]])


# --- the official program's own numbers


def official(key: str) -> tuple[float, float, float]:
    numbers = json.loads((FIXTURES / "official.json").read_text())[key]
    return numbers["accuracy"], numbers["fp"], numbers["fn"]


def published(name: str) -> list[TuSimpleLine]:
    return read_tusimple_lines(FIXTURES / name)


def guesses(labels: list[TuSimpleLine], *xs: FloatArray) -> list[TuSimpleLine]:
    return [
        label._replace(xs=guess, run_time_ms=10.0)
        for label, guess in zip(labels, xs, strict=True)
    ]


@needs_fixtures
@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        ("baseline_submission.json", "test_label.json"),
        ("predictions_0531.json", "label_data_0531.json"),
    ],
)
def test_files_score_as_in_the_official_program(predictions: str, labels: str) -> None:
    score = evaluate_submission(published(predictions), published(labels))
    assert score == pytest.approx(official(f"{predictions} vs {labels}"), abs=1e-9)


@needs_fixtures
def test_altered_labels_score_as_in_the_official_program() -> None:
    labels = published("test_label.json")
    itself = evaluate_submission(guesses(labels, *(gt.xs for gt in labels)), labels)
    key = "test_label.json vs itself (run_time 10)"
    assert itself == pytest.approx(official(key), abs=1e-9)

    shifted = guesses(labels, *(gt.xs + 19 for gt in labels))
    key = "test_label.json, every x + 19 px"
    assert evaluate_submission(shifted, labels) == pytest.approx(
        official(key), abs=1e-9
    )

    nothing = guesses(labels, *(gt.xs[:0] for gt in labels))
    key = "no lanes at all vs test_label.json"
    assert evaluate_submission(nothing, labels) == pytest.approx(
        official(key), abs=1e-9
    )


@needs_fixtures
def test_corner_cases_score_as_measured_with_the_official_program() -> None:
    # Digits as the project's reference on datasets gives them (section 1.4).
    labels = published("test_label.json")
    original = [gt.xs for gt in labels]
    cases: dict[str, tuple[list[FloatArray], tuple[float, float, float], float]] = {
        "20 px": ([xs + 20 for xs in original], (0.9999946, 0.0, 0.0), 1e-7),
        "40 px": ([xs + 40 for xs in original], (0.5786, 0.5639, 0.5329), 1e-4),
        "two empty lanes": (
            [np.full((2, xs.shape[1]), np.nan) for xs in original],
            (0.4302, 0.9527, 0.9761),
            1e-4,
        ),
        "two duplicates": (
            [np.concatenate([xs, xs[:1], xs[:1]]) for xs in original],
            (1.0, 0.3656, 0.0),
            1e-4,
        ),
        "three duplicates": (
            [np.concatenate([xs, xs[:1], xs[:1], xs[:1]]) for xs in original],
            (0.0, 0.0, 1.0),
            0.0,
        ),
        "first four lanes": ([xs[:4] for xs in original], (1.0, -0.00189, 0.0), 1e-5),
    }
    for name, (xs, expected, precision) in cases.items():
        score = evaluate_submission(guesses(labels, *xs), labels)
        assert score == pytest.approx(expected, abs=precision), name


@needs_fixtures
def test_empty_labelled_lanes_count_as_in_the_official_program() -> None:
    labels = published("label_data_0313.json")
    visible = [gt.xs[~np.isnan(gt.xs).all(axis=1)] for gt in labels]
    score = evaluate_submission(guesses(labels, *visible), labels)
    assert score == pytest.approx((0.98322, -0.00035, 0.04671), abs=1e-5)


@needs_fixtures
def test_untouched_template_scores_nothing() -> None:
    # The benchmark's template sets run_time to 1000: lanes alone do not help.
    labels = published("label_data_0531.json")
    late = [gt._replace(run_time_ms=1000.0) for gt in labels]
    with pytest.warns(UserWarning, match="358 of 358 predictions"):
        assert evaluate_submission(late, labels) == (0.0, 0.0, 1.0)
