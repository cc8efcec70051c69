import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.evaluation.functional.culane.paint import painted_ious
from lanedet.models import lane_iou

STEP = torch.tensor(10.0)
ALL = torch.ones(9, dtype=torch.bool)


def line(at_bottom: float, per_row: float = 0.0) -> Tensor:
    return at_bottom + per_row * torch.arange(9.0)


def iou(xs: Tensor, target: Tensor, valid: Tensor = ALL, half: float = 7.5) -> float:
    return float(lane_iou(xs, target, valid, half, STEP))


@pytest.mark.parametrize(
    ("shift", "expected"), [(0, 1), (5, 1 / 2), (15, 0), (30, -1 / 3), (-5, 1 / 2)]
)
def test_upright_lines_overlap_by_their_widths(shift: float, expected: float) -> None:
    assert iou(line(100), line(100 + shift)) == pytest.approx(expected)


def test_a_line_at_45_degrees_is_wider_by_the_root_of_two() -> None:
    width = 15 * math.sqrt(2)
    expected = (width - 5) / (width + 5)
    assert expected == pytest.approx(0.6185, abs=1e-4)
    assert iou(line(100, 10), line(105, 10)) == pytest.approx(expected)


def test_lines_on_two_rows_have_a_slope_too() -> None:
    xs = torch.tensor([100.0, 110.0])
    two = torch.ones(2, dtype=torch.bool)
    width = 15 * math.sqrt(2)
    assert iou(xs, xs + 5, two) == pytest.approx((width - 5) / (width + 5))


def test_it_is_symmetric_and_knows_no_side() -> None:
    generator = torch.Generator().manual_seed(0)
    xs, target = torch.rand(2, 5, 9, generator=generator) * 40
    there = lane_iou(xs, target, ALL, 7.5, STEP)
    torch.testing.assert_close(there, lane_iou(target, xs, ALL, 7.5, STEP))
    torch.testing.assert_close(there, lane_iou(-xs, -target, ALL, 7.5, STEP))


def test_rows_that_are_not_valid_change_nothing() -> None:
    valid = torch.tensor([True] * 5 + [False] * 4)
    far = line(100)
    far[6:] += 1000  # beyond the row that gives the last valid one its slope
    assert iou(far, line(105), valid) == pytest.approx(1 / 2)


def test_without_a_valid_row_it_is_0() -> None:
    assert iou(line(100), line(100), ~ALL) == 0


def test_pairs_broadcast() -> None:
    xs = torch.stack([line(100), line(105), line(130)])
    pairs = lane_iou(xs[:, None], xs[:2], ALL, 7.5, STEP)
    expected = [[1, 1 / 2], [1 / 2, 1], [-1 / 3, -1 / 4]]
    torch.testing.assert_close(pairs, torch.tensor(expected))


def test_lines_apart_are_drawn_to_one_another() -> None:
    xs = line(160).requires_grad_()
    overlap = lane_iou(xs, line(100), ALL, 7.5, STEP)
    assert overlap.item() == pytest.approx(-45 / 75)
    overlap.backward()
    assert xs.grad is not None
    assert (xs.grad < 0).all()
    assert xs.grad.isfinite().all()


def test_widths_have_no_gradient() -> None:
    # To lean more would widen the line, and so its overlap with one that it lies in.
    xs = line(100, 10).requires_grad_()
    lane_iou(xs, line(100, 10).detach() + 1, ALL, 7.5, STEP).backward()
    assert xs.grad is not None
    torch.testing.assert_close(xs.grad, xs.grad[:1].expand(9))


def test_it_ranks_lanes_as_the_benchmark_does() -> None:
    # Lanes of 590 rows at 1640: bent, leaning, and apart from 0 to 60 pixels.
    rng = np.random.default_rng(0)
    rows = np.linspace(589, 200, 40)
    depth = (rows - 200) / 389
    official, own = [], []
    for _ in range(200):
        slope, bend = rng.uniform(-700, 700), rng.uniform(-150, 150)
        label = 820 + slope * depth + bend * depth**2
        apart = rng.uniform(-30, 30) + rng.uniform(-30, 30) * depth
        lanes = [np.stack([xs, rows], axis=1) for xs in (label, label + apart)]
        [[iou]] = painted_ious(lanes[:1], lanes[1:], (590, 1640), 30).tolist()
        official.append(iou)
        step = torch.tensor(float(rows[0] - rows[1]))
        xs, target = (torch.from_numpy(lane[:, 0]) for lane in lanes)
        valid = torch.ones(40, dtype=torch.bool)
        own.append(float(lane_iou(xs, target, valid, 15, step)))
    overlapping = np.array(official) > 0.1
    assert overlapping.sum() > 100
    ranks = [np.argsort(np.argsort(each)) for each in (official, own)]
    assert np.corrcoef(ranks)[0, 1] > 0.97
    misses = np.abs(np.array(official) - own)[overlapping]
    assert misses.mean() < 0.05
