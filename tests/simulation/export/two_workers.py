"""What a worker runs in a test; it is a module, for workers import it by its name."""

import os
import time
from pathlib import Path

from lanedet.simulation.export import scene_files
from lanedet.simulation.export.scene_files import SceneCollection, SceneTask
from lanedet.structures import LaneSample

_write_scene = scene_files._write_scene
_PATIENCE_S = 120.0


def write_when_both_are_there(
    task: SceneTask, root: Path, collection: SceneCollection
) -> LaneSample:
    """Write a scene once two processes have one to write each.

    Raises:
        TimeoutError: If a second process never does.
    """
    workers = root.parent / "workers"
    workers.mkdir(exist_ok=True)
    (workers / str(os.getpid())).touch()
    end = time.monotonic() + _PATIENCE_S
    while len(list(workers.iterdir())) < 2:
        if time.monotonic() > end:
            raise TimeoutError("One worker makes all scenes.")
        time.sleep(0.05)
    return _write_scene(task, root, collection)
