import pytest

from lanedet.simulation.painting.panels import (
    Panel,
    make_design,
    panel_corners,
    panel_polygons,
    unit_places,
)
from lanedet.simulation.world.color import Color

SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
DOOR = ((0.25, 0.0), (0.5, 0.0), (0.5, 0.5))
GLASS: Color = (30.0, 40.0, 50.0)


def panel(
    size_m: tuple[float, float, float], lean_m: tuple[float, float] = (0.0, 0.0)
) -> Panel:
    design = make_design([(SQUARE, 1.0), (DOOR, GLASS), ((), 0.5), (DOOR, 1.5)])
    color = (200.0, 100.0, 0.0)
    return Panel(design, color, -1.0, 20.0, size_m, lean_m, gain=0.8)


def test_a_face_stands_across_and_a_flank_along() -> None:
    face, flank = panel((2.0, 0.0, 1.5)), panel((0.0, 4.0, 1.5))
    corners = panel_corners([face, flank], [unit_places(SQUARE)] * 2).reshape(2, 4, 3)
    assert corners[0].tolist() == [[20, -1, 0], [20, 1, 0], [20, 1, 1.5], [20, -1, 1.5]]
    assert corners[1].tolist() == [
        [20, -1, 0],
        [24, -1, 0],
        [24, -1, 1.5],
        [20, -1, 1.5],
    ]


def test_a_body_leans_above_its_waist_alone() -> None:
    places = unit_places([(0.0, 0.3), (0.0, 0.62), (0.0, 0.81), (0.0, 1.0)])
    ahead, lateral, height = panel_corners(
        [panel((2.0, 0.0, 1.0), lean_m=(0.2, 0.6))], [places]
    ).T
    assert ahead == pytest.approx([20.0, 20.0, 20.3, 20.6])
    assert lateral == pytest.approx([-1.0, -1.0, -0.9, -0.8])
    assert height.tolist() == [0.3, 0.62, 0.81, 1.0]


def test_parts_have_a_color_or_the_brightness_of_the_own_one() -> None:
    corners, sizes, paints = panel_polygons([panel((2.0, 0.0, 1.5))] * 2)
    assert sizes == [4, 3, 3] * 2, "what is empty is left out"
    assert corners.shape == (20, 3)
    expected = [(200, 100, 0), GLASS, (255, 150, 0)] * 2
    assert paints.tolist() == [[*color, 20.0, 0.8] for color in expected]
