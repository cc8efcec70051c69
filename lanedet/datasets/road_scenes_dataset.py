"""RoadScenes: generated scenes as a benchmark that makes itself on first use."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from lanedet.datasets.culane_dataset import CULaneDataset
from lanedet.formats import LabelError, tusimple_rows
from lanedet.simulation.arguments import check_shape, check_whole
from lanedet.simulation.export.culane import LISTS
from lanedet.simulation.export.scene_files import (
    BENCHMARK_SEEDS,
    SceneCollection,
    check_seed_is_free,
)
from lanedet.simulation.roadscenes.freezing import (
    check_fingerprints,
    read_fingerprints,
)
from lanedet.simulation.roadscenes.split import make_split
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
            sample.set_metainfo({"rows": tusimple_rows(self.collection.shape[0])})
        return samples
