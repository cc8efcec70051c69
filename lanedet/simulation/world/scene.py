"""The parts of a scene, as plain data.

Positions are road coordinates: ``station_m`` along the road, ``lateral_m`` to the
right of the road's reference line, heights above the road surface. Colors are RGB in
[0, 255], as a camera would record them at noon.
"""

from dataclasses import dataclass, field

from lanedet.simulation.world.color import Color
from lanedet.simulation.world.conditions import (
    Backdrop,
    Glare,
    NightLights,
    Recording,
    Tunnel,
    Weather,
    Windscreen,
)
from lanedet.simulation.world.outline import Outlines
from lanedet.simulation.world.road import Road

_HIGHEST_KERB_M = 0.25
_LEAST_TUNNEL_M = 4.0  # the camera sees nothing of a mouth that is nearer
_LEAST_CAR_LIGHT = 0.04  # in the darkest night, what its own lamps throw back


@dataclass(frozen=True)
class Camera:
    """A dashcam on the road.

    Attributes:
        height_m: Height above the road.
        fov_rad: Horizontal field of view.
        pitch_rad: Downward tilt; positive moves the horizon up.
        yaw_rad: Turn to the right, away from the road's direction.
        roll_rad: Clockwise turn of the picture's content.
        station_m: Where it is along the road.
        lateral_m: Where it is across the road.
        distortion: Barrel distortion of the lens, at least 0: what a perfect lens
            shows r focal lengths from the centre lies at s with
            r = s / (1 - distortion * s ** 2).
    """

    height_m: float
    fov_rad: float
    pitch_rad: float = 0.0
    yaw_rad: float = 0.0
    roll_rad: float = 0.0
    station_m: float = 0.0
    lateral_m: float = 0.0
    distortion: float = 0.0


@dataclass(frozen=True)
class Vehicle:
    """A vehicle; ``station_m`` is its end nearest to the camera."""

    kind: str
    station_m: float
    lateral_m: float
    speed_mps: float
    color: Color
    is_oncoming: bool = False


@dataclass(frozen=True)
class Wall:
    """Something that runs along the road: barrier, guard rail, fence, embankment.

    Attributes:
        lateral_m: Where its foot is.
        bottom_m: Height of its lower edge; above 0 it floats, as a guard rail does.
        top_m: Height of its upper edge.
        lean_m: How far the upper edge lies behind the foot, positive to the right.
        post_spacing_m: 0 for no posts; above, near ones stand 4 m apart, which is the
            length of a wall's pieces.
        color: Color of its face.
        roughness: How much its brightness varies from piece to piece, in [0, 1].
    """

    lateral_m: float
    bottom_m: float
    top_m: float
    lean_m: float
    post_spacing_m: float
    color: Color
    roughness: float


@dataclass(frozen=True)
class Prop:
    """Something that stands on the road and does not move.

    Attributes:
        kind: A key of :data:`~lanedet.simulation.effects.props.PROPS`.
        station_m: Where it stands along the road.
        lateral_m: Where its middle is across the road.
        color: Color of what has no color of its own.
    """

    kind: str
    station_m: float
    lateral_m: float
    color: Color = (128, 128, 128)


@dataclass(frozen=True)
class Shade:
    """A shadow on the road of something beside it.

    Attributes:
        outlines: Polygons of (station, lateral) in metres.
        darkness: Share of the light that it takes, 0 to 1.
    """

    outlines: Outlines
    darkness: float


@dataclass(frozen=True)
class Strip:
    """A paved or bare strip beside the road, as another carriageway.

    Attributes:
        left_m: Left edge.
        right_m: Right edge.
        color: RGB in [0, 255].
    """

    left_m: float
    right_m: float
    color: Color


@dataclass(frozen=True)
class Surroundings:
    """The surroundings of a road: what lies beside and behind it.

    Attributes:
        left_color: Ground to the left of the pavement.
        right_color: Ground to the right of the pavement.
        walls: Painted in this order.
        tree_density: Trees per 10 m and side, about.
        tree_color: Mean color of leaves.
        tree_distance_m: From the pavement's edge to the nearest trees.
        building_density: Buildings per 10 m and side, about.
        pole_spacing_m: Distance between lamp posts; 0 for none.
        bridge_spacing_m: Distance between bridges across the road; 0 for none.
        sign_spacing_m: Distance between road signs; 0 for none.
        hill_rad: Elevation angle of the far hills.
        forest_rad: Elevation angle of the tree line before them.
        hill_color: Color of the far hills.
        shades: Shadows that single things throw across the road.
        strips: What lies between the pavement and where trees and houses stand.
        gantry_spacing_m: Distance between signs over the road; 0 for none.
    """

    left_color: Color
    right_color: Color
    walls: tuple[Wall, ...]
    tree_density: float
    tree_color: Color
    tree_distance_m: float
    building_density: float
    pole_spacing_m: float
    bridge_spacing_m: float
    sign_spacing_m: float
    hill_rad: float
    forest_rad: float
    hill_color: Color
    shades: tuple[Shade, ...] = ()
    strips: tuple[Strip, ...] = ()
    gantry_spacing_m: float = 0.0

    @property
    def has_kerbs(self) -> bool:
        """Whether kerbs run along the road, so that people walk beside it."""
        return any(wall.top_m <= _HIGHEST_KERB_M for wall in self.walls)


@dataclass(frozen=True)
class Light:
    """Sky, sun and air.

    Attributes:
        daylight: 1 at noon, 0 in the darkest night.
        zenith_color: Sky at the top.
        horizon_color: Sky, and haze, at the horizon.
        cloud_cover: 0 for a blue sky, 1 for an overcast one.
        visibility_m: Distance at which haze hides two thirds of the contrast.
        shadow: Darkness of shadows, 0 (overcast) to 1.
        sun_lateral: Metres a shadow falls to the right per metre of height.
        tree_shade: Share of the road under the shadows of trees, in [0, 1].
        headlights: Brightness of one's own headlights, 0 by day.
        warmth: Color of the light, negative is blue, positive is red.
        backlight: How much the sun stands ahead, 0 to 1: what faces the camera is
            dark then, and shadows fall towards it.
    """

    daylight: float
    zenith_color: Color
    horizon_color: Color
    cloud_cover: float
    visibility_m: float
    shadow: float
    sun_lateral: float
    tree_shade: float
    headlights: float
    warmth: float
    backlight: float = 0.0

    @property
    def has_sun(self) -> bool:
        """Whether the sun shines: by day or dusk, through few clouds."""
        return self.daylight >= 0.3 and self.cloud_cover <= 0.65

    @property
    def facing_gain(self) -> float:
        """Brightness of what faces the camera against what lies flat."""
        return 1 - 0.68 * self.backlight


@dataclass(frozen=True)
class Lens:
    """The lens and the sensor: how the camera records what it sees.

    Attributes:
        blur: Standard deviation of the blur, as a share of the image height.
        noise: Standard deviation of the noise, in grey levels.
        vignette: Darkening of the corners, 0 to 1.
        exposure: Mean grey level that the automatic exposure aims at.
        gamma: Exponent on grey levels in [0, 1]; above 1 darkens the middle.
        saturation: 0 is grey, 1 is as painted.
        detail: Share of the resolution that compression leaves, in (0, 1].
        bonnet: Share of the image height that one's own bonnet covers.
        bonnet_color: Its color.
    """

    blur: float
    noise: float
    vignette: float
    exposure: float
    gamma: float
    saturation: float
    detail: float
    bonnet: float
    bonnet_color: Color


@dataclass(frozen=True)
class Scene:
    """Everything that determines one picture and its lanes.

    Attributes:
        road: Its shape, markings and pavement.
        camera: Where the picture is taken from.
        vehicles: Other traffic.
        surroundings: What lies beside the road.
        light: Sky, sun and air.
        lens: How the camera records it.
        seed: Names the world: what is random but stays put while the camera moves.
        frame: Names the moment: what is random from frame to frame.
        category: Name of the category it was made one of, or None.
        props: What stands on the road.
        weather: Rain, fog and snow.
        glare: A low sun.
        night: Lights in the dark.
        tunnel: A tunnel around the camera.
        backdrop: City and clouds.
        windscreen: The glass in front of the camera.
        recording: What the camera's electronics do.
    """

    road: Road
    camera: Camera
    vehicles: tuple[Vehicle, ...]
    surroundings: Surroundings
    light: Light
    lens: Lens
    seed: tuple[int, ...]
    frame: int = 0
    category: str | None = None
    props: tuple[Prop, ...] = ()
    weather: Weather = field(default_factory=Weather)
    glare: Glare = field(default_factory=Glare)
    night: NightLights = field(default_factory=NightLights)
    tunnel: Tunnel = field(default_factory=Tunnel)
    backdrop: Backdrop = field(default_factory=Backdrop)
    windscreen: Windscreen = field(default_factory=Windscreen)
    recording: Recording = field(default_factory=Recording)

    @property
    def tunnel_ahead_m(self) -> float:
        """How far the tunnel around the camera reaches, 0 where it is in none."""
        ahead = self.tunnel.exit_m - self.camera.station_m
        return ahead if self.tunnel.darkness > 0 and ahead > _LEAST_TUNNEL_M else 0.0

    @property
    def car_light(self) -> tuple[float, float, float]:
        """Share of the daylight, by channel, that falls on the driver's own car."""
        outside = min(1.0, max(self.light.daylight, _LEAST_CAR_LIGHT))
        if self.tunnel_ahead_m == 0:
            return outside, outside, outside
        red, green, blue = (outside * channel for channel in self.tunnel.light)
        return red, green, blue
