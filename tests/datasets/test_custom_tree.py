import base64
import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.datasets.custom_tree import (
    Split,
    WriteTree,
    copy_picture,
    link_picture,
    needed_slots,
    split_folders,
    split_samples,
    write_culane_tree,
    write_tree,
    write_tusimple_tree,
)
from lanedet.files import claim_folder
from lanedet.formats import LabelFaults, read_tusimple_labels
from lanedet.formats.annotations.pictures import EncodedPicture, Picture
from lanedet.formats.culane import read_culane_labels
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

    def test_lanes_end_at_the_border(self, pictures: Path, tmp_path: Path) -> None:
        across = np.array([[100.0, 0.0], [200.0, 80.0]])
        outside = np.array([[-50.0, 0.0], [-60.0, 80.0]])
        between_rows = np.array([[5.0, 11.0], [9.0, 19.0]])
        one = sample_of(pictures / "a.jpg", pictures, across, outside, between_rows)
        split = Split([one], [sample_of(pictures / "b.png", pictures, LANE)])
        with pytest.warns(UserWarning, match="^2 lanes of 4 cross no row"):
            write_tree(tmp_path / "out", split, write_tusimple_tree, copy_picture)
        file = tmp_path / "out" / "train_label.json"
        (sample,) = read_tusimple_labels(file, tmp_path)
        (lane,) = sample.gt_lanes
        assert lane[:, 1].tolist() == [0, 10, 20, 30, 40]
        assert lane[:, 0].max() < 160

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
        assert list((tmp_path / "out").iterdir()) == []


class TestNames:
    """Names are checked before any picture is copied, so that it can be done again."""

    def split(self, pictures: Path, *names: str | bytes) -> Split:
        samples = []
        for name in map(os.fsdecode, names):
            path = pictures / name
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(pictures / "a.jpg", path)
            samples.append(sample_of(path, pictures, LANE))
        return Split(samples[:1], samples[1:])

    @pytest.mark.parametrize(
        ("name", "write_labels"),
        [
            pytest.param("a\nb.jpg", write_culane_tree, id="line break in a list"),
            pytest.param("a\\b.jpg", write_culane_tree, id="backslash in a list"),
            pytest.param("a\\b.jpg", write_tusimple_tree, id="backslash"),
            pytest.param("no suffix", write_culane_tree, id="no suffix in a list"),
            pytest.param("a" * 250 + ".jpg", write_culane_tree, id="too long"),
        ],
    )
    def test_those_that_labels_cannot_hold(
        self, pictures: Path, tmp_path: Path, name: str, write_labels: WriteTree
    ) -> None:
        split, out = self.split(pictures, "b/1.jpg", name), tmp_path / "out"
        copied: list[Path] = []
        with pytest.raises((ValueError, OSError), match=r"read|back|ending|at most"):
            write_tree(out, split, write_labels, lambda _, path: copied.append(path))
        assert copied == []
        again = self.split(pictures, "c/1.jpg", "c/2.jpg")
        write_tree(out, again, write_labels, copy_picture)
        assert all((out / "images/c" / name).is_file() for name in ("1.jpg", "2.jpg"))

    @pytest.mark.parametrize(
        "name",
        [
            "12:30:00.mp4/00:01.jpg",
            "a:1.jpg",
            "C:/b.jpg",
            'it\'s "1".jpg'.replace(" ", "_"),
            "a.b.c/1.2.jpg",
            "*?[x].jpg",
            "\U0001f697.jpg",
            pytest.param(b"\xb3\xb5.jpg", id="bytes of GBK"),
            "-a.jpg",
        ],
    )
    @pytest.mark.parametrize("form", ["tusimple", "culane"])
    def test_all_others_come_back(
        self, pictures: Path, tmp_path: Path, name: str | bytes, form: str
    ) -> None:
        split, out = self.split(pictures, "b/1.jpg", name), tmp_path / "out"
        if form == "tusimple":
            write_tree(out, split, write_tusimple_tree, copy_picture)
            (sample,) = read_tusimple_labels(out / "val_label.json", out)
        else:
            write_tree(out, split, write_culane_tree, copy_picture)
            faults = LabelFaults()
            (sample,) = read_culane_labels(out / "list/val.txt", out, faults)
        assert sample.raw_file == f"images/{os.fsdecode(name)}"
        assert Path(sample.img_path).read_bytes() == (pictures / "a.jpg").read_bytes()
        assert len(sample.gt_lanes) == 1

    def test_a_split_of_names_that_are_no_text(self) -> None:
        samples = [named(os.fsdecode(name)) for name in (b"\xff.jpg", b"\xfe.jpg")]
        assert len(split_samples(samples, 0.5).val) == 1

    def test_what_fails_half_way_can_be_done_again(
        self, pictures: Path, tmp_path: Path
    ) -> None:
        split, out = self.split(pictures, "b/1.jpg", "b/2.jpg"), tmp_path / "out"

        def fill_the_disk(source: Picture, target: Path) -> None:
            if source.name == "2.jpg":
                raise OSError(errno.ENOSPC, "No space left on device")
            copy_picture(source, target)

        (out / ".unfinished-of-a-killed-run").mkdir(parents=True)
        with pytest.raises(OSError, match="No space left"):
            write_tree(out, split, write_culane_tree, fill_the_disk)
        assert list(out.iterdir()) == []
        write_tree(out, split, write_culane_tree, copy_picture)
        assert sorted(path.name for path in out.iterdir()) == ["images", "list"]

    def test_hidden_files_do_not_fill_a_folder(
        self, pictures: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / ".DS_Store").touch()
        split = self.split(pictures, "b/1.jpg", "b/2.jpg")
        write_tree(tmp_path / "out", split, write_tusimple_tree, copy_picture)

    def test_a_folder_that_is_being_written(
        self, pictures: Path, tmp_path: Path
    ) -> None:
        split = self.split(pictures, "b/1.jpg", "b/2.jpg")
        with (
            claim_folder(tmp_path / "out"),
            pytest.raises(OSError, match="Only one process"),
        ):
            write_tree(tmp_path / "out", split, write_tusimple_tree, copy_picture)


def test_a_picture_in_another_file_is_copied(pictures: Path, tmp_path: Path) -> None:
    content = (pictures / "a.jpg").read_bytes()
    label = EncodedPicture(
        pictures / "x.json", "x.jpg", base64.b64encode(content).decode()
    )
    sample = sample_of(pictures / "x.jpg", pictures, LANE)
    sample.set_metainfo({"picture": label})
    other = sample_of(pictures / "b.png", pictures, LANE)
    split = Split([sample], [other])
    write_tree(tmp_path / "out", split, write_culane_tree, copy_picture)
    assert (tmp_path / "out/images/x.jpg").read_bytes() == content
    with pytest.raises(ValueError, match="cannot be linked: it is no file of its own"):
        write_tree(tmp_path / "links", split, write_culane_tree, link_picture)


def test_needed_slots_by_side() -> None:
    left, right = np.array([[0.0, 9.0], [5.0, 0.0]]), np.array([[9.0, 9.0], [5.0, 0.0]])
    assert needed_slots([]) == 0
    assert needed_slots([left, right]) == 2
    assert needed_slots([right, right, left]) == 4
