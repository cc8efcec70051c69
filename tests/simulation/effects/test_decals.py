from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection, render_scene, scene_lanes
from lanedet.simulation.effects.decals import lay_flat, paint_figures, paint_stains
from lanedet.simulation.effects.props import PROPS
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.sampling.outlines import (
    STROKES,
    box,
    crack,
    diamond,
    forked_arrow,
    place,
    ribbon,
    skid,
    straight_arrow,
    turn_arrow,
    word,
    zebra,
)
from lanedet.simulation.world.road import Crossroad, Decal, Taper
from lanedet.simulation.world.scene import Prop, Scene

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)
RED = (255.0, 0.0, 0.0)


def test_a_decal_lies_where_it_is_placed(plain_scene: PlainScene) -> None:
    # 1.5 m high, focal length 500: (x, 10 m) lies at (319.5 + 50 x, 179.5 + 75).
    decal = Decal(place((box(-1.0, -0.5, 2.0, 1.0),), 10.0, 1.0), RED, 1.0)
    scene = plain_scene()
    scene = replace(scene, road=replace(scene.road, figures=(decal,)))
    image = render_scene(scene, SHAPE, (paint_ground, paint_figures))
    assert image[255, 370, 0] > 250
    assert image[255, 370, 1] < 5
    plain = render_scene(scene, SHAPE, (paint_ground,))
    rows, columns = np.nonzero((image != plain).any(axis=2))
    assert columns.min() == pytest.approx(319.5 + 500 * 0.5 / 11, abs=2)
    assert columns.max() == pytest.approx(319.5 + 500 * 1.5 / 9, abs=2)
    assert rows.min() == pytest.approx(179.5 + 500 * 1.5 / 11, abs=2)
    assert rows.max() == pytest.approx(179.5 + 500 * 1.5 / 9, abs=2)


@pytest.mark.parametrize("station", [-30.0, 400.0])
def test_a_decal_behind_or_too_far_is_not_painted(
    plain_scene: PlainScene, station: float
) -> None:
    mask = np.zeros(SHAPE, dtype=np.uint8)
    projection = Projection(plain_scene(), SHAPE)
    outlines = place((box(0.0, 0.0, 3.0, 1.0),), station, 0.0)
    assert lay_flat(projection, outlines).fill(mask, 255.0) is None
    assert not mask.any()


def test_what_is_thinner_than_a_pixel_fades(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    peaks = []
    for width in (0.4, 0.02):
        mask = np.zeros(SHAPE, dtype=np.uint8)
        lay_flat(projection, (box(20.0, 0.0, 20.0, width),)).fill(mask, 200.0)
        peaks.append(int(mask.max()))
    assert peaks[0] > 190
    assert 20 < peaks[1] < 120


def test_a_decal_takes_nothing_from_the_one_before(plain_scene: PlainScene) -> None:
    """They share a mask, which must be empty again for the next."""
    scene = plain_scene()
    ground = np.zeros((*SHAPE, 3), np.uint8)
    first = Decal(place((box(0.0, -1.0, 3.0, 1.0),), 8.0, 0.0), (200, 0, 0), 1.0)
    second = Decal(place((box(0.0, 0.0, 3.0, 1.0),), 8.0, 0.0), (0, 200, 0), 1.0)
    painted = []
    for stains in ((first,), (second,), (first, second)):
        projection = Projection(
            replace(scene, road=replace(scene.road, stains=stains)), SHAPE
        )
        painted.append(paint_stains(ground.copy(), projection))
    red, green, both = painted
    alone = ~red.any(axis=2)
    assert np.array_equal(both[alone], green[alone])
    assert np.array_equal(both[~green.any(axis=2)], red[~green.any(axis=2)])


def test_some_of_many_polygons_are_filled_as_if_alone(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    outlines = [box(5.0 + 6 * k, -k / 2, 3.0 + k, 0.1 + k) for k in range(4)]
    together, alone = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    found = lay_flat(projection, outlines).part(1, 3).fill(together, 200.0)
    assert found == lay_flat(projection, outlines[1:3]).fill(alone, 200.0)
    assert np.array_equal(together, alone)
    assert found is not None
    (top, bottom), (left, right) = found
    rows, columns = np.nonzero(together)
    assert top <= rows.min() <= top + 2
    assert bottom - 3 <= rows.max() < bottom
    assert left <= columns.min() <= left + 2
    assert right - 3 <= columns.max() < right


def test_arrows_turn_to_their_side() -> None:
    def middle(outlines: tuple) -> float:
        return float(np.mean([c[1] for outline in outlines for c in outline]))

    assert middle(straight_arrow(6.0)) == pytest.approx(0, abs=0.02)
    assert middle(turn_arrow(6.0, -1)) < -0.1 < 0.1 < middle(turn_arrow(6.0, 1))
    assert middle(forked_arrow(6.0, -1)) == pytest.approx(-middle(forked_arrow(6.0, 1)))


def test_zebra_stays_between_its_edges() -> None:
    outlines = zebra(-3.0, 4.0, 3.5, 0.45)
    corners = np.array(outlines).reshape(-1, 2)
    assert len(outlines) == 7
    assert corners.min(axis=0).tolist() == [0.0, -3.0]
    assert corners.max(axis=0)[0] == 3.5
    assert corners.max(axis=0)[1] <= 4.0


@pytest.mark.parametrize("seed", range(5))
def test_random_figures_are_whole_polygons(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shapes = [
        *word("BUS", 2.5),
        *skid(rng, 20.0),
        *diamond(3.0),
        crack(rng, 10.0, 0.05, 0.1),
    ]
    for outline in shapes:
        assert len(outline) >= 3
        assert np.isfinite(outline).all()


def test_a_ribbon_is_as_wide_as_asked() -> None:
    path = np.stack([np.linspace(0, 10, 11), np.zeros(11)], axis=1)
    across = [corner[1] for corner in ribbon(path, 0.3)]
    assert min(across) == pytest.approx(-0.15)
    assert max(across) == pytest.approx(0.15)


def test_a_taper_moves_a_line_smoothly() -> None:
    taper = Taper(start_m=100.0, length_m=50.0, before_m=0.0, after_m=-3.0)
    assert taper.at(np.array([0.0, 100.0, 125.0, 150.0, 900.0])) == pytest.approx(
        [0.0, 0.0, -1.5, -3.0, -3.0]
    )


def test_a_crossroad_holds_what_lies_in_it() -> None:
    crossroad = Crossroad(start_m=10.0, length_m=20.0)
    stations = np.array([5.0, 11.0, 29.0, 31.0])
    assert crossroad.holds(stations).tolist() == [False, True, True, False]
    assert crossroad.holds(stations, 6.0).all()


def test_no_lane_is_labelled_or_painted_on_a_crossroad(plain_scene: PlainScene) -> None:
    scene = plain_scene()
    assert len(scene_lanes(scene, SHAPE)) == 2
    crossed = replace(scene, road=replace(scene.road, crossroad=Crossroad(5.0, 30.0)))
    assert scene_lanes(crossed, SHAPE) == []
    far = replace(scene, road=replace(scene.road, crossroad=Crossroad(60.0, 30.0)))
    assert len(scene_lanes(far, SHAPE)) == 2
    # 10 m ahead the line 1.8 m to the right lies at (409.5, 254.5).
    paint = render_scene(scene, SHAPE)[255, 409].mean()
    assert render_scene(crossed, SHAPE)[255, 409].mean() < paint - 40


@pytest.mark.parametrize("kind", PROPS)
def test_a_prop_stands_where_it_is(plain_scene: PlainScene, kind: str) -> None:
    scene = plain_scene()
    plain = render_scene(scene, SHAPE)
    full = render_scene(replace(scene, props=(Prop(kind, 12.0, 0.0, RED),)), SHAPE)
    changed = np.abs(full.astype(int) - plain).max(axis=2) > 25
    # Its foot is at the row of 12 m, its middle in the middle of the picture.
    rows, columns = np.nonzero(changed[150:245])
    assert len(rows) > 30
    assert columns.mean() == pytest.approx(319.5, abs=12)
    gone = replace(scene, props=(Prop(kind, -5.0, 0.0, RED),))
    assert np.array_equal(render_scene(gone, SHAPE), plain)


@pytest.mark.parametrize("letter", STROKES)
def test_a_letter_lies_in_its_box(letter: str) -> None:
    corners = np.array([corner for stroke in word(letter, 2.0) for corner in stroke])
    low, high = corners.min(axis=0), corners.max(axis=0)
    assert (low >= [-0.2, -0.4]).all()
    assert (high <= [2.2, 0.4]).all()
    assert np.ptp(corners[:, 0]) > 1.9


def test_a_word_is_read_from_left_to_right() -> None:
    bar, ell = word("I", 1.0), word("LI", 1.0)
    middle = np.mean([corner[1] for stroke in ell for corner in stroke])
    assert len(ell) == 2 + len(bar)
    assert np.mean([across for _, across in ell[-1]]) > middle, "I is the right letter"
