"""RoadScenes: generated scenes as a benchmark that makes itself on first use."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from filelock import FileLock, Timeout
from tqdm import tqdm

from lanedet.datasets import (
    CULaneDataset,
    LabelError,
    culane_label_path,
    read_culane_list,
    write_culane_list,
)
from lanedet.files import replace_file
from lanedet.simulation.arguments import check_shape, check_whole
from lanedet.simulation.export.culane import (
    CULANE_TREE,
    LISTS,
    write_category_lists,
    write_lane_files,
)
from lanedet.simulation.export.scene_files import (
    BENCHMARK_SEEDS,
    PROVENANCE_FILE,
    SceneCollection,
    SceneTask,
    check_seed_is_free,
    make_scene_files,
    num_scene_workers,
)
from lanedet.simulation.make import label_rows
from lanedet.simulation.roadscenes.freezing import (
    check_drawn_alike,
    check_fingerprints,
    read_fingerprints,
)
from lanedet.simulation.sampling.categories import deal_category
from lanedet.structures import LaneSample


class RoadScenesDataset(CULaneDataset):
    """One split of scenes in a CULane tree; what is missing of it is made.

    The scenes are those of one collection, from its first on, so that fewer scenes are
    always the beginning of more. Making them is announced, shows its progress and uses
    all cores. Processes that need the same scenes wait for one another, and one that
    was interrupted goes on where it was.

    Samples have what the rules of CULane and TuSimple need, ``category`` (in the test
    split, by its name in CULane) and ``rows``.

    Args:
        data_root: Folder of the tree; it is made.
        split: ``train``, ``val`` or ``test``.
        seed: Names the collection.
        num_scenes: Number of scenes, at least 1.
        shape: (H, W) of the images.
        category: Category or mixture, see
            :func:`~lanedet.simulation.sampling.sampler.sample_scene`.
        pipeline: Configs of the transforms.
        fingerprints: File that says what some scenes must look like, see
            :func:`~lanedet.simulation.roadscenes.freezing.read_fingerprints`; None for
            scenes that may look as they like.
        indices: Use the first so many scenes, or the given ones. All are made.
        test_mode: As in mmengine's ``BaseDataset``.

    Raises:
        ValueError: If an argument is out of its range, the folder holds other scenes,
            or a scene is not as its fingerprint says.
        OSError: If a file cannot be written.
    """

    makes_its_folder: ClassVar[bool] = True

    def __init__(  # noqa: PLR0913
        self,
        *,
        data_root: str,
        split: str,
        seed: int,
        num_scenes: int,
        shape: tuple[int, int],
        category: str,
        pipeline: Sequence[Mapping[str, Any]],
        fingerprints: str | None = None,
        indices: int | Sequence[int] | None = None,
        test_mode: bool = False,
    ) -> None:
        if split not in LISTS:
            raise ValueError(f"split must be one of {', '.join(LISTS)}, got {split!r}.")
        check_whole("num_scenes", num_scenes, 1)
        if seed != BENCHMARK_SEEDS[split]:
            check_seed_is_free(seed)
        check_shape(shape)
        height, width = shape  # a list in configs that come from a file
        self.split = split
        self.collection = SceneCollection(seed, (height, width), category)
        self.num_scenes = num_scenes
        self.fingerprints = (
            {} if fingerprints is None else read_fingerprints(fingerprints, split)
        )
        super().__init__(
            data_root=data_root,
            pipeline=pipeline,
            list_file=LISTS[split],
            indices=indices,
            test_mode=test_mode,
        )

    def load_samples(self, data_root: Path) -> list[LaneSample]:
        """Make the scenes that are missing, and read the labels."""
        make_split(data_root, self.split, self.collection, self.num_scenes)
        try:
            samples = super().load_samples(data_root)[: self.num_scenes]
        except LabelError as error:
            raise LabelError(
                f"{error} Delete '{data_root / LISTS[self.split]}', and missing scenes "
                f"are made again; delete '{data_root}', and all are."
            ) from error
        check_fingerprints(samples, self.fingerprints)
        for sample in samples:
            sample.set_metainfo({"rows": label_rows(self.collection.shape[0])})
        return samples


def make_split(
    root: Path, split: str, collection: SceneCollection, num_scenes: int
) -> None:
    """Make the first scenes of a collection, unless they are there.

    Scenes that are added to others must be drawn as they are.

    Args:
        root: Folder of the CULane tree; it is made.
        split: ``train``, ``val`` or ``test``.
        collection: The scenes.
        num_scenes: How many there must be.

    Raises:
        ValueError: If the folder of the split holds other scenes, or scenes of another
            drawing that are to be continued, or the tree is another data set's.
        OSError: If a file cannot be written.
    """
    if _num_listed(root, split, collection) >= num_scenes:
        return
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / ".lock")
    try:
        lock.acquire(timeout=1)
    except Timeout:
        tqdm.write(f"Waiting for the process that makes scenes in {root}.")
        lock.acquire()
    try:
        if _num_listed(root, split, collection) < num_scenes:
            _make_missing(root, split, collection, num_scenes)
    finally:
        lock.release()


def _num_listed(root: Path, split: str, collection: SceneCollection) -> int:
    """Return how many scenes of a split are complete, after checking whose they are."""
    list_file, folder = root / LISTS[split], _folder(root, split)
    if (root / PROVENANCE_FILE).is_file():
        raise ValueError(
            f"'{root}' must hold scenes of RoadScenes or nothing: it has a "
            f"{PROVENANCE_FILE}, so lanedet scenes makes another data set there. "
            "Choose another folder."
        )
    if (folder / PROVENANCE_FILE).is_file():
        _check_provenance(folder / PROVENANCE_FILE, collection)
    elif list_file.is_file() or _holds_files(folder):
        found = list_file if list_file.is_file() else folder
        raise ValueError(
            f"'{root}' must hold scenes of RoadScenes or nothing: it has "
            f"{found.relative_to(root)}, but no {folder.name}/{PROVENANCE_FILE}. "
            "Choose another folder."
        )
    return len(read_culane_list(list_file)) if list_file.is_file() else 0


def _check_provenance(provenance_file: Path, collection: SceneCollection) -> None:
    expected = collection.provenance()
    try:
        found = dict(json.loads(provenance_file.read_bytes()))
    except (ValueError, TypeError):
        found = {}
    if "drawing" not in found and "seed" in found:
        raise ValueError(
            f"'{provenance_file.parent}' does not say which drawing made its scenes: a "
            "version of lanedet worked on it that did not check that they are all of "
            "one. Delete the folder of the data set, and they are made anew."
        )
    # Whether another drawing draws the same, only its scenes can tell.
    different = [
        f"{key} {found.get(key)!r} instead of {expected[key]!r}"
        for key in ("seed", "size", "category")
        if found.get(key) != expected[key]
    ]
    if different:
        raise ValueError(
            f"'{provenance_file.parent}' holds other scenes: {', '.join(different)}. "
            "Choose another folder, or delete this one."
        )


def _make_missing(
    root: Path, split: str, collection: SceneCollection, num_scenes: int
) -> None:
    """Make what an earlier run has not, and list all."""
    folder, part = _folder(root, split), root / ".part"
    tasks = [
        CULANE_TREE.task(split, number, collection.seed) for number in range(num_scenes)
    ]
    made = [task for task in tasks if _is_made(root, task)]
    check_drawn_alike(root, collection, made)
    folder.mkdir(exist_ok=True)
    text = json.dumps(collection.provenance(), indent=2) + "\n"
    replace_file(folder / PROVENANCE_FILE, text)
    missing = sorted({*tasks} - {*made})
    for task in missing:  # a label without its image would stand for half of one
        culane_label_path(root, task.image).unlink(missing_ok=True)
    num_workers = num_scene_workers(len(missing))
    tqdm.write(f"Making {len(missing):,} scenes in {folder}, once.")
    for sample in make_scene_files(
        root, collection, missing, num_workers, f"{split} scenes"
    ):
        write_lane_files(part, [sample])
        # Only whole ones: an empty label file says that there is no lane.
        _move(part, root, culane_label_path(Path(), sample.raw_file))
    if split == "test":
        _list_categories(root, [task.image for task in tasks], collection)
    write_culane_list(part / LISTS[split], [task.image for task in tasks])
    _move(part, root, Path(LISTS[split]))
    shutil.rmtree(part)


def _is_made(root: Path, task: SceneTask) -> bool:
    return all(
        path.is_file()
        for path in (root / task.image, culane_label_path(root, task.image))
    )


def _holds_files(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())


def _list_categories(
    root: Path, images: Sequence[str], collection: SceneCollection
) -> None:
    if collection.category is not None:
        write_category_lists(
            root,
            {
                image: deal_category(collection.seed, number, collection.category)
                for number, image in enumerate(images)
            },
        )


def _move(part: Path, root: Path, name: Path) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (part / name).replace(root / name)


def _folder(root: Path, split: str) -> Path:
    return root / f"scenes_{split}"
