import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.models.heads.line.sketch import (
    Bends,
    Sketch,
    SketchOutputs,
    SketchTargets,
    bend_targets,
    cell_centres,
    sketch_lines,
    sketch_targets,
)
from lanedet.ops import encode_lines, line_rows

SHAPE, GRID, NUM_ROWS = (64, 160), (4, 10), 32  # cells of 16x16
YS = torch.from_numpy(line_rows(SHAPE[0], NUM_ROWS)).float()


def lines_of(*lanes: list[tuple[float, float]], num_rows: int = NUM_ROWS) -> Tensor:
    arrays = [np.array(lane, dtype=float) for lane in lanes]
    return torch.from_numpy(encode_lines(arrays, SHAPE, num_rows))


def test_cells_are_counted_from_the_top_left() -> None:
    xs, ys = cell_centres(GRID, SHAPE)
    assert xs[:3].tolist() == [7.5, 23.5, 39.5]
    assert ys[[0, 9, 10, 39]].tolist() == [7.5, 7.5, 23.5, 55.5]


@pytest.mark.parametrize("top", [30.0, 40.0, 75.0, 120.0])
def test_a_straight_lane_is_proposed_by_every_cell_that_it_passes(top: float) -> None:
    lines = lines_of([(70, 63), (top, 0)])
    target = sketch_targets(lines, GRID, SHAPE, YS)
    assert target.positive.sum() >= 4
    sketch = SketchOutputs(*(each[None] for each in target[:3]))
    proposals = sketch_lines(sketch, GRID, SHAPE, YS)[0]
    expected = lines[:, 2:].expand(40, -1)
    torch.testing.assert_close(
        proposals[target.positive], expected[target.positive], atol=1e-3, rtol=0
    )


def test_angle_and_offset_by_hand() -> None:
    # At 45 degrees to the right, through the point 8 pixels right of a centre.
    lines = lines_of([(0, 63), (63, 0)])  # x + y = 63
    target = sketch_targets(lines, GRID, SHAPE, YS)
    cell = 2 * 10 + 1  # centre (23.5, 39.5): on the line
    assert float(target.angles[cell]) == pytest.approx(0.25)
    assert float(target.offsets[cell]) == pytest.approx(0, abs=1e-6)
    above = 1 * 10 + 1  # centre (23.5, 23.5), 16 pixels above: beyond half a cell
    assert not target.positive[above]
    assert float(target.offsets[above]) == pytest.approx(16 / math.sqrt(2) / 16)
    assert float(target.offsets[cell + 10]) == pytest.approx(-1 / math.sqrt(2))


def test_cells_beside_a_lane_and_beyond_its_end_are_not_positive() -> None:
    lines = lines_of([(39.5, 63), (39.5, 31.5)])
    target = sketch_targets(lines, GRID, SHAPE, YS)
    # The end is 8 pixels below the centre of the second row's cell: half a width.
    assert target.positive.nonzero().flatten().tolist() == [12, 22, 32]
    shorter = sketch_targets(lines_of([(39.5, 63), (39.5, 33)]), GRID, SHAPE, YS)
    assert shorter.positive.nonzero().flatten().tolist() == [22, 32]


def test_the_nearest_of_several_lanes_is_learned() -> None:
    both = lines_of([(37, 63), (37, 0)], [(44, 63), (44, 0)])
    target = sketch_targets(both, GRID, SHAPE, YS)
    torch.testing.assert_close(target.offsets[22], torch.tensor(-2.5 / 16))


def test_a_bend_is_proposed_by_its_tangents() -> None:
    lines = lines_of([(20, 63), (20, 32), (51, 1)])
    target = sketch_targets(lines, GRID, SHAPE, YS)
    assert float(target.angles[31]) == pytest.approx(0)
    assert float(target.angles[2]) == pytest.approx(0.25, abs=0.02)


def test_without_lanes_no_cell_is_positive() -> None:
    target = sketch_targets(lines_of(), GRID, SHAPE, YS)
    assert not target.positive.any()
    assert target.offsets.isfinite().all()


def test_flat_lanes_stay_within_what_can_be_said() -> None:
    target = sketch_targets(lines_of([(0, 50), (159, 44)]), GRID, SHAPE, YS)
    assert target.positive.any()
    assert float(target.angles[target.positive].abs().max()) == pytest.approx(0.45)


@pytest.mark.parametrize("size", [(2, 6), (4, 10), (9, 25)])
def test_features_of_any_size_make_one_grid(size: tuple[int, int]) -> None:
    sketch = Sketch(channels=8, grid_shape=GRID)
    outputs = sketch(100 * torch.randn(2, 8, *size))
    assert all(each.shape == (2, 40) for each in outputs[:3])
    assert outputs.angles.abs().max() <= 0.45
    assert sketch_lines(outputs, GRID, SHAPE, YS).isfinite().all()


def test_it_has_as_many_parameters_as_two_small_layers() -> None:
    count = sum(p.numel() for p in Sketch(channels=64, grid_shape=GRID).parameters())
    assert count == (64 * 64 + 64) + (64 * 3 + 3)


# --- bends

TOP = 10.0  # y of the highest points of the lanes below
HORIZON = TOP - 0.05 * SHAPE[0]  # as it is assumed
OF_CELLS = 16  # a cell's width, in pixels
NUM_FINE = 505  # rows an eighth of a pixel apart, so that their steps are tangents
FINE_YS = torch.from_numpy(line_rows(SHAPE[0], NUM_FINE)).float()


def bent_lane(strength: float, slope: float = 0.4) -> list[tuple[float, float]]:
    """Return what a flat road shows of a lane of constant curvature."""
    points = []
    for y in np.linspace(63, TOP, 400):
        depth = (y - HORIZON) / SHAPE[0]
        points.append((80 + slope * (y - TOP) + OF_CELLS * strength / depth, y))
    return points


def bends_of(*lanes: list[tuple[float, float]]) -> tuple[SketchTargets, Bends]:
    lines = lines_of(*lanes, num_rows=NUM_FINE)
    target = sketch_targets(lines, GRID, SHAPE, FINE_YS)
    return target, bend_targets(lines, target, GRID, SHAPE, FINE_YS)


def proposed(target: SketchTargets, bends: Bends | None) -> Tensor:
    """Return the proposals of cells that have learned all, (A, R)."""
    if bends is not None:
        bends = Bends(bends.strengths[None], bends.horizons[None])
    sketch = SketchOutputs(*(each[None] for each in target[:3]), bends)
    return sketch_lines(sketch, GRID, SHAPE, FINE_YS)[0]


def test_a_bend_by_hand() -> None:
    # The horizon on row 0, touched 32 rows below it: half the height.
    bends = Bends(torch.tensor([[0.25]]), torch.tensor([[0.0]]))
    upright = SketchOutputs(*torch.zeros(3, 1, 1), bends)
    ys = torch.tensor([64.0, 32.0, 16.0, 0.0])
    shape = (65, 16)  # one cell, centre (7.5, 32)
    lines = sketch_lines(upright, (1, 1), shape, ys * 65 / 64)[0, 0]
    # 16 px * 0.25 * (1 - d / d_0)^2 / d, d as shares of 65; d_0 is 32 / 65.
    depths = ys / 64
    by_hand = 7.5 + 4 * (1 - depths[:3] / (32 / 65)).square() / depths[:3]
    torch.testing.assert_close(lines[:3], by_hand)
    assert float(lines[0]) == pytest.approx(7.5 + 4 * (33 / 32) ** 2)
    assert lines[3].isfinite()


@pytest.mark.parametrize("strength", [-0.2, -0.1, 0.1, 0.2])
def test_a_bent_lane_is_proposed_by_every_cell_that_it_passes(strength: float) -> None:
    target, bends = bends_of(bent_lane(strength))
    passed = target.positive & (target.angles.abs() < 0.44)  # and not too flat
    assert passed.sum() >= 3
    torch.testing.assert_close(
        bends.strengths[passed],
        torch.full((int(passed.sum()),), strength),
        atol=0.02,
        rtol=0.05,
    )
    torch.testing.assert_close(
        bends.horizons, torch.full((40,), HORIZON / 64), atol=3e-3, rtol=0
    )
    [lane] = lines_of(bent_lane(strength), num_rows=NUM_FINE)[:, 2:]
    seen = FINE_YS >= TOP
    misses = (proposed(target, bends) - lane)[passed][:, seen].abs()
    tangents = (proposed(target, None) - lane)[passed][:, seen].abs()
    assert misses.max() < 0.15 * tangents.max()


def test_a_straight_lane_has_no_bend() -> None:
    target, bends = bends_of([(70, 63), (120, 5)])
    assert bends.strengths[target.positive].abs().max() < 1e-4


def test_mirrored_lanes_bend_the_other_way() -> None:
    lane = np.array(bent_lane(0.2))
    _, bends = bends_of(lane)
    _, mirrored = bends_of(lane * [-1, 1] + [SHAPE[1] - 1, 0])
    torch.testing.assert_close(
        mirrored.strengths.reshape(GRID).flip(1),
        -bends.strengths.reshape(GRID),
        atol=1e-3,
        rtol=1e-3,
    )


@pytest.mark.parametrize(
    "lanes",
    [
        pytest.param([], id="none"),
        pytest.param([[(40, 63), (41, 60)]], id="two rows"),
        pytest.param([[(0, 50), (159, 44)]], id="flat"),
        pytest.param([[(70, 63), (70, 0)]], id="up to the rim"),
    ],
)
def test_whatever_the_lanes_bends_are_finite(
    lanes: list[list[tuple[float, float]]],
) -> None:
    target, bends = bends_of(*lanes)
    assert bends.strengths.abs().max() <= 1
    assert all(each.shape == (40,) for each in bends)
    assert proposed(target, bends).isfinite().all()


def test_a_curved_sketch_begins_as_a_straight_one() -> None:
    torch.manual_seed(3)
    straight, after = Sketch(channels=8, grid_shape=GRID), torch.rand(3)
    torch.manual_seed(3)
    curved, after_curved = (
        Sketch(channels=8, grid_shape=GRID, curved=True),
        torch.rand(3),
    )
    assert torch.equal(after, after_curved)
    features = torch.randn(2, 8, 4, 10)
    expected, outputs = straight(features), curved(features)
    assert expected.bends is None
    assert torch.equal(
        sketch_lines(outputs, GRID, SHAPE, YS), sketch_lines(expected, GRID, SHAPE, YS)
    )
    count = sum(p.numel() for p in curved.parameters())
    assert count == sum(p.numel() for p in straight.parameters()) + 2 * 8 + 2


def test_whatever_the_features_curved_proposals_are_finite() -> None:
    sketch = Sketch(channels=8, grid_shape=GRID, curved=True)
    torch.nn.init.normal_(sketch.bend.weight)
    outputs = sketch(100 * torch.randn(2, 8, 4, 10))
    assert sketch_lines(outputs, GRID, SHAPE, YS).isfinite().all()
