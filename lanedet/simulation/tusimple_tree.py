"""A TuSimple data set made of generated scenes: its tree, its splits, its files.

Layout and file names are those of the benchmark, so its reader reads the result:

* ``label_data_0313.json`` and ``label_data_0601.json`` (together four fifths of the
  scenes) are the training set, ``label_data_0531.json`` is the validation set,
* ``test_label.json`` is the test set, and ``test_tasks_0627.json`` its template,
* images lie in ``clips/<date>/<number>/20.jpg``.

One file is not the benchmark's: ``scenes.json`` says how the scenes were made, and
tells a folder of ours from one with the real data set, which nothing may overwrite.
"""

import itertools
import json
import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import cv2

from lanedet import __version__
from lanedet.datasets import write_tusimple_labels
from lanedet.runtime import hold_interrupts, progress_bar
from lanedet.simulation.categories import check_category
from lanedet.simulation.render import check_shape
from lanedet.simulation.sampler import make_scene
from lanedet.structures import LaneSample

LABEL_FILES = (
    "label_data_0313.json",
    "label_data_0601.json",
    "label_data_0531.json",
    "test_label.json",
)
"""Label files in the order in which the scenes are dealt to them."""

TASK_FILE = "test_tasks_0627.json"

PROVENANCE_FILE = "scenes.json"
"""Says that the scenes are generated, and how. Written before everything else."""

_FOLDERS = ("0313-1", "0601", "0531", "0530")
_SHARES = (0.4, 0.4, 0.1, 0.1)
_JPEG_QUALITY = 92


class _Task(NamedTuple):
    """One scene to make."""

    number: int
    raw_file: str


def write_tusimple_tree(
    root: Path,
    num_scenes: int,
    seed: int,
    shape: tuple[int, int] = (360, 640),
    num_workers: int = 1,
    category: str | None = None,
) -> dict[str, int]:
    """Make scenes and write them as a TuSimple data set.

    The files do not depend on the number of workers. Label files are written last, the
    template after them, and old ones are removed first: a tree with them is complete.

    Args:
        root: Folder of the data set; it is made. Scenes in it are replaced.
        num_scenes: Number of scenes in all splits together, at least 4.
        seed: Names the collection, >= 0.
        shape: (H, W) of the images.
        num_workers: Number of processes, at least 1.
        category: Of which category or mixture all scenes are, or None, see :func:`~lanedet.simulation.sampler.sample_scene`.

    Returns:
        Number of scenes in each label file.

    Raises:
        ValueError: If a number is out of its range, the category is unknown, or
            ``root`` holds label files that were not generated.
        OSError: If a file cannot be written.
    """
    _check_numbers(num_scenes, seed, shape, num_workers)
    if category is not None:
        check_category(category)
    _claim(root, num_scenes, seed, shape, category)
    counts = split_counts(num_scenes)
    make = partial(_write_scene, root=root, seed=seed, shape=shape, category=category)
    results = _results(make, _tasks(counts), num_workers)
    samples = list(progress_bar(results, total=num_scenes, desc="scenes", unit="scene"))
    splits, start = {}, 0
    for name, count in zip(LABEL_FILES, counts, strict=True):
        splits[name] = samples[start : start + count]
        start += count
    _write_label_files(root, splits)
    return dict(zip(LABEL_FILES, counts, strict=True))


def split_counts(num_scenes: int) -> tuple[int, ...]:
    """Return the number of scenes in each label file, at least 1.

    Example:
        >>> split_counts(100), split_counts(4)
        ((40, 40, 10, 10), (1, 1, 1, 1))
    """
    small = [max(1, int(num_scenes * share)) for share in _SHARES[1:]]
    return (num_scenes - sum(small), *small)


def _check_numbers(
    num_scenes: int, seed: int, shape: tuple[int, int], num_workers: int
) -> None:
    check_shape(shape)
    if num_scenes < len(LABEL_FILES):
        raise ValueError(
            f"num_scenes must be at least {len(LABEL_FILES)}, one for each label file, "
            f"got {num_scenes}."
        )
    if seed < 0:
        raise ValueError(f"seed must be >= 0, got {seed}.")
    if num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, got {num_workers}.")


def _claim(
    root: Path,
    num_scenes: int,
    seed: int,
    shape: tuple[int, int],
    category: str | None,
) -> None:
    """Make the folder ours and remove our old scenes from it."""
    files = (*LABEL_FILES, TASK_FILE)
    found = [name for name in files if (root / name).exists()]
    if found and not (root / PROVENANCE_FILE).is_file():
        raise ValueError(
            f"'{root}' must not hold a data set that was not generated: it has "
            f"{found[0]} but no {PROVENANCE_FILE}. Choose another folder, or delete "
            f"{', '.join(found)} if nobody needs them."
        )
    if (root / PROVENANCE_FILE).is_file():
        for folder in _FOLDERS:
            shutil.rmtree(root / "clips" / folder, ignore_errors=True)
    # The template first: who finds it takes the tree for complete.
    for name in reversed(files):
        (root / name).unlink(missing_ok=True)
    height, width = shape
    provenance = {
        "num": num_scenes,
        "seed": seed,
        "size": f"{width}x{height}",
        "lanedet": __version__,
        "category": category,
    }
    root.mkdir(parents=True, exist_ok=True)
    text = json.dumps(provenance, indent=2) + "\n"
    (root / PROVENANCE_FILE).write_text(text, encoding="utf-8")


def _tasks(counts: Sequence[int]) -> list[_Task]:
    folders = itertools.chain.from_iterable(
        itertools.repeat(folder, count)
        for folder, count in zip(_FOLDERS, counts, strict=True)
    )
    return [
        _Task(number, f"clips/{folder}/{number:06d}/20.jpg")
        for number, folder in enumerate(folders)
    ]


def _results(
    make: Callable[[_Task], LaneSample], tasks: Sequence[_Task], num_workers: int
) -> Iterator[LaneSample]:
    """Yield the results in the order of the tasks."""
    if num_workers == 1:
        yield from map(make, tasks)
        return
    # Not forked: libraries that hold threads do not survive it.
    context = multiprocessing.get_context("spawn")
    with context.Pool(num_workers, initializer=_start_worker) as pool:
        yield from pool.imap(make, tasks, chunksize=8)


def _start_worker() -> None:
    """Leave the other cores to the other workers, and Ctrl-C to the parent."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _write_scene(
    task: _Task, root: Path, seed: int, shape: tuple[int, int], category: str | None
) -> LaneSample:
    image, sample = make_scene(seed, task.number, shape, category)
    path = root / task.raw_file
    path.parent.mkdir(parents=True, exist_ok=True)
    quality = [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    path.write_bytes(jpeg.tobytes())
    sample.set_metainfo({"raw_file": task.raw_file, "img_path": str(path)})
    return sample


def _write_label_files(root: Path, splits: dict[str, list[LaneSample]]) -> None:
    """Write all label files and the template, under their names only when whole."""
    parts = {name: root / f".{name}.part" for name in (*splits, TASK_FILE)}
    for name, samples in splits.items():
        write_tusimple_labels(parts[name], samples)
    lines = [_template_line(sample) for sample in splits["test_label.json"]]
    parts[TASK_FILE].write_text("".join(lines), encoding="utf-8")
    with hold_interrupts():
        for name, part in parts.items():
            part.replace(root / name)


def _template_line(sample: LaneSample) -> str:
    """Return a test image's line of the template, as the benchmark publishes it."""
    rows = [int(row) for row in sample.rows]
    record = {"h_samples": rows, "lanes": [], "run_time": 1000}
    return json.dumps({**record, "raw_file": sample.raw_file}) + "\n"
