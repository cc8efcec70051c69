import math

import numpy as np
import pytest
import torch
from torch import Tensor

from lanedet.models.heads.line.sketch import (
    Sketch,
    SketchOutputs,
    cell_centres,
    sketch_lines,
    sketch_targets,
)
from lanedet.ops import encode_lines, line_rows

SHAPE, GRID, NUM_ROWS = (64, 160), (4, 10), 32  # cells of 16x16
YS = torch.from_numpy(line_rows(SHAPE[0], NUM_ROWS)).float()


def lines_of(*lanes: list[tuple[float, float]]) -> Tensor:
    arrays = [np.array(lane, dtype=float) for lane in lanes]
    return torch.from_numpy(encode_lines(arrays, SHAPE, NUM_ROWS))


def test_cells_are_counted_from_the_top_left() -> None:
    xs, ys = cell_centres(GRID, SHAPE)
    assert xs[:3].tolist() == [7.5, 23.5, 39.5]
    assert ys[[0, 9, 10, 39]].tolist() == [7.5, 7.5, 23.5, 55.5]


@pytest.mark.parametrize("top", [30.0, 40.0, 75.0, 120.0])
def test_a_straight_lane_is_proposed_by_every_cell_that_it_passes(top: float) -> None:
    lines = lines_of([(70, 63), (top, 0)])
    target = sketch_targets(lines, GRID, SHAPE, YS)
    assert target.positive.sum() >= 4
    sketch = SketchOutputs(*(each[None] for each in target))
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
    assert all(each.shape == (2, 40) for each in outputs)
    assert outputs.angles.abs().max() <= 0.45
    assert sketch_lines(outputs, GRID, SHAPE, YS).isfinite().all()


def test_it_has_as_many_parameters_as_two_small_layers() -> None:
    count = sum(p.numel() for p in Sketch(channels=64, grid_shape=GRID).parameters())
    assert count == (64 * 64 + 64) + (64 * 3 + 3)
