from dataclasses import replace

import numpy as np
import pytest

from lanedet.simulation import Projection, sample_scene
from lanedet.simulation.effects.recording import blur_motion
from lanedet.simulation.world.conditions import Recording


@pytest.mark.parametrize("level", [0, 1, 100, 255])
def test_motion_does_not_change_what_is_even(level: int) -> None:
    scene = replace(sample_scene(0, 1), recording=Recording(motion=0.05))
    image = np.full((90, 160, 3), level, np.uint8)
    blurred = blur_motion(image.copy(), Projection(scene, (90, 160)))
    assert np.array_equal(blurred, image)
