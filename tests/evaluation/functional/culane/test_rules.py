import json
from pathlib import Path

import numpy as np
import pytest
from oracles import culane as oracle

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.culane import (
    THRESHOLDS,
    ContinuousRule,
    CULaneCounts,
    OfficialRule,
    evaluate_image,
)
from lanedet.evaluation.functional.culane.paint import painted_ious
from lanedet.formats.culane_official import parse_official_lanes

TESTS = Path(__file__).resolve().parents[3]
FIXTURES = TESTS / ".." / ".." / "shared" / "fixtures" / "culane"
needs_fixtures = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)


def lane(*points: tuple[float, float]) -> FloatArray:
    return np.array(points, dtype=np.float64).reshape(-1, 2)


def shifted(points: FloatArray, dx: float) -> FloatArray:
    return points + np.array([dx, 0.0])


UPRIGHT = lane((800, 580), (800, 500), (800, 400), (800, 300))
SLANTED = lane((300, 589), (420, 500), (560, 400), (690, 300))
OUTSIDE = lane((-300, 580), (-320, 480), (-350, 400))
TWICE = lane((800, 580), (800, 500), (800, 500), (800, 300))


def lane_ious(pred: list[FloatArray], gt: list[FloatArray]) -> FloatArray:
    return painted_ious(pred, gt, oracle.SHAPE, oracle.WIDTH)


def test_overlap_of_upright_lanes_by_hand() -> None:
    # 31 pixels wide, 281 rows and two round ends: shifted by 8, 23 of 39 columns.
    (iou,) = lane_ious([shifted(UPRIGHT, 8)], [UPRIGHT]).ravel()
    assert iou == pytest.approx(23 / 39, abs=0.02)
    assert lane_ious([UPRIGHT], [UPRIGHT])[0, 0] == 1.0
    assert lane_ious([shifted(UPRIGHT, 31)], [UPRIGHT])[0, 0] == 0.0


# The counts of the official program, compiled and run (tp, fp, fn at 0.5).
@pytest.mark.parametrize(
    ("pred", "gt", "counts"),
    [
        pytest.param([UPRIGHT, lane()], [UPRIGHT], (1, 1, 0), id="blank prediction"),
        pytest.param([UPRIGHT], [UPRIGHT, lane()], (1, 0, 1), id="blank label"),
        pytest.param([UPRIGHT, UPRIGHT[:1]], [UPRIGHT], (1, 1, 0), id="one point"),
        pytest.param([], [UPRIGHT], (0, 0, 1), id="no prediction"),
        pytest.param([UPRIGHT], [], (0, 1, 0), id="no label"),
        pytest.param([], [], (0, 0, 0), id="nothing"),
        pytest.param([TWICE], [UPRIGHT], (0, 1, 1), id="repeated point"),
        pytest.param([UPRIGHT, UPRIGHT], [UPRIGHT], (1, 1, 0), id="same lane twice"),
        pytest.param([OUTSIDE], [OUTSIDE], (0, 1, 1), id="outside the image"),
        pytest.param([SLANTED[::-1]], [SLANTED], (1, 0, 0), id="reversed"),
    ],
)
def test_corner_cases(pred, gt, counts) -> None:
    assert evaluate_image(pred, gt) == [CULaneCounts(*counts)]
    assert oracle.count(pred, gt) == counts


OFFICIAL = json.loads((Path(__file__).parent / "official_counts.json").read_text())


@pytest.mark.parametrize("case", OFFICIAL["cases"], ids=lambda case: case["case"])
def test_frames_count_as_the_official_program_says(case) -> None:
    pred, gt = (
        parse_official_lanes("".join(f"{line}\n" for line in case[name]).encode())[0]
        for name in ("pred", "gt")
    )
    thresholds = [float(threshold) for threshold in case["tp_fp_fn"]]
    counts = evaluate_image(pred, gt, thresholds)
    assert [list(each) for each in counts] == list(case["tp_fp_fn"].values())


def test_a_match_must_exceed_the_threshold() -> None:
    iou = float(lane_ious([shifted(UPRIGHT, 8)], [UPRIGHT])[0, 0])
    below = np.nextafter(iou, 0)
    counts = evaluate_image([shifted(UPRIGHT, 8)], [UPRIGHT], [iou, below])
    assert [each.tp for each in counts] == [0, 1]


def test_scores_without_lanes_are_zero() -> None:
    assert CULaneCounts(0, 0, 0).precision == 0.0
    assert CULaneCounts(0, 3, 0).recall == 0.0
    assert CULaneCounts(0, 3, 0).f1 == 0.0
    counts = CULaneCounts(tp=3, fp=1, fn=2)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(2 * 0.75 * 0.6 / 1.35)


def test_thresholds_are_the_numbers_that_their_text_names() -> None:
    assert [f"{each:.2f}" for each in THRESHOLDS] == [
        f"0.{each}" for each in range(50, 100, 5)
    ]
    assert all(each == float(f"{each:.2f}") for each in THRESHOLDS)


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"thresholds must be .* in \[0, 1\)"):
        evaluate_image([], [], [1.0])
    with pytest.raises(ValueError, match="lane_width must be a whole number from 2"):
        OfficialRule(lane_width=1)


def random_lane(rng: np.random.Generator) -> FloatArray:
    """Return a lane as programs write them, or an odd one."""
    ys = np.arange(589.0, rng.integers(240, 540), -float(rng.choice([10, 20])))
    bottom, slope, bend = rng.uniform(-200, 1840), rng.normal(0, 1.2), rng.normal(0, 1)
    xs = bottom + slope * (589 - ys) + bend * ((589 - ys) / 60) ** 2
    points = np.stack([xs, ys], axis=1)
    kind = rng.integers(12)
    if kind == 0:
        points = points[:: max(len(points) // 2, 1)]  # few points, long lines
    elif kind == 1:
        points[:, 1] = 400 + rng.normal(0, 3, len(points))  # almost level
    elif kind == 2:
        points = np.concatenate(
            [points, shifted(points[::-1], rng.uniform(40, 90))]
        )  # U
    elif kind == 3:
        points = points[::-1]
    elif kind == 4:
        points = points[: rng.integers(0, 3)]
    elif kind == 5:
        points[:, 0] = np.clip(points[:, 0], -14, 14)  # along the border
    elif kind == 6:
        points = points[[0, 0, *range(1, len(points))]]
    elif kind == 7:
        points = points * [1, 0.1] + [0, 540]  # along the lower border
    return points + rng.normal(0, 0.3, points.shape)


@pytest.mark.parametrize("seed", range(12))
def test_overlaps_are_those_of_the_plain_program(seed: int) -> None:
    rng = np.random.default_rng(seed)
    gt = [random_lane(rng) for _ in range(rng.integers(1, 4))]
    pred = [each + rng.normal(0, 9, 2) for each in gt[:2]] + [random_lane(rng)]
    expected = [[oracle.similarity(a, b) for b in pred] for a in gt]
    np.testing.assert_array_equal(lane_ious(pred, gt), expected)
    assert evaluate_image(pred, gt)[0] == oracle.count(pred, gt)


def fixture_images():
    names = [line.strip() for line in (FIXTURES / "list.txt").open()]
    images = []
    for name in names:
        file = name.rpartition(".")[0] + ".lines.txt"
        paths = FIXTURES / "pred" / file, FIXTURES / "anno" / file
        contents = [path.read_bytes() if path.is_file() else b"" for path in paths]
        images.append([parse_official_lanes(content)[0] for content in contents])
    return names, images


@needs_fixtures
def test_counts_are_those_of_the_official_program() -> None:
    official = json.loads((FIXTURES / "official.json").read_text())
    names, images = fixture_images()
    totals = official["totals_tp_fp_fn"]
    thresholds = np.array([float(threshold) for threshold in totals])
    rule = OfficialRule()
    counts = [rule.count(pred, gt, thresholds) for pred, gt in images]
    assert sum(counts).tolist() == list(totals.values())
    for name, image in zip(names, counts, strict=True):
        for threshold, expected in official["per_file_tp_fp_fn"][name].items():
            assert image[list(totals).index(threshold)].tolist() == expected, name


# Counts of LaneATT's culane_metric.py at 8b4cb6d, official=False, on the same files.
@needs_fixtures
def test_continuous_counts_are_those_of_laneatt() -> None:
    _, images = fixture_images()
    rule, thresholds = ContinuousRule(), np.array([0.5, 0.75])
    counts = sum(rule.count(pred, gt, thresholds) for pred, gt in images)
    assert counts.tolist() == [[798, 140, 236], [573, 365, 461]]
