"""The recipe of a picture: a list of effects, applied in order.

To add an effect, write one function ``(image, projection) -> image`` and list it in
:data:`RECIPE`. It may draw into the image that it gets. ``projection`` knows the scene
and leads from its road to pixels. It also gives random numbers of a topic that the
effect names: ``projection.rng("rain")`` others from frame to frame,
``projection.world_rng("city")`` those of what stays put while the camera moves. A new
topic changes nothing for the others.
"""

from collections.abc import Callable, Sequence

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.effects.backdrop import paint_city, paint_clouds
from lanedet.simulation.effects.decals import paint_figures, paint_stains
from lanedet.simulation.effects.glare import flare_lens, shine_sun
from lanedet.simulation.effects.lens import add_noise, expose, lose_detail, paint_bonnet
from lanedet.simulation.effects.light import cast_shadows, dim_to_night, light_lamps
from lanedet.simulation.effects.markings import paint_markings
from lanedet.simulation.effects.night import bloom_lamps, reflect_lamps
from lanedet.simulation.effects.props import paint_traffic
from lanedet.simulation.effects.recording import (
    blur_motion,
    compress_jpeg,
    compress_video,
    flicker_rows,
    misexpose,
)
from lanedet.simulation.effects.roadside import paint_roadside
from lanedet.simulation.effects.sky import paint_sky, paint_skyline
from lanedet.simulation.effects.surface import paint_ground
from lanedet.simulation.effects.tunnel import light_tunnel, paint_tunnel
from lanedet.simulation.effects.vehicles import paint_other_traffic
from lanedet.simulation.effects.walls import paint_walls
from lanedet.simulation.effects.weather import (
    fall_rain,
    fall_snow,
    lay_snow,
    raise_spray,
    veil_sky,
    wet_road,
)
from lanedet.simulation.effects.windscreen import (
    paint_dashboard,
    pass_wiper,
    reflect_dashboard,
    soil_glass,
    tint_band,
    wet_glass,
)
from lanedet.simulation.projection.projection import Projection

Effect = Callable[[ByteArray, Projection], ByteArray]
"""One step of painting; the image is RGB uint8 (H, W, 3)."""

RECIPE: tuple[Effect, ...] = (
    # The world, from far to near.
    paint_sky,
    paint_clouds,
    paint_skyline,
    paint_city,
    veil_sky,
    paint_ground,
    paint_stains,
    paint_markings,
    paint_figures,
    lay_snow,
    cast_shadows,
    wet_road,
    paint_roadside,
    paint_other_traffic,
    paint_walls,
    paint_tunnel,
    paint_traffic,
    raise_spray,
    # Light.
    light_tunnel,
    dim_to_night,
    light_lamps,
    reflect_lamps,
    fall_rain,
    fall_snow,
    shine_sun,
    bloom_lamps,
    # The windscreen.
    paint_bonnet,
    paint_dashboard,
    reflect_dashboard,
    soil_glass,
    pass_wiper,
    wet_glass,
    tint_band,
    # The camera.
    flare_lens,
    blur_motion,
    lose_detail,
    expose,
    misexpose,
    flicker_rows,
    add_noise,
    compress_video,
    compress_jpeg,
)


def paint_scene(projection: Projection, recipe: Sequence[Effect] = RECIPE) -> ByteArray:
    """Return the picture of a scene.

    Args:
        projection: The scene at the picture's size.
        recipe: Effects in the order in which they are applied.

    Returns:
        RGB image, uint8, shape (H, W, 3). The same arguments give the same pixels.
    """
    image = np.zeros((*projection.shape, 3), dtype=np.uint8)
    for effect in recipe:
        image = effect(image, projection)
    return image
