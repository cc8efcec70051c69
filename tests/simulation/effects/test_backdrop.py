from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation import Projection
from lanedet.simulation.effects.backdrop import Block, light_city, light_towers
from lanedet.simulation.world.conditions import Backdrop
from lanedet.simulation.world.scene import Scene

PlainScene = Callable[..., Scene]
SHAPE = (180, 320)


def lit_city(projection: Projection) -> ByteArray:
    """Return the lights of the far city in the dark."""
    glow = np.zeros((*SHAPE, 3), dtype=np.uint8)
    light_city(glow, projection)
    return glow


def lit_towers(projection: Projection, *towers: Block) -> ByteArray:
    """Return the lights of these buildings in the dark."""
    glow = np.zeros((*SHAPE, 3), dtype=np.uint8)
    light_towers(glow, projection, towers)
    return glow


def test_the_far_city_is_lit(plain_scene: PlainScene) -> None:
    scene = replace(plain_scene(), backdrop=Backdrop(city=0.8, city_rad=0.2))
    projection = Projection(scene, SHAPE)
    ys, xs = np.nonzero(lit_city(projection).max(axis=2) > 40)
    assert len(xs) > 20
    assert ys.max() <= projection.center[1] + projection.horizon_y + 2, (
        "none below the horizon"
    )
    assert not lit_city(Projection(plain_scene(), SHAPE)).any()


def test_windows_of_the_city_begin_at_its_lowest_floor_and_left_edge(
    plain_scene: PlainScene,
) -> None:
    projection = Projection(plain_scene(), SHAPE)
    tower = ((-0.3, 0.3), (0.0, 0.3), (90, 90, 90))
    ys, xs = np.nonzero(lit_towers(projection, tower).any(axis=2))
    # A floor is 4 pixels high and a dot 2 x 2; the focal length is 250 pixels.
    assert xs.min() == np.rint(159.5 - 250 * 0.3 + 4 / 2)
    assert ys.max() == np.rint(89.5 - 0.75 * 4) + 1


def test_towers_hide_the_windows_of_those_behind(
    plain_scene: PlainScene,
) -> None:
    projection = Projection(plain_scene(), SHAPE)
    behind = ((-0.3, 0.3), (0.0, 0.3), (90, 90, 90))
    # As high as one floor, so it has no window itself.
    before = ((-0.4, 0.4), (0.0, 4.0 / projection.focal), (90, 90, 90))
    alone = lit_towers(projection, behind)
    hidden = lit_towers(projection, behind, before)
    horizon = round(projection.center[1] + projection.horizon_y)
    lowest = slice(horizon - 4, None)
    assert alone[lowest].any()
    assert not hidden[lowest].any()
    assert np.array_equal(hidden[: horizon - 5], alone[: horizon - 5])
