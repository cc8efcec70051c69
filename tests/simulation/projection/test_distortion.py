"""Labels and paint under the lens's distortion."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation.effects.markings import paint_markings
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.make import render_scene, scene_lanes
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.pattern import Pattern
from lanedet.simulation.world.road import LaneLine, Stripe
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)


def distorted(scene: Scene, distortion: float) -> Scene:
    return replace(scene, camera=replace(scene.camera, distortion=distortion))


def test_the_division_model_by_hand(plain_scene: PlainScene) -> None:
    # Without distortion at (90, 75) from the centre with a focal length of 500:
    # r^2 = 0.0549 focal lengths. Solved for s: 2 / (1 + sqrt(1 + 4 * 0.2 * 0.0549)).
    projection = Projection(distorted(plain_scene(), 0.2), SHAPE)
    scale = 2 / (1 + np.sqrt(1 + 4 * 0.2 * 0.0549))
    expected = (319.5 + 90 * scale, 179.5 + 75 * scale)
    assert projection.project(np.array(10.0), 1.8) == pytest.approx(expected)
    # And back: r = s / (1 - 0.2 s^2).
    assert projection.upright_y(np.array([expected])) == pytest.approx([75.0])


@pytest.mark.parametrize("index", range(8))
def test_ground_map_inverts_the_distorted_projection(index: int) -> None:
    projection = Projection(distorted(sample_scene(3, index), 0.15), SHAPE)
    ground = projection.ground
    rows = np.arange(ground.top_row + 25, SHAPE[0], 9)
    columns = np.arange(5, SHAPE[1], 31)
    ys, xs = np.meshgrid(rows, columns, indexing="ij")
    cells = (ys - ground.top_row, xs)
    known = (ground.ahead[cells] < 200) & (ground.cover[cells] == 1)
    pixels = projection.project(ground.ahead[cells], ground.lateral[cells])
    off = np.hypot(pixels[..., 0] - xs, pixels[..., 1] - ys)
    assert known.any()
    assert off[known].max() < 0.1


@pytest.mark.parametrize("distortion", [0.0, 0.15, 0.3])
@pytest.mark.parametrize("roll", [0.0, 0.08])
@pytest.mark.parametrize("lateral", [-9.0, -3.0, 0.5, 3.0, 9.0])
def test_a_painted_dot_lands_where_the_label_says(
    plain_scene: PlainScene, lateral: float, roll: float, distortion: float
) -> None:
    dot = Pattern(1000.0, ((15.7, 0.6),))
    stripe = Stripe(lateral, 0.3, dot, 0.0, (255, 255, 255), 1.0, 0.0)
    scene = distorted(plain_scene((-10.0, 10.0), roll_rad=roll), distortion)
    road = replace(scene.road, lines=(LaneLine(lateral, (stripe,)),))
    pavement = replace(road.pavement, lane_gains=())
    scene = replace(scene, road=replace(road, pavement=pavement))
    bare = render_scene(scene, SHAPE, (paint_ground,)).astype(float)
    painted = render_scene(scene, SHAPE, (paint_ground, paint_markings))
    paint = np.maximum(painted - bare, 0).sum(axis=2)
    ys, xs = np.indices(SHAPE)
    centroid = ((paint * xs).sum() / paint.sum(), (paint * ys).sum() / paint.sum())
    label = Projection(scene, SHAPE).project(np.array(16.0), lateral)
    assert np.hypot(*(label - centroid)) < 0.5


@pytest.mark.parametrize("index", range(6))
def test_distorted_labels_lie_on_their_paint(
    plain_scene: PlainScene, index: int
) -> None:
    scene = distorted(
        plain_scene((-5.4, -1.8, 1.8, 5.4), roll_rad=0.02 * index - 0.05), 0.06 * index
    )
    image = render_scene(scene, SHAPE, (paint_ground, paint_markings))
    lanes = scene_lanes(scene, SHAPE)
    assert len(lanes) == 4
    for lane in lanes:
        # Far away a stripe is thinner than a pixel; look at the near part.
        near = lane[lane[:, 1] > SHAPE[0] * 0.62]
        columns, rows = np.rint(near).astype(int).T
        assert np.median(image[rows, columns]) > 180
        assert (np.diff(lane[:, 1]) <= 0).all()


def test_what_is_outside_stays_outside(plain_scene: PlainScene) -> None:
    projection = Projection(distorted(plain_scene(), 0.5), SHAPE)
    beside = projection.project(np.array([1.0, 1.0]), np.array([-200.0, 200.0]))
    assert beside[0, 0] < 0
    assert beside[1, 0] > SHAPE[1] - 1


def test_an_outline_follows_bent_edges(plain_scene: PlainScene) -> None:
    corners = np.array([10.0, 10.0, 20.0, 20.0]), np.array([-9.0, 9.0, 9.0, -9.0])
    straight = Projection(plain_scene(), SHAPE)
    outline = straight.project_outline(*corners, np.zeros(4))
    assert np.array_equal(outline, straight.project(*corners))
    bent = Projection(distorted(plain_scene(), 0.3), SHAPE)
    outline = bent.project_outline(*corners, np.zeros(4))
    middle = bent.project(np.array(10.0), 0.0)
    assert np.hypot(*(outline - middle).T).min() < 0.01


@pytest.mark.parametrize("distortion", [-0.1, 5.0])
def test_distortion_out_of_range(plain_scene: PlainScene, distortion: float) -> None:
    with pytest.raises(ValueError, match=r"distortion must lie in \[0, 0.9"):
        Projection(distorted(plain_scene(), distortion), SHAPE)
