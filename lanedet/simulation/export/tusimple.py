"""A TuSimple data set made of generated scenes.

Layout and file names are those of the benchmark, so its reader reads the result:

* ``label_data_0313.json`` and ``label_data_0601.json`` (together four fifths of the
  scenes) are the training set, ``label_data_0531.json`` is the validation set,
* ``test_label.json`` is the test set, and ``test_tasks_0627.json`` its template,
* images lie in ``clips/<date>/<number>/20.jpg``.
"""

from pathlib import Path

import numpy as np

from lanedet.files import replace_file
from lanedet.formats import TuSimpleLine, format_tusimple_line, write_tusimple_labels
from lanedet.simulation.export.layout import Layout, Splits
from lanedet.simulation.export.scene_files import SceneTask
from lanedet.structures import LaneSample

TASK_FILE = "test_tasks_0627.json"
"""The template of a submission. It names the test images."""

_TEMPLATE_MS = 1000  # the running time in a template
_TEST_FILE = "test_label.json"
_FOLDERS = {
    "label_data_0313.json": "0313-1",
    "label_data_0601.json": "0601",
    "label_data_0531.json": "0531",
    _TEST_FILE: "0530",
}


def _task(split: str, number: int, seed: int) -> SceneTask:
    del seed
    image = f"clips/{_FOLDERS[split]}/{number:06d}/20.jpg"
    return SceneTask(number, image, image)


def _write_labels(root: Path, part: Path, splits: Splits) -> None:
    del root
    for name, samples in splits.items():
        write_tusimple_labels(part / name, samples)
    lines = [_template_line(sample) for sample in splits[_TEST_FILE]]
    replace_file(part / TASK_FILE, "".join(lines))


def _template_line(sample: LaneSample) -> str:
    """Return a test image's line of the template, as the benchmark publishes it."""
    no_lanes = np.zeros((0, len(sample.rows)))
    line = TuSimpleLine(sample.raw_file, no_lanes, sample.rows, _TEMPLATE_MS)
    return f"{format_tusimple_line(line)}\n"


TUSIMPLE_TREE = Layout(
    shape=(360, 640),  # the benchmark's are twice as large
    shares=dict(zip(_FOLDERS, (0.4, 0.4, 0.1, 0.1), strict=True)),
    image_folders=tuple(f"clips/{folder}" for folder in _FOLDERS.values()),
    labels=(*_FOLDERS, TASK_FILE),
    task=_task,
    write_labels=_write_labels,
)
