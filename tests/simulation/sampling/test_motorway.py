from collections.abc import Callable

import numpy as np

from lanedet.simulation import sample_scene
from lanedet.simulation.sampling.steps.motorway import build_motorway
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]


def test_joints_lie_beside_the_markings_on_either_side() -> None:
    """In TuSimple's frames half of them lie 0.1 to 0.5 m beside the label."""
    places, gains, dots = [], [], []
    for index in range(60):
        motorway = build_motorway(sample_scene(0, index), np.random.default_rng(index))
        road = motorway.road
        laterals = np.array([line.lateral_m for line in road.lines])
        for seam in road.pavement.seams[: len(laterals)]:
            places.append(seam.lateral_m - laterals)
            gains.append(seam.gain)
        dots += [
            (line.lateral_m, stripe)
            for line in road.lines
            for stripe in line.stripes
            if len(stripe.pattern.pieces) > 5
        ]
    nearest = np.array([offsets[np.argmin(abs(offsets))] for offsets in places])
    assert 0.3 < (nearest > 0).mean() < 0.7
    assert 0.4 < ((abs(nearest) > 0.1) & (abs(nearest) < 0.5)).mean() < 0.8
    assert min(gains) < 0.35
    assert 0.4 < np.median(gains) < 0.75
    dark = [(at, stripe) for at, stripe in dots if max(stripe.color) < 60]
    bright = [(at, stripe) for at, stripe in dots if max(stripe.color) > 200]
    assert len(bright) > len(dark) > 10, "dots are bright, some with a dark edge"
    assert len(bright) + len(dark) == len(dots)
    for at, stripe in bright:
        assert abs(stripe.lateral_m - at) < 0.2, "the label is the dots'"


def test_some_joints_have_crumbled() -> None:
    roads = [
        build_motorway(sample_scene(0, index), np.random.default_rng(index)).road
        for index in range(40)
    ]
    ragged = [(road, ghost) for road in roads for ghost in road.ghosts]
    assert len(ragged) > 20
    for road, ghost in ragged:
        assert max(ghost.color) < 60
        assert (
            min(abs(s.lateral_m - ghost.lateral_m) for s in road.pavement.seams) < 0.1
        )
