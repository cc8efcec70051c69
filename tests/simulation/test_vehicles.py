from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import render_scene
from lanedet.simulation.bodies import BODIES
from lanedet.simulation.props import paint_traffic
from lanedet.simulation.scene import Scene, Vehicle

PlainScene = Callable[..., Scene]
SHAPE = (360, 640)


@pytest.mark.parametrize("kind", BODIES)
def test_the_side_that_one_sees_is_that_of_two_tracks_or_of_one(
    plain_scene: PlainScene, kind: str
) -> None:
    body = BODIES[kind]
    vehicle = Vehicle(kind, 4.0, -3.0, 20.0, (200, 40, 40))
    scene = replace(plain_scene((-5.4, -1.8, 1.8)), vehicles=(vehicle,))
    picture = render_scene(scene, SHAPE, (paint_traffic,))
    columns = np.flatnonzero(picture.any(axis=(0, 2)))
    # It stands at the left and so shows its right side; of one track, its middle.
    half = 0.0 if body.has_one_track else body.width_m / 2
    far = 319.5 + 500 * (-3.0 + half) / (4.0 + body.length_m)
    near_edge = 319.5 + 500 * (-3.0 + body.width_m / 2) / 4.0
    assert columns.max() <= max(far, near_edge) + 3
    assert columns.max() >= max(0.85 * far, near_edge) - 12
