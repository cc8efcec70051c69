from collections.abc import Callable

import numpy as np
import pytest

from lanedet.simulation import SceneView
from lanedet.simulation.canvas import fill_polygon
from lanedet.simulation.scene import Color, Scene
from lanedet.simulation.sketch import Sketch, divide_edges, upright
from lanedet.structures import ByteArray, FloatArray

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)
RED: Color = (200.0, 10.0, 10.0)
GREEN: Color = (10.0, 200.0, 10.0)


def test_it_paints_what_single_projections_would(plain_scene: PlainScene) -> None:
    view = SceneView(plain_scene(), SHAPE)
    sketch, image = Sketch(view), np.zeros((*SHAPE, 3), np.uint8)
    expected = image.copy()
    for ahead, color in ((40.0, RED), (20.0, GREEN)):
        corners = upright(ahead, (-3.0, 2.0), (0.0, 4.0))
        sketch.add(corners, color, ahead, gain=0.5)
        seen = view.through_haze((color[0] / 2, color[1] / 2, color[2] / 2), ahead)
        points = view.project_visible(*np.array(corners).T)
        fill_polygon(expected, points, seen)
    sketch.paint(image)
    assert image.any()
    assert np.array_equal(image, expected)


def test_brushes_and_polygons_keep_their_order(plain_scene: PlainScene) -> None:
    view = SceneView(plain_scene(), SHAPE)
    painted = []

    def brush(image: ByteArray, points: FloatArray, color: Color) -> None:
        painted.append((image.max(axis=(0, 1)).tolist(), points.tolist()))
        assert color == pytest.approx(GREEN, abs=1)

    sketch, image = Sketch(view), np.zeros((*SHAPE, 3), np.uint8)
    foot = (10.0, 1.0, 0.0)
    sketch.add_brush(brush, [foot], GREEN, 10.0)
    sketch.add(upright(10.0, (-1.0, 1.0), (0.0, 1.0)), RED, 0.0)
    sketch.add_brush(brush, [foot, foot], GREEN, 10.0)
    sketch.add(upright(10.0, (2.0, 3.0), (0.0, 1.0)), (0.0, 0.0, 255.0), 0.0)
    sketch.paint(image)
    place = view.project_visible(*np.array(foot)).tolist()
    assert painted == [([0, 0, 0], [place]), ([200, 10, 10], [place, place])]
    assert image.max(axis=(0, 1)).tolist() == [200, 10, 255]


def test_only_large_shapes_are_bent(plain_scene: PlainScene) -> None:
    view = SceneView(plain_scene(distortion=0.3), SHAPE)
    corners = upright(10.0, (-6.0, 6.0), (0.0, 3.0))
    images = []
    for name in ("add", "add_large"):
        sketch, image = Sketch(view), np.zeros((*SHAPE, 3), np.uint8)
        getattr(sketch, name)(corners, RED, 0.0)
        sketch.paint(image)
        images.append(image)
    outline = view.project_outline(*np.array(corners).T)
    expected = np.zeros_like(images[0])
    fill_polygon(expected, outline, RED)
    assert np.array_equal(images[1], expected)
    assert not np.array_equal(images[0], expected)


def test_nothing_is_painted_of_nothing(plain_scene: PlainScene) -> None:
    image = np.full((*SHAPE, 3), 7, np.uint8)
    Sketch(SceneView(plain_scene(), SHAPE)).paint(image)
    assert (image == 7).all()


def test_edges_of_each_polygon_are_divided_apart() -> None:
    corners = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [10.0, 10.0], [12.0, 14.0]])
    divided = divide_edges(corners, np.array([3, 2]), np.array([1, 2]))
    assert divided.tolist() == [
        [0, 0], [2, 0], [0, 2], [10, 10], [11, 12], [12, 14], [11, 12]
    ]  # fmt: skip


def test_a_group_is_its_polygons_one_by_one(plain_scene: PlainScene) -> None:
    view = SceneView(plain_scene(), SHAPE)
    shapes = upright(9.0, (-1.0, 1.0), (0.0, 2.0)), upright(9.0, (0, 2), (1, 3))[:3]
    together, apart = Sketch(view), Sketch(view)
    corners = np.array([*shapes[0], *shapes[1]])
    together.add_group(corners, [4, 3], [RED, GREEN], 9.0, 0.8)
    for shape, color in zip(shapes, (RED, GREEN), strict=True):
        apart.add(shape, color, 9.0, 0.8)
    image, expected = (np.zeros((*SHAPE, 3), np.uint8) for _ in range(2))
    together.paint(image)
    apart.paint(expected)
    assert np.array_equal(image, expected)
    assert image[..., 0].max() == 160
    assert image[..., 1].max() == 160


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

    monkeypatch.setattr("lanedet.simulation.sketch.fill_polygons", fill)
    sketch = Sketch(SceneView(plain_scene(), SHAPE))
    brushed: list[FloatArray] = []

    def brush(image: ByteArray, points: FloatArray, color: Color) -> None:
        brushed.append(points)

    for number in range(6):
        corners = upright(20.0, (number, number + 1.0), (0.0, 1.0))
        sketch.add(corners, RED, 20.0)
        sketch.add_group(np.array([*corners, *corners]), (4, 4), [RED] * 2, 20.0, 1.0)
        sketch.add_brush(brush, corners, GREEN, 20.0)
        sketch.add_brush(brush, corners, GREEN, 20.0)
    sketch.paint(np.zeros((*SHAPE, 3), dtype=np.uint8))
    assert drawn == [(12, 3)] * 6
    assert len(brushed) == 12
    assert np.allclose(brushed[0], brushed[1])
    assert not np.allclose(brushed[1], brushed[2])
