from pathlib import Path

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.datasets import LabelFaults, read_tusimple_labels
from lanedet.datasets.annotations import (
    Split,
    copy_picture,
    link_picture,
    needed_slots,
    split_folders,
    split_samples,
    write_culane_tree,
    write_tree,
    write_tusimple_tree,
)
from lanedet.datasets.culane import read_culane_labels
from lanedet.structures import LaneSample

LANE = np.array([[40.0, 85.0], [60.0, 25.0]])


def named(raw_file: str) -> LaneSample:
    return LaneSample(metainfo={"raw_file": raw_file})


def sample_of(path: Path, root: Path, *lanes: FloatArray) -> LaneSample:
    sample = LaneSample(
        metainfo={
            "img_path": str(path),
            "raw_file": path.relative_to(root).as_posix(),
            "ori_shape": (90, 160),
        }
    )
    sample.gt_lanes = list(lanes)
    return sample


def names(samples: list[LaneSample]) -> list[str]:
    return [sample.raw_file for sample in samples]


class TestSplit:
    def test_shares(self) -> None:
        samples = [named(f"{number}.jpg") for number in range(40)]
        split = split_samples(samples, 0.1)
        assert (len(split.train), len(split.val)) == (36, 4)
        assert {*names(split.train), *names(split.val)} == {*names(samples)}

    def test_depends_on_names_and_seed_alone(self) -> None:
        samples = [named(f"{number}.jpg") for number in range(40)]
        split = split_samples(samples, 0.2, seed=3)
        assert names(split.val) == names(split_samples(samples[::-1], 0.2, seed=3).val)
        assert names(split.val) != names(split_samples(samples, 0.2, seed=4).val)

    def test_known_split(self) -> None:
        # By sha256sum of "0:a.jpg" (2d1a...), "0:b.jpg" (9d25...) and "0:c.jpg" (e22c).
        samples = [named(name) for name in ("a.jpg", "b.jpg", "c.jpg")]
        assert names(split_samples(samples, 0.4).val) == ["a.jpg"]

    @pytest.mark.parametrize(("share", "num_val"), [(0.001, 1), (0.999, 2)])
    def test_each_part_gets_one(self, share: float, num_val: int) -> None:
        samples = [named(f"{number}.jpg") for number in range(3)]
        assert len(split_samples(samples, share).val) == num_val

    def test_folders_stay_whole(self) -> None:
        samples = [named(f"{n % 5}/{n}.jpg") for n in range(50)]
        split = split_folders(samples, 0.4)
        train, val = ({name[0] for name in names(part)} for part in split)
        assert len(val) == 2
        assert not train & val

    @pytest.mark.parametrize("share", [0.0, 1.0, -1.0, float("nan")])
    def test_share_out_of_range(self, share: float) -> None:
        with pytest.raises(ValueError, match=r"must lie in \(0, 1\)"):
            split_samples([named("a.jpg"), named("b.jpg")], share)

    def test_one_picture_cannot_be_split(self) -> None:
        with pytest.raises(ValueError, match="At least two pictures"):
            split_samples([named("a.jpg")], 0.5)
        with pytest.raises(ValueError, match="or folders"):
            split_folders([named("a.jpg"), named("b.jpg")], 0.5)


class TestTuSimpleTree:
    def test_reads_back(self, pictures: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        split = Split(
            [sample_of(pictures / "a.jpg", pictures, LANE)],
            [sample_of(pictures / "day" / "c.jpg", pictures)],
        )
        write_tree(out, split, write_tusimple_tree, copy_picture)
        (train,) = read_tusimple_labels(out / "train_label.json", out)
        assert train.raw_file == "images/a.jpg"
        assert Path(train.img_path).read_bytes() == (pictures / "a.jpg").read_bytes()
        np.testing.assert_array_equal(train.rows, np.arange(0, 90, 10))
        expected = [[58, 30], [55, 40], [52, 50], [48, 60], [45, 70], [42, 80]]
        np.testing.assert_array_equal(train.gt_lanes[0], expected)
        (val,) = read_tusimple_labels(out / "val_label.json", out)
        assert val.raw_file == "images/day/c.jpg"
        assert val.gt_lanes == []

    def test_lanes_end_at_the_border(
        self, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logged: list[str] = []
        monkeypatch.setattr(
            "lanedet.datasets.annotations.tree.print_log",
            lambda message, **_: logged.append(message),
        )
        across = np.array([[100.0, 0.0], [200.0, 80.0]])
        outside = np.array([[-50.0, 0.0], [-60.0, 80.0]])
        between_rows = np.array([[5.0, 11.0], [9.0, 19.0]])
        one = sample_of(pictures / "a.jpg", pictures, across, outside, between_rows)
        split = Split([one], [sample_of(pictures / "b.png", pictures, LANE)])
        write_tree(tmp_path / "out", split, write_tusimple_tree, copy_picture)
        file = tmp_path / "out" / "train_label.json"
        (sample,) = read_tusimple_labels(file, tmp_path)
        (lane,) = sample.gt_lanes
        assert lane[:, 1].tolist() == [0, 10, 20, 30, 40]
        assert lane[:, 0].max() < 160
        assert len(logged) == 1
        assert logged[0].startswith("2 lanes of 4 cross no row")

    def test_links_share_the_file(self, pictures: Path, tmp_path: Path) -> None:
        split = Split(
            [sample_of(pictures / "a.jpg", pictures, LANE)],
            [sample_of(pictures / "b.png", pictures, LANE)],
        )
        write_tree(tmp_path / "out", split, write_tusimple_tree, link_picture)
        assert (tmp_path / "out/images/a.jpg").samefile(pictures / "a.jpg")

    def test_a_link_that_cannot_be_made(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="Leave --link out"):
            link_picture(tmp_path / "none.jpg", tmp_path / "other.jpg")

    def test_nothing_is_overwritten(self, pictures: Path) -> None:
        before = sorted(pictures.rglob("*"))
        with pytest.raises(ValueError, match="must be a new or an empty folder"):
            write_tree(pictures, Split([], []), write_tusimple_tree, copy_picture)
        assert sorted(pictures.rglob("*")) == before


class TestCULaneTree:
    def test_reads_back(self, pictures: Path, tmp_path: Path) -> None:
        out = tmp_path / "out"
        downwards = np.array([[60.0, 25.0], [40.25, 85.0]])
        split = Split(
            [sample_of(pictures / "a.jpg", pictures, downwards)],
            [sample_of(pictures / "day" / "c.jpg", pictures)],
        )
        write_tree(out, split, write_culane_tree, copy_picture)
        faults = LabelFaults()
        for name in ("train", "train_gt"):
            (train,) = read_culane_labels(out / f"list/{name}.txt", out, faults)
            assert train.raw_file == "images/a.jpg"
            np.testing.assert_array_equal(train.gt_lanes[0], downwards[::-1])
        for name in ("val", "val_gt", "test"):
            (val,) = read_culane_labels(out / f"list/{name}.txt", out, faults)
            assert val.raw_file == "images/day/c.jpg"
            assert val.gt_lanes == []

    def test_two_pictures_of_one_stem(self, pictures: Path, tmp_path: Path) -> None:
        (pictures / "b.png").rename(pictures / "a.png")
        split = Split(
            [sample_of(pictures / "a.jpg", pictures, LANE)],
            [sample_of(pictures / "a.png", pictures, LANE)],
        )
        with pytest.raises(ValueError, match=r"a\.jpg' and 'images/a\.png' cannot"):
            write_tree(tmp_path / "out", split, write_culane_tree, copy_picture)


def test_needed_slots_by_side() -> None:
    left, right = np.array([[0.0, 9.0], [5.0, 0.0]]), np.array([[9.0, 9.0], [5.0, 0.0]])
    assert needed_slots([]) == 0
    assert needed_slots([left, right]) == 2
    assert needed_slots([right, right, left]) == 4
