"""Generated pictures and a clip, for who has none at hand."""

from pathlib import Path

from lanedet.images import write_image
from lanedet.runtime import progress_bar
from lanedet.simulation import Drive, render_scene, sample_scene
from lanedet.video import VideoWriter

_SHAPE = (540, 960)
_SEEDS = {"highway": 3, "curve": 3, "rain": 2, "night": 3}
_FRAME_RATE = 25
_NUM_FRAMES = 100


def write_pictures(folder: Path, shape: tuple[int, int] = _SHAPE) -> list[Path]:
    """Write a picture (H, W) of each of several kinds of road, and return the files."""
    paths = []
    for category, seed in _SEEDS.items():
        paths.append(folder / f"{category}.jpg")
        write_image(paths[-1], render_scene(sample_scene(seed, 0, category), shape))
    return paths


def write_drive(
    path: Path, num_frames: int = _NUM_FRAMES, shape: tuple[int, int] = _SHAPE
) -> None:
    """Write a clip of a drive, 25 frames (H, W) a second."""
    drive = Drive(3, num_frames, float(_FRAME_RATE), shape)
    with VideoWriter(path, _FRAME_RATE) as writer:
        for image, _ in progress_bar(drive, desc="drive", unit="frame"):
            writer.write(image)
