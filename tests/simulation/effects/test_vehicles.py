from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection, render_scene
from lanedet.simulation.effects.props import paint_traffic
from lanedet.simulation.effects.vehicles import visible_faces
from lanedet.simulation.world.scene import Scene, Vehicle
from lanedet.simulation.world.vehicle_bodies import BODIES

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


@pytest.mark.parametrize("kind", BODIES)
def test_a_face_is_seen_where_it_stands(plain_scene: PlainScene, kind: str) -> None:
    body = BODIES[kind]
    vehicles = [
        Vehicle(kind, station, 2.0, 20.0, (9, 9, 9)) for station in (10.0, 25.0)
    ]
    hidden = Vehicle(kind, 0.5, 2.0, 20.0, (9, 9, 9))
    scene = replace(plain_scene(), vehicles=(*vehicles, hidden))
    projection = Projection(scene, SHAPE)
    far, near = visible_faces(projection)
    assert [far.ahead_m, near.ahead_m] == [25.0, 10.0]
    for face in (far, near):
        assert face.foot == pytest.approx(projection.project(face.ahead_m, 2.0, 0.0))
        (left, low), (right, _), _, (_, high) = face.outline
        assert right - left == pytest.approx(500 * body.width_m / face.ahead_m)
        assert low - high == pytest.approx(500 * body.height_m / face.ahead_m)
        assert low == pytest.approx(face.foot[1])
        sides = body.width_m * (np.array([body.lamp_x, 1 - body.lamp_x]) - 0.5)
        lamps = projection.project(
            face.ahead_m, 2.0 + sides, body.lamp_y * body.height_m
        )
        assert face.lamps == pytest.approx(lamps)
    assert visible_faces(Projection(plain_scene(), SHAPE)) == []
