from collections.abc import Callable

import numpy as np
import pytest

from lanedet.arrays import ByteArray, FloatArray
from lanedet.simulation import Projection
from lanedet.simulation.painting.canvas import fill_polygon
from lanedet.simulation.painting.panels import Panel, make_design
from lanedet.simulation.painting.sketch import Sketch, divide_edges, upright
from lanedet.simulation.projection.air import through_haze
from lanedet.simulation.world.color import Color
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
RED: Color = (200.0, 10.0, 10.0)
GREEN: Color = (10.0, 200.0, 10.0)


def test_it_paints_what_single_projections_would(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    sketch, image = Sketch(projection), np.zeros((*SHAPE, 3), np.uint8)
    expected = image.copy()
    for ahead, color in ((40.0, RED), (20.0, GREEN)):
        corners = upright(ahead, (-3.0, 2.0), (0.0, 4.0))
        sketch.add(corners, color, ahead, gain=0.5)
        seen = through_haze(
            projection, (color[0] / 2, color[1] / 2, color[2] / 2), ahead
        )
        points = projection.project_visible(*np.array(corners).T)
        fill_polygon(expected, points, seen)
    sketch.paint(image)
    assert image.any()
    assert np.array_equal(image, expected)


def test_brushes_and_polygons_keep_their_order(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    painted = []

    def brush(image: ByteArray, points: FloatArray, color: Color) -> None:
        painted.append((image.max(axis=(0, 1)).tolist(), points.tolist()))
        assert color == pytest.approx(GREEN, abs=1)

    sketch, image = Sketch(projection), np.zeros((*SHAPE, 3), np.uint8)
    foot = (10.0, 1.0, 0.0)
    sketch.add_brush(brush, [foot], GREEN, 10.0)
    sketch.add(upright(10.0, (-1.0, 1.0), (0.0, 1.0)), RED, 0.0)
    sketch.add_brush(brush, [foot, foot], GREEN, 10.0)
    sketch.add(upright(10.0, (2.0, 3.0), (0.0, 1.0)), (0.0, 0.0, 255.0), 0.0)
    sketch.paint(image)
    place = projection.project_visible(*np.array(foot)).tolist()
    assert painted == [([0, 0, 0], [place]), ([200, 10, 10], [place, place])]
    assert image.max(axis=(0, 1)).tolist() == [200, 10, 255]


def test_only_large_shapes_are_bent(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(distortion=0.3), SHAPE)
    corners = upright(10.0, (-6.0, 6.0), (0.0, 3.0))
    images = []
    for name in ("add", "add_large"):
        sketch, image = Sketch(projection), np.zeros((*SHAPE, 3), np.uint8)
        getattr(sketch, name)(corners, RED, 0.0)
        sketch.paint(image)
        images.append(image)
    outline = projection.project_outline(*np.array(corners).T)
    expected = np.zeros_like(images[0])
    fill_polygon(expected, outline, RED)
    assert np.array_equal(images[1], expected)
    assert not np.array_equal(images[0], expected)


def test_nothing_is_painted_of_nothing(plain_scene: PlainScene) -> None:
    image = np.full((*SHAPE, 3), 7, np.uint8)
    Sketch(Projection(plain_scene(), SHAPE)).paint(image)
    assert (image == 7).all()


def test_edges_of_each_polygon_are_divided_apart() -> None:
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [10.0, 10.0], [12.0, 14.0]])
    divided = divide_edges(corners, np.array([3, 2]), np.array([1, 2]))
    assert divided.tolist() == [
        [0, 0], [2, 0], [0, 2], [10, 10], [11, 12], [12, 14], [11, 12]
    ]  # fmt: skip


def test_quadrangles_are_polygons_one_by_one(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    shapes = upright(9.0, (-1.0, 1.0), (0.0, 2.0)), upright(7.0, (0, 2), (1, 3))
    aheads, gains = np.array([9.0, 300.0]), np.array([0.8, 0.5])
    together, apart = Sketch(projection), Sketch(projection)
    together.add_quadrangles(np.array(shapes), RED, aheads, gains)
    for shape, ahead, gain in zip(shapes, aheads, gains, strict=True):
        apart.add(shape, RED, ahead, gain)
    image, expected = (np.zeros((*SHAPE, 3), np.uint8) for _ in range(2))
    together.paint(image)
    apart.paint(expected)
    assert np.array_equal(image, expected)
    assert image[..., 0].max() == 160


def test_no_quadrangles_are_nothing(plain_scene: PlainScene) -> None:
    projection = Projection(plain_scene(), SHAPE)
    image, expected = (np.zeros((*SHAPE, 3), np.uint8) for _ in range(2))
    for picture, is_empty_first in ((image, True), (expected, False)):
        sketch = Sketch(projection)
        if is_empty_first:
            none = np.zeros(0)
            sketch.add_quadrangles(np.empty((0, 4, 3)), RED, none, none)
        sketch.add(upright(9.0, (-1.0, 1.0), (0.0, 2.0)), GREEN, 9.0)
        sketch.paint(picture)
    assert expected.any()
    assert np.array_equal(image, expected)


def test_what_is_added_in_several_ways_keeps_its_order(plain_scene: PlainScene) -> None:
    """Each shape covers the one before; a brush in between sees how far it is."""
    projection, seen = Projection(plain_scene(), SHAPE), []
    corners = upright(9.0, (-1.0, 1.0), (0.0, 1.0))
    middle = np.rint(projection.project(9.0, 0.0, 0.5)).astype(int)
    square = (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), 1.0)
    panel = Panel(make_design([square]), GREEN, -1.0, 9.0, (2.0, 0.0, 1.0), (0, 0), 1.0)

    def brush(image: ByteArray, points: FloatArray, color: Color) -> None:
        seen.append(image[middle[1], middle[0]].tolist())

    sketch, image = Sketch(projection), np.zeros((*SHAPE, 3), np.uint8)
    none, one = np.zeros(1), np.ones(1)
    sketch.add_panel(panel)
    sketch.add_brush(brush, corners, RED, 0.0)
    sketch.add(corners, RED, 0.0)
    sketch.add_brush(brush, corners, RED, 0.0)
    sketch.add_panel(panel)
    sketch.add_quadrangles(np.array([corners]), (0.0, 0.0, 255.0), none, one)
    sketch.add_brush(brush, corners, RED, 0.0)
    sketch.add_panel(panel)
    sketch.paint(image)
    seen.append(image[middle[1], middle[0]].tolist())
    far = np.round(through_haze(projection, GREEN, 9.0)).tolist()
    assert seen == [far, [200, 10, 10], [0, 0, 255], far]


def test_each_corner_is_drawn_once(
    plain_scene: PlainScene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many trees between many walls once took as long as the square of their number."""
    drawn = []

    def fill(
        image: ByteArray, points: FloatArray, ends: np.ndarray, colors: list[Color]
    ) -> None:
        assert ends[-1] == len(points)
        drawn.append((len(points), len(colors)))

    monkeypatch.setattr("lanedet.simulation.painting.sketch.fill_polygons", fill)
    sketch = Sketch(Projection(plain_scene(), SHAPE))
    brushed: list[FloatArray] = []

    def brush(image: ByteArray, points: FloatArray, color: Color) -> None:
        brushed.append(points)

    for number in range(6):
        corners = upright(20.0, (number, number + 1.0), (0.0, 1.0))
        sketch.add(corners, RED, 20.0)
        sketch.add_quadrangles(
            np.array([corners, corners]), RED, np.full(2, 20.0), np.ones(2)
        )
        sketch.add_brush(brush, corners, GREEN, 20.0)
        sketch.add_brush(brush, corners, GREEN, 20.0)
    sketch.paint(np.zeros((*SHAPE, 3), dtype=np.uint8))
    assert drawn == [(12, 3)] * 6
    assert len(brushed) == 12
    assert np.allclose(brushed[0], brushed[1])
    assert not np.allclose(brushed[1], brushed[2])
