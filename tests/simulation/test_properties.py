"""What must hold of every scene, whatever its category and its seed."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.simulation import Projection, render_scene, sample_scene, scene_lanes
from lanedet.simulation.effects.markings import paint_markings
from lanedet.simulation.projection.labels import CROSSROAD_MARGIN_M
from lanedet.simulation.sampling.categories import CATEGORIES
from lanedet.simulation.world.conditions import Recording
from lanedet.simulation.world.pattern import SOLID
from lanedet.simulation.world.road import LaneLine
from lanedet.simulation.world.scene import Scene

SHAPE = (288, 800)
KINDS = [None, *CATEGORIES]
SEEDS = np.random.default_rng(21).integers(2**31, size=400).tolist()
"""Each scene is of another collection."""


def check_lanes(scene: Scene, lanes: list[FloatArray]) -> None:
    """Check that lanes are as readers and metrics expect them."""
    assert len(lanes) <= 6
    for lane in lanes:
        assert np.isfinite(lane).all()
        assert (lane >= 0).all()
        assert (lane <= [SHAPE[1] - 1, SHAPE[0] - 1]).all()
        assert (np.diff(lane[:, 1]) <= 0).all(), "from the bottom upwards"
        assert np.hypot(*np.diff(lane, axis=0).T).max() < 3, "without gaps"
    for left, right in itertools.pairwise(lanes):
        rows = np.arange(
            np.ceil(max(left[:, 1].min(), right[:, 1].min())),
            min(left[:, 1].max(), right[:, 1].max()),
        )
        apart = [
            np.interp(rows, lane[::-1, 1], lane[::-1, 0]) for lane in (left, right)
        ]
        assert (apart[0] < apart[1]).all(), "they keep their order"
    crossroad, here = scene.road.crossroad, scene.camera.station_m
    if crossroad is not None and crossroad.holds(here, CROSSROAD_MARGIN_M):
        assert lanes == []


def check_many(category: str | None, indices: range) -> None:
    num_lanes = 0
    for index in indices:
        scene = sample_scene(SEEDS[index], index, category)
        lanes = scene_lanes(scene, SHAPE)
        check_lanes(scene, lanes)
        num_lanes += len(lanes)
    if category != "crossroad":
        assert num_lanes >= 2 * len(indices), "most roads show their lanes"


@pytest.mark.parametrize("category", KINDS)
def test_lanes_lie_in_the_picture_and_do_not_cross(category: str | None) -> None:
    check_many(category, range(12))


@pytest.mark.slow
@pytest.mark.parametrize("category", KINDS)
def test_lanes_of_thousands_of_scenes(category: str | None) -> None:
    check_many(category, range(12, 400))


def only_line(scene: Scene, line: LaneLine) -> Scene:
    """Return a scene with one line, its paint where it is, but white and unbroken."""
    # What is darker than a road is no paint but an edge beside it.
    bright = [stripe for stripe in line.stripes if max(stripe.color) > 120]
    # Reflectors lie beside dashes; of a line of dots there is nothing else.
    long = [stripe for stripe in bright if stripe.pattern.pieces[0][1] > 0.3]
    stripes = tuple(
        replace(stripe, pattern=SOLID, color=(255, 255, 255), opacity=1.0, wear=0.0)
        for stripe in long or bright
    )
    lines = (replace(line, stripes=stripes),)
    road = replace(scene.road, lines=lines, ghosts=(), ramp_lines=())
    return replace(scene, road=road, light=replace(scene.light, visibility_m=1e6))


def paint_offsets(scene: Scene, lane: FloatArray) -> FloatArray:
    """Return how far to the right of its label a line's paint lies, row by row.

    Args:
        scene: With that line only.
        lane: Its label.

    Returns:
        Pixels between the middle of the paint and the label, for the rows that show
        the paint in its whole width.
    """
    white = render_scene(scene, SHAPE, (paint_markings,))[..., 0].astype(float)
    ground, (line,) = Projection(scene, SHAPE).ground, scene.road.lines
    half_m = max(abs(s.lateral_m - line.lateral_m) + s.width_m for s in line.stripes)
    offsets: list[float] = []
    # Its ends may be cut off, and at the crest a row shows many metres.
    first = max(int(np.ceil(lane[-1, 1])) + 3, ground.top_row)
    for row in range(first, int(lane[0, 1]) - 2):
        x = np.interp(row, lane[::-1, 1], lane[::-1, 0])
        place = row - ground.top_row, min(int(x), SHAPE[1] - 2)
        step = abs(np.diff(ground.lateral[place[0], place[1] : place[1] + 2])[0])
        reach = int((half_m + ground.across[place]) / step) + 3
        columns = np.arange(round(x) - reach, round(x) + reach + 1)
        if columns[0] < 0 or columns[-1] >= SHAPE[1]:
            continue
        # Where the paint begins or ends, a row shows one side of it more.
        above, shares, below = white[row - 1 : row + 2, columns]
        if shares.sum() > 40 and min(above.sum(), below.sum()) > 0.6 * shares.sum():
            # Measured on the road: a strong lens stretches the outer stripe of a double
            # marking more than the inner one, so their middle there is not the row's.
            laterals = ground.lateral[place[0], columns]
            weights = shares * np.gradient(laterals)
            middle = weights @ laterals / weights.sum()
            offsets.append(np.interp(middle, laterals, columns) - x)
    return np.array(offsets)


def check_paint(category: str | None, indices: range) -> None:
    """Check that labels lie in the middle of what is painted."""
    found = []
    for index in indices:
        scene = sample_scene(SEEDS[index], index, category)
        singles = [only_line(scene, line) for line in scene.road.lines]
        singles = [single for single in singles if single.road.lines[0].stripes]
        labels = [(single, scene_lanes(single, SHAPE)) for single in singles]
        for lane in scene_lanes(scene, SHAPE):
            for single, own in labels:
                if len(own) == 1 and np.array_equal(own[0], lane):
                    found.append(paint_offsets(single, lane))
    offsets = np.abs(np.concatenate([*found, np.zeros(1)]))
    if category not in ("crossroad", "no_line"):
        assert len(offsets) > 100 * len(indices), "most paint can be measured"
    assert np.quantile(offsets, 0.5) < 0.05
    assert np.quantile(offsets, 0.99) < 0.25
    assert offsets.max() < 1.0


@pytest.mark.parametrize("category", KINDS)
def test_labels_lie_on_the_paint(category: str | None) -> None:
    check_paint(category, range(2))


@pytest.mark.parametrize("recording", [Recording(skew=0.05), Recording(wobble=0.01)])
def test_labels_follow_a_rolling_shutter(recording: Recording) -> None:
    scene = replace(sample_scene(SEEDS[5], 5), recording=recording)
    still = replace(scene, recording=Recording())
    assert not np.array_equal(
        scene_lanes(scene, SHAPE)[0], scene_lanes(still, SHAPE)[0]
    )
    single = only_line(scene, scene.road.lines[0])
    (lane,) = scene_lanes(single, SHAPE)
    offsets = paint_offsets(single, lane)
    assert len(offsets) > 50
    assert np.abs(offsets).max() < 0.3


def test_a_label_beside_its_paint_is_found() -> None:
    """The measure of the tests above can fail."""
    scene = sample_scene(SEEDS[5], 5)
    single = only_line(scene, scene.road.lines[0])
    (lane,) = scene_lanes(single, SHAPE)
    for shift in (-1.5, 0.5, 1.0):
        moved = paint_offsets(single, lane + np.array([shift, 0.0]))
        assert np.median(moved) == pytest.approx(-shift, abs=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("category", KINDS)
def test_labels_of_hundreds_of_scenes_lie_on_the_paint(category: str | None) -> None:
    check_paint(category, range(2, 60))
