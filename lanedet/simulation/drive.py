"""A drive: the pictures that one camera takes along one road."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.simulation.arguments import check_shape
from lanedet.simulation.make import draw_scene, fit_lens
from lanedet.simulation.randomness import seeded
from lanedet.simulation.sampling.sampler import sample_scene
from lanedet.simulation.world.scene import Scene, Vehicle
from lanedet.structures import LaneSample


class Drive:
    """Frames along one road, with their lanes.

    The camera follows its lane, swaying a little; vehicles keep their speeds; what
    stands beside the road stays put. Frame k does not depend on the frames before it.

    Args:
        seed: Which drive, >= 0.
        num_frames: Number of frames, at least 1.
        fps: Frames per second, > 0.
        shape: (H, W) of the frames.
        index: Number of the scene in which the drive begins, see ``sample_scene``.
        category: What that scene must be, see ``sample_scene``.

    Raises:
        ValueError: If a number is out of its range, the frames are too small or the
            category is unknown.

    Example:
        >>> frames = Drive(seed=0, num_frames=2, fps=25.0, shape=(90, 160))
        >>> [image.shape for image, _ in frames]
        [(90, 160, 3), (90, 160, 3)]
    """

    def __init__(
        self,
        seed: int,
        num_frames: int,
        fps: float,
        shape: tuple[int, int],
        index: int = 0,
        category: str | None = None,
    ) -> None:
        if num_frames < 1:
            raise ValueError(f"num_frames must be at least 1, got {num_frames}.")
        if not fps > 0:
            raise ValueError(f"fps must be positive, got {fps}.")
        check_shape(shape)
        self.seed = seed
        self.num_frames = num_frames
        self.fps = fps
        self.shape = shape
        self._start = fit_lens(sample_scene(seed, index, category), shape)
        rng = seeded((seed, index), "drive")
        self._speed = _ego_speed(self._start.vehicles, rng)
        self._sway_m = rng.uniform(0.05, 0.25)
        self._sway_seconds = rng.uniform(6, 14)
        self._shake_rad = rng.uniform(0.0003, 0.0012)

    def __len__(self) -> int:
        return self.num_frames

    def __iter__(self) -> Iterator[tuple[ByteArray, LaneSample]]:
        for frame in range(self.num_frames):
            scene = self.scene(frame)
            yield draw_scene(scene, self.shape, f"drive/{self.seed}/{frame}.jpg")

    def scene(self, frame: int) -> Scene:
        """Return the scene of one frame."""
        seconds = frame / self.fps
        start = self._start
        sway = self._sway_m * np.sin(2 * np.pi * seconds / self._sway_seconds)
        # Two beats that never meet: the suspension's slow one and the road's quick one.
        shake = np.sin(2 * np.pi * 1.3 * seconds) + 0.5 * np.sin(17.3 * seconds)
        camera = replace(
            start.camera,
            station_m=start.camera.station_m + self._speed * seconds,
            lateral_m=start.camera.lateral_m + float(sway),
            pitch_rad=start.camera.pitch_rad + float(self._shake_rad * shake),
        )
        vehicles = tuple(
            replace(vehicle, station_m=vehicle.station_m + vehicle.speed_mps * seconds)
            for vehicle in start.vehicles
        )
        return replace(start, camera=camera, vehicles=vehicles, frame=frame)


def _ego_speed(vehicles: tuple[Vehicle, ...], rng: np.random.Generator) -> float:
    """Return a speed at which one does not run into the vehicle ahead."""
    own_lane = [v.speed_mps for v in vehicles if abs(v.lateral_m) < 1.5]
    return float(min([rng.uniform(22, 33), *own_lane]))
