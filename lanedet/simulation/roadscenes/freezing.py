"""Checks whether the scenes in a folder are those that are meant.

Two questions, and both are answered by the fingerprints of a few scenes of each
category, spread over all: is a folder as a benchmark's definition says, and does this
version draw what an earlier one has drawn there.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lanedet.files import replace_file
from lanedet.formats import (
    culane_label_path,
    culane_rows,
    read_culane_lanes,
    sample_culane_lane,
)
from lanedet.images import ImageError, read_image
from lanedet.simulation.export.scene_files import (
    SceneCollection,
    SceneTask,
    decode_scene,
    encode_scene,
)
from lanedet.simulation.make import make_scene
from lanedet.simulation.roadscenes.fingerprint import (
    Fingerprint,
    fingerprint,
    format_fingerprints,
    parse_fingerprints,
)
from lanedet.simulation.sampling.categories import deal_category
from lanedet.structures import LaneSample

_FOLDER = Path(__file__).parent

SCENES_PER_CATEGORY = 3
"""The scenes of each category that are looked at: the first, the last, one between."""


def spread_scenes(collection: SceneCollection, numbers: Sequence[int]) -> list[int]:
    """Return some of each category of scenes, from the first to the last of them.

    Args:
        collection: The scenes.
        numbers: The numbers to choose among.
    """
    of_category: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        category = collection.category
        if category is not None:
            category = deal_category(collection.seed, number, category)
        of_category[category or ""].append(number)
    chosen: set[int] = set()
    for those in of_category.values():
        places = np.linspace(0, len(those) - 1, SCENES_PER_CATEGORY).astype(int)
        chosen.update(those[place] for place in places)
    return sorted(chosen)


def draw_fingerprint(collection: SceneCollection, number: int) -> Fingerprint:
    """Return the fingerprint of a scene as this version draws and stores it."""
    image, sample = make_scene(
        collection.seed, number, collection.shape, collection.category
    )
    stored = decode_scene(encode_scene(image))
    rows = culane_rows(collection.shape[0])
    lanes = [sample_culane_lane(lane, rows) for lane in sample.gt_lanes]
    return fingerprint(stored, lanes)


def take_fingerprints(
    collection: SceneCollection, num_scenes: int
) -> dict[int, Fingerprint]:
    """Return the fingerprints that freeze a collection, by the scene's number.

    Args:
        collection: The scenes.
        num_scenes: How many of them, from the first on.
    """
    numbers = spread_scenes(collection, range(num_scenes))
    return {number: draw_fingerprint(collection, number) for number in numbers}


def read_fingerprints(file: str | Path, split: str) -> dict[int, Fingerprint]:
    """Return the fingerprints of a split, by the scene's number.

    Args:
        file: Name of a file beside this module, such as ``version_3.txt``, or the
            whole path of another. Each line of it is a split and a line of a
            fingerprint.
        split: The split; of one that the file does not name there are none.

    Raises:
        ValueError: If a line is none of a fingerprint, or a scene lacks one.
        FileNotFoundError: If there is no such file.
    """
    path = fingerprints_path(file)
    if not path.is_file():
        known = ", ".join(sorted(each.name for each in _FOLDER.glob("*.txt")))
        raise FileNotFoundError(
            f"fingerprints must name one of {known} or the whole path of a file, got "
            f"'{file}', and there is no '{path}'."
        )
    lines = (line.partition(" ") for line in path.read_text("utf-8").splitlines())
    return parse_fingerprints(line for name, _, line in lines if name == split)


def write_fingerprints(
    file: str | Path, splits: Mapping[str, Mapping[int, Fingerprint]]
) -> None:
    """Freeze a benchmark in a file, unless another drawing is frozen there.

    Args:
        file: See :func:`read_fingerprints`.
        splits: The fingerprints of each split, by the scene's number.

    Raises:
        ValueError: If the file holds other fingerprints.
        OSError: If it cannot be written.
    """
    path = fingerprints_path(file)
    lines = [
        f"{split} {line}\n"
        for split, of_split in splits.items()
        for line in format_fingerprints(of_split)
    ]
    text = "".join(lines)
    if path.is_file() and path.read_text("utf-8") != text:
        raise ValueError(
            f"'{path}' must stay as it is: it freezes other scenes than are drawn now. "
            "Name another file in the definition, and give it another folder for its "
            "scenes: another drawing is another version."
        )
    replace_file(path, text)


def fingerprints_path(file: str | Path) -> Path:
    """Return the path of a file of fingerprints, see :func:`read_fingerprints`."""
    return _FOLDER / file


def check_fingerprints(
    samples: Sequence[LaneSample], fingerprints: Mapping[int, Fingerprint]
) -> None:
    """Raise ValueError if a scene is not as its fingerprint says.

    Args:
        samples: The scenes by their number, with ``img_path`` and ``gt_lanes``.
        fingerprints: The fingerprints by the scene's number. Those of scenes beyond the
            last say nothing.
    """
    for number, expected in fingerprints.items():
        if number >= len(samples):
            continue
        sample = samples[number]
        found = fingerprint(read_image(sample.img_path), sample.gt_lanes)
        difference = found.difference(expected)
        if difference:
            raise ValueError(
                f"'{sample.img_path}' is not the scene that the config means: "
                f"{difference}. Delete the folder of the data set, and the scenes are "
                "made anew. If it comes again, this version draws scenes otherwise "
                "than the one whose scores are published; without fingerprints in the "
                "config it runs, but compares with nothing."
            )


def check_drawn_alike(
    root: Path, collection: SceneCollection, made: Sequence[SceneTask]
) -> None:
    """Raise ValueError if another drawing made the scenes in a folder.

    Args:
        root: Folder of the CULane tree.
        collection: The scenes that are meant.
        made: Those that are there, images and labels.
    """
    task_of = {task.number: task for task in made}
    for number in spread_scenes(collection, list(task_of)):
        path = root / task_of[number].image
        try:
            lanes = read_culane_lanes(culane_label_path(root, task_of[number].image))
            found = fingerprint(read_image(path), lanes)
            difference = found.difference(draw_fingerprint(collection, number))
        except ImageError as error:
            difference = str(error)
        if difference:
            raise ValueError(
                f"'{root}' has scenes that this version of lanedet draws otherwise, "
                f"such as '{path.name}' in '{path.parent.name}': {difference}. A data "
                "set must not mix two drawings. Delete the folder, and the scenes are "
                "made anew, or go on with the version that began it."
            )
