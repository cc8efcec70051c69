"""Conditions that make a picture hard: weather, glare, night, glass, recording.

Every strength is 0 by default, and an effect of strength 0 changes no pixel. Unless
said otherwise a strength lies in [0, 1].
"""

from dataclasses import dataclass

from lanedet.simulation.world.color import Color
from lanedet.simulation.world.outline import Outline

DASHBOARDS: dict[str, Outline] = {
    "flat": ((0.0, 0.05), (0.5, 0.0), (1.0, 0.05)),
    "round": ((0.0, 0.7), (0.15, 0.35), (0.35, 0.08), (0.5, 0.0), (0.65, 0.08),
              (0.85, 0.35), (1.0, 0.7)),
    "binnacle": ((0.0, 0.4), (0.12, 0.1), (0.2, 0.0), (0.33, 0.05), (0.42, 0.45),
                 (0.6, 0.5), (1.0, 0.55)),
    "right_binnacle": ((0.0, 0.55), (0.4, 0.5), (0.58, 0.45), (0.67, 0.05),
                       (0.8, 0.0), (0.88, 0.1), (1.0, 0.4)),
    "slanted": ((0.0, 0.0), (0.6, 0.45), (1.0, 0.85)),
    "scuttle": ((0.0, 0.9), (0.1, 0.55), (0.3, 0.5), (0.32, 0.3), (0.68, 0.3),
                (0.7, 0.5), (0.9, 0.55), (1.0, 0.9)),
}  # fmt: skip
"""Upper edges of dashboards and bonnets by name: (x, drop), x in widths of the picture
from the left, drop in shares of the dashboard's height below its highest point."""


@dataclass(frozen=True)
class Weather:
    """Rain, fog and snow.

    Attributes:
        rain: Amount of falling rain.
        spray: Mist that wheels raise behind vehicles.
        wet: How much water stands on the road.
        fog: How far fog hides the sky; what it hides on the road follows from the
            light's ``visibility_m``.
        snow: How much snow lies beside the road and between the wheel tracks.
        snowfall: Amount of falling snow.
    """

    rain: float = 0.0
    spray: float = 0.0
    wet: float = 0.0
    fog: float = 0.0
    snow: float = 0.0
    snowfall: float = 0.0


@dataclass(frozen=True)
class Glare:
    """A low sun in, or just outside, the picture.

    Attributes:
        strength: Brightness of the sun's halo and of the veil over the picture.
        sun_x: Where the sun is, in widths from the left edge; may lie outside.
        rise: How high it stands over the horizon, in heights of the picture.
        flare: Brightness of the ghosts that the lens makes of it.
        sheen: How much the road shines below it.
    """

    strength: float = 0.0
    sun_x: float = 0.5
    rise: float = 0.2
    flare: float = 0.0
    sheen: float = 0.0


@dataclass(frozen=True)
class NightLights:
    """Lights in the dark beside the lamps that vehicles and posts have anyway.

    Attributes:
        street: Brightness of the pools of light that lamp posts throw on the road.
        street_color: Color of that light.
        oncoming: Share of places taken in the stream of lamps that comes towards one
            on the other carriageway.
        far: Share of places taken by small lights along the horizon.
        bloom: How far the glass spreads bright lamps.
    """

    street: float = 0.0
    street_color: Color = (255, 190, 110)
    oncoming: float = 0.0
    far: float = 0.0
    bloom: float = 0.0


@dataclass(frozen=True)
class Tunnel:
    """A tunnel around the camera.

    Attributes:
        darkness: How dark it is inside; 0 for no tunnel.
        exit_m: Station of the exit: the camera is inside as long as it is before it.
        height_m: Height of the ceiling, above the camera's.
        side_m: From the pavement's edge to the wall, on either side.
        wall_color: Color of the walls in white light.
        lamp_color: Color of the light inside.
        lamp_spacing_m: Distance between the lamps of a row, > 0.
        middle_row: Share of the way from the left to the right wall at which the row
            of lamps hangs; a second row hangs opposite.
    """

    darkness: float = 0.0
    exit_m: float = 300.0
    height_m: float = 6.0
    side_m: float = 1.0
    wall_color: Color = (150, 145, 135)
    lamp_color: Color = (255, 205, 130)
    lamp_spacing_m: float = 10.0
    middle_row: float = 0.3

    @property
    def light(self) -> tuple[float, float, float]:
        """Share of the daylight, by channel, that its lamps make up for inside."""
        red, green, blue = (
            1 - self.darkness * (1 - 0.5 * channel / 255) for channel in self.lamp_color
        )
        return red, green, blue


@dataclass(frozen=True)
class Backdrop:
    """A far city and clouds, on the skyline and in the sky.

    Attributes:
        city: Share of the horizon that is taken by the buildings of a far city.
        city_rad: Elevation angle of its highest building.
        clouds: How much of the sky is covered by clouds with clear edges.
    """

    city: float = 0.0
    city_rad: float = 0.1
    clouds: float = 0.0


@dataclass(frozen=True)
class Windscreen:
    """The glass in front of the camera, and what is on it and below it.

    Attributes:
        dashboard: Share of the height that one's own dashboard or bonnet covers.
        dashboard_shape: A key of :data:`DASHBOARDS`.
        dashboard_color: Its color.
        reflection: Brightness of what lies on the dashboard, seen in the glass.
        dirt: How dirty the glass is.
        drops: How many drops of rain sit on it.
        wiper: Where the wiper's blade is, 0 (parked, out of sight) to 1.
        band: Darkness of the tinted band along the upper edge.
    """

    dashboard: float = 0.0
    dashboard_shape: str = "round"
    dashboard_color: Color = (30, 30, 32)
    reflection: float = 0.0
    dirt: float = 0.0
    drops: float = 0.0
    wiper: float = 0.0
    band: float = 0.0


@dataclass(frozen=True)
class Recording:
    """Faults that the camera's electronics leave in a picture.

    Attributes:
        motion: Length of the motion blur at the edge, as a share of the width.
        stops: Error of the automatic exposure, in stops; negative is too dark.
        flicker: Contrast of the bands that pulsed lamps leave in a rolling shutter.
        tint: Error of the white balance from green (negative) to magenta.
        haze: Brightness that stray light adds to black.
        video_loss: How much detail video compression drops from quiet blocks.
        jpeg_loss: How much JPEG compression drops; 1 is quality 10.
        skew: How far to the right of its upper edge the rolling shutter draws the
            lower one while the car turns, in heights of the picture. Labels follow.
        wobble: How far it draws rows left and right while the camera shakes, in
            heights. Labels follow.
    """

    motion: float = 0.0
    stops: float = 0.0
    flicker: float = 0.0
    tint: float = 0.0
    haze: float = 0.0
    video_loss: float = 0.0
    jpeg_loss: float = 0.0
    skew: float = 0.0
    wobble: float = 0.0
