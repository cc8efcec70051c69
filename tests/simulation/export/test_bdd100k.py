import json
from pathlib import Path

import numpy as np
import pytest

from lanedet.datasets import BDD100KDataset
from lanedet.ops import resample_polyline
from lanedet.simulation import sample_scene, scene_lanes, write_scene_tree

SHAPE = (90, 160)
SEED = 2**32 - 1


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("bdd100k")
    counts = write_scene_tree(root, 20, SEED, SHAPE, 1, "curve", "bdd100k")
    assert counts == {"train": 14, "val": 4, "test": 2}
    return root


def test_the_reader_reads_the_lanes_back(tree: Path) -> None:
    numbers = set()
    for split, size in (("train", 12), ("val", 2), ("test", 4)):
        dataset = BDD100KDataset(data_root=str(tree), split=split, pipeline=[])
        assert len(dataset) == size
        for index in range(size):
            read = dataset.get_data_info(index)["data_samples"]
            number = int(read.raw_file.partition("-")[2], 16)
            made = scene_lanes(sample_scene(SEED, number, "curve"), SHAPE)
            assert len(read.gt_lanes) == len(made)
            for lane, truth in zip(read.gt_lanes, made, strict=True):
                # The reader drops points that say nothing.
                dense = resample_polyline(lane, spacing=0.05)
                apart = np.hypot(*(truth[:, None] - dense[None]).transpose(2, 0, 1))
                assert apart.min(axis=1).max() < 0.1
                # Of two that all but coincide, either may be the end.
                assert np.allclose(lane[[0, -1]], truth[[0, -1]], rtol=0, atol=1e-4)
            assert Path(read.img_path).is_file()
            numbers.add(number)
    assert numbers == set(range(18))


def test_names_and_records_are_as_the_benchmarks(tree: Path) -> None:
    folders = {path.name for path in (tree / "labels/100k").iterdir()}
    assert folders == {"train", "val", "test"}
    path = tree / "labels/100k/train/ffffffff-00000000.json"
    record = json.loads(path.read_text())
    assert record["name"] == "ffffffff-00000000"
    first = record["frames"][0]["objects"][0]
    assert first["category"].startswith("lane/")
    assert {kind for *_, kind in first["poly2d"]} == {"L"}
