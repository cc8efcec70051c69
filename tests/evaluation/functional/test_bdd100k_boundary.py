import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.evaluation.functional.bdd100k_boundary import (
    boundary_f_score,
    boundary_scores,
    dilate,
    summarise_boundary_scores,
)
from lanedet.formats import LANE_BACKGROUND, encode_lane_byte

FIXTURES = Path(__file__).resolve().parents[3] / ".." / "shared" / "fixtures"
BDD100K = FIXTURES / "bdd100k"
needs_fixtures = pytest.mark.skipif(
    not BDD100K.is_dir(), reason="the benchmark's files are not at ../shared"
)


def column(x: int) -> np.ndarray:
    mask = np.zeros((20, 30), dtype=bool)
    mask[:, x] = True
    return mask


def slow_dilate(mask: np.ndarray, radius: int) -> np.ndarray:
    """Return all pixels with a set one at most ``radius`` away, pixel by pixel."""
    height, width = mask.shape
    grown = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        for row in range(max(0, y - radius), min(height, y + radius + 1)):
            for col in range(max(0, x - radius), min(width, x + radius + 1)):
                grown[row, col] |= (row - y) ** 2 + (col - x) ** 2 <= radius**2
    return grown


@needs_fixtures
def test_scores_equal_the_official_programs() -> None:
    official = json.loads((BDD100K / "official.json").read_text())
    scores = []
    for gt in sorted((BDD100K / "gts").glob("*.png")):
        pred = BDD100K / "res" / gt.name
        images = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in (pred, gt)]
        scores.append(boundary_scores(*images))
    assert len(scores) == 4
    found = summarise_boundary_scores(np.mean(scores, axis=0))
    # The file has 8 digits of the average and 4 of the rest.
    assert found.average == pytest.approx(official["average"], abs=5.1e-9)
    rest = official["category: all others"]
    for name, values in found.by_class.items():
        if name.startswith("style"):
            continue  # the file tells only their mean
        assert values == pytest.approx(official.get(name, rest), abs=5.1e-5), name
    for attribute in ("direction", "style"):
        expected = official["mean of direction, and of style"]
        assert found.by_attribute[attribute] == pytest.approx(expected, abs=5.1e-5)
    expected = official["mean of category"]
    assert found.by_attribute["category"] == pytest.approx(expected, abs=5.1e-5)


OFFICIAL = json.loads(
    (Path(__file__).parent / "bdd100k_official_scores.json").read_text()
)


def lane_bytes(rows: list[str]) -> np.ndarray:
    values = [[OFFICIAL["bytes"][letter] for letter in row] for row in rows]
    return np.array(values, dtype=np.uint8)


@pytest.mark.parametrize("case", OFFICIAL["cases"], ids=lambda case: case["case"])
def test_masks_score_as_the_official_program_says(case) -> None:
    scores = boundary_scores(lane_bytes(case["pred"]), lane_bytes(case["gt"]))
    np.testing.assert_allclose(scores, case["scores"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("radius", [0, 1, 2, 5])
def test_dilation_is_by_a_disk(radius: int) -> None:
    mask = np.random.default_rng(radius).random((23, 31)) < 0.01
    mask[0, 0] = mask[-1, 15] = True  # borders
    assert np.array_equal(dilate(mask, radius), slow_dilate(mask, radius))


def test_lines_within_the_radius_agree() -> None:
    assert boundary_f_score(column(12), column(10), radius=2) == 1.0
    assert boundary_f_score(column(12), column(10), radius=1) == 0.0
    half = column(10) & (np.arange(20) < 10)[:, None]
    # Precision 1, recall one half: the rows from 10 on are missed but the nearest.
    assert boundary_f_score(half, column(10), 1) == pytest.approx(2 * 0.55 / 1.55)


def test_empty_masks() -> None:
    nothing = np.zeros((20, 30), dtype=bool)
    assert boundary_f_score(nothing, nothing, 1) == 1.0
    assert boundary_f_score(nothing, column(3), 1) == 0.0
    assert boundary_f_score(column(3), nothing, 1) == 0.0


def test_kinds_are_scored_apart() -> None:
    gt = np.full((20, 30), LANE_BACKGROUND, dtype=np.uint8)
    pred = gt.copy()
    gt[:, 10] = encode_lane_byte("single white", "dashed", "parallel")
    pred[:, 10] = encode_lane_byte("single yellow", "dashed", "parallel")
    found = summarise_boundary_scores(boundary_scores(pred, gt))
    assert found.by_attribute["direction"].tolist() == [100] * 3
    assert found.by_class["category: single white"].tolist() == [0] * 3
    assert found.by_attribute["category"] == pytest.approx([75] * 3)
    assert found.average == pytest.approx([275 / 3] * 3)


def test_other_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        boundary_scores(np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
