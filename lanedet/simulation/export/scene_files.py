"""Scenes as image files: which ones, and making them on several processes."""

import hashlib
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from lanedet import __version__
from lanedet.arrays import ByteArray
from lanedet.files import replace_file
from lanedet.runtime import (
    end_with_parent,
    num_usable_cores,
    progress_bar,
    tune_allocator,
)
from lanedet.simulation.arguments import check_shape, check_whole
from lanedet.simulation.make import make_scene
from lanedet.simulation.sampling.categories import check_category
from lanedet.structures import LaneSample

LARGEST_SEED = 2**32 - 1
"""The largest seed: names of BDD100K's images hold it in eight hexadecimal digits."""

BENCHMARK_SEEDS = {"train": 20_001, "val": 20_002, "test": 20_003}
"""The seeds of RoadScenes' splits. No other collection may have them, for its scenes
would be those that the benchmark tests with."""

PROVENANCE_FILE = "scenes.json"
"""The file that says in a folder that its scenes are generated, and how."""

MIN_SCENES_TO_SHARE = 200
"""The fewest scenes for which starting processes takes no longer than it saves."""

MAX_WORKERS = 256
"""The most processes that make scenes at once."""

_PACKAGE = Path(__file__).parents[1]
_SCENES_AT_ONCE = 8  # what a process is given at a time
_GUARD = 'if __name__ == "__main__":'

JPEG_QUALITY = 92
"""The quality of the scenes' files, of 100."""


def check_seed_is_free(seed: int) -> None:
    """Raise ValueError if a seed is one of RoadScenes' own."""
    for split, reserved in BENCHMARK_SEEDS.items():
        if seed == reserved:
            raise ValueError(
                f"seed must not be {seed}: those scenes are the {split} split of the "
                "benchmark RoadScenes, and who trains on them cannot be scored by it. "
                "Choose another seed."
            )


@dataclass(frozen=True)
class SceneCollection:
    """Scenes that have a number each, from 0 up.

    Attributes:
        seed: Names the collection, from 0 to :data:`LARGEST_SEED`.
        shape: (H, W) of the images.
        category: The category or mixture of all scenes, or None, see
            :func:`~lanedet.simulation.sampling.sampler.sample_scene`.

    Raises:
        ValueError: If a number is out of its range or the category is unknown.
    """

    seed: int
    shape: tuple[int, int]
    category: str | None = None

    def __post_init__(self) -> None:
        check_shape(self.shape)
        check_whole("seed", self.seed, 0, LARGEST_SEED)
        if self.category is not None:
            check_category(self.category)

    def provenance(self) -> dict[str, Any]:
        """Return what :data:`PROVENANCE_FILE` says."""
        height, width = self.shape
        return {
            "seed": self.seed,
            "size": f"{width}x{height}",
            "category": self.category,
            "lanedet": __version__,
            "drawing": drawing_code(),
        }


class SceneTask(NamedTuple):
    """One scene to make."""

    number: int
    """The scene's number in its collection."""

    image: str
    """The path of the image in its tree, with slashes."""

    raw_file: str
    """The name of the sample."""


def make_scene_files(
    root: Path,
    collection: SceneCollection,
    tasks: Sequence[SceneTask],
    num_workers: int,
    desc: str = "scenes",
) -> Iterator[LaneSample]:
    """Write the images of scenes, with a progress bar.

    The files do not depend on the number of workers.

    Args:
        root: Folder of the tree.
        collection: The scenes.
        tasks: The numbers of those to make, and where they go.
        num_workers: Number of processes, at least 1.
        desc: What the bar says.

    Yields:
        The samples, in the order of the tasks, each when its image is there.

    Raises:
        ValueError: If the number of workers is out of its range.
        ChildProcessError: An OSError, if a process ends before its scenes are made.
        OSError: If a file cannot be written.
    """
    make = partial(_write_scene, root=root, collection=collection)
    results = _results(make, tasks, num_workers)
    yield from progress_bar(results, total=len(tasks), desc=desc, unit="scene")


def encode_scene(image: ByteArray) -> bytes:
    """Return what is in the file of a scene, RGB uint8 (H, W, 3)."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    return jpeg.tobytes()


def decode_scene(jpeg: bytes) -> ByteArray:
    """Return the picture, RGB uint8 (H, W, 3), that a file of a scene holds."""
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def drawing_code(package: Path = _PACKAGE) -> str:
    """Return a name of the code that draws: another for each state of its source.

    Equal names draw alike. Of different ones, only their scenes can tell.

    Args:
        package: The folder of the code, with all folders in it.
    """
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:12]


def num_scene_workers(num_scenes: int) -> int:
    """Return how many processes to make scenes on: one per usable core, or just one."""
    return num_usable_cores() if num_scenes >= MIN_SCENES_TO_SHARE else 1


def check_num_workers(num_workers: int) -> None:
    """Raise ValueError unless there can be so many."""
    if num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {num_workers}.")
    if num_workers > MAX_WORKERS:
        raise ValueError(
            f"num_workers must be at most {MAX_WORKERS}, got {num_workers}."
        )


def check_may_start_processes() -> None:
    """Raise RuntimeError in a process that is itself just being started.

    Such a process runs the lines of the user's script that are not guarded, and so it
    comes to where it was started from. There it would wait for scenes that it is to
    make.
    """
    # What multiprocessing itself looks at when a process is started.
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        script = getattr(sys.modules.get("__mp_main__"), "__file__", "The script")
        raise RuntimeError(
            f"'{script}' must make scenes, and data sets that make them, below "
            f"`{_GUARD}`: they are made in several processes, and each of these runs "
            "the other lines of the script again."
        )


def _results(
    make: Callable[[SceneTask], LaneSample],
    tasks: Sequence[SceneTask],
    num_workers: int,
) -> Iterator[LaneSample]:
    """Yield the results in the order of the tasks."""
    check_num_workers(num_workers)
    if num_workers == 1:
        yield from map(make, tasks)
        return
    # Not forked: libraries that hold threads do not survive it.
    executor = ProcessPoolExecutor(
        num_workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start_worker,
    )
    try:
        yield from _in_order(executor, make, tasks, 2 * num_workers)
    except BrokenProcessPool as error:
        raise ChildProcessError(
            "A process that makes scenes has ended before they are made. In a script "
            "of your own, make scenes, and data sets that make them, below "
            f"`{_GUARD}`: each process runs the other lines of the script again. "
            f"Otherwise {num_workers} processes may need more memory than there is: "
            "ask for fewer."
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _in_order(
    executor: ProcessPoolExecutor,
    make: Callable[[SceneTask], LaneSample],
    tasks: Sequence[SceneTask],
    num_ahead: int,
) -> Iterator[LaneSample]:
    """Yield results in the order of the tasks, some of which are done ahead."""
    ahead: deque[Future[list[LaneSample]]] = deque()
    for start in range(0, len(tasks), _SCENES_AT_ONCE):
        chunk = tasks[start : start + _SCENES_AT_ONCE]
        ahead.append(executor.submit(_make_all, make, chunk))
        if len(ahead) > num_ahead:
            yield from ahead.popleft().result()
    for future in ahead:
        yield from future.result()


def _make_all(
    make: Callable[[SceneTask], LaneSample], tasks: Sequence[SceneTask]
) -> list[LaneSample]:
    return [make(task) for task in tasks]


def _start_worker() -> None:
    """Leave the other cores to the other workers, and Ctrl-C to the parent.

    An effect makes many arrays of the size of a picture: to map each of
    them afresh costs a tenth of a worker's time or more.
    """
    end_with_parent()
    cv2.setNumThreads(1)
    tune_allocator()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write_scene(
    task: SceneTask, root: Path, collection: SceneCollection
) -> LaneSample:
    image, sample = make_scene(
        collection.seed, task.number, collection.shape, collection.category
    )
    path = root / task.image
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, encode_scene(image))
    sample.set_metainfo({"raw_file": task.raw_file, "img_path": str(path)})
    return sample
