from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from lanedet.formats import read_culane_lanes, read_tusimple_lines
from lanedet.structures import LaneSample
from lanedet.video import CULanePredictions, TuSimplePredictions
from lanedet.video.outputs.predictions import check_no_lanes

FullDisk = Callable[[int], AbstractContextManager[None]]


def _sample(height: int, width: int) -> LaneSample:
    """A sample with a lane from the bottom to the middle, one pixel right each row."""
    sample = LaneSample(metainfo={"ori_shape": (height, width)})
    bottom, middle = height - 1.0, height / 2
    sample.pred_lanes = [np.array([[100.0, bottom], [100 + bottom - middle, middle]])]
    return sample


def _empty(height: int, width: int) -> LaneSample:
    sample = LaneSample(metainfo={"ori_shape": (height, width)})
    sample.pred_lanes = []
    return sample


def test_tusimple_predictions_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "predictions.json"
    with TuSimplePredictions(path) as file:
        file.write("clips/1/20.jpg", _sample(720, 1280), 12.5)
        file.write("clips/2/20.jpg", _sample(720, 1280), 11.5)
        assert file.num_frames == 2
    first, second = read_tusimple_lines(path)
    assert (first.raw_file, second.raw_file) == ("clips/1/20.jpg", "clips/2/20.jpg")
    assert first.run_time_ms == 12.5
    assert first.rows is not None
    assert first.rows.tolist() == list(range(160, 720, 10))
    xs = dict(zip(first.rows, first.xs[0], strict=True))
    assert xs[710] == 109
    assert xs[400] == 419
    assert np.isnan(xs[350])


def test_culane_predictions_are_read_back(tmp_path: Path) -> None:
    folder = CULanePredictions(tmp_path / "predictions")
    folder.write("driver_1/05.MP4/00020.jpg", _sample(590, 1640))
    folder.write("driver_1/05.MP4/00050.jpg", _empty(590, 1640))
    [lane] = read_culane_lanes(folder.path / "driver_1/05.MP4/00020.lines.txt")
    assert lane[0].tolist() == [100, 589]
    assert lane[-1, 1] == 299
    assert (folder.path / "driver_1/05.MP4/00050.lines.txt").read_text() == ""
    assert folder.num_frames == 2


def test_culane_lanes_are_continued_to_the_border_unless_told_not_to(
    tmp_path: Path,
) -> None:
    sample = LaneSample(metainfo={"ori_shape": (590, 1640)})
    sample.pred_lanes = [np.array([[500.0, 490.0], [700.0, 390.0]])]
    for to_border, start in ((True, [302.0, 589.0]), (False, [502.0, 489.0])):
        folder = CULanePredictions(tmp_path / str(to_border), to_border=to_border)
        folder.write("a/1.jpg", sample)
        [lane] = read_culane_lanes(folder.path / "a/1.lines.txt")
        assert lane[0].tolist() == start
        assert lane[-1].tolist() == [682.0, 399.0]


def test_a_name_must_stay_in_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stay in its folder"):
        CULanePredictions(tmp_path / "p").write("../other/1.jpg", _sample(590, 1640))


def test_labels_beside_their_images_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "driver_1").mkdir()
    (tmp_path / "driver_1" / "1.jpg").touch()
    labels = tmp_path / "driver_1" / "1.lines.txt"
    labels.write_text("1 589\n")
    with pytest.raises(ValueError, match="a folder apart from the images"):
        CULanePredictions(tmp_path).write("driver_1/1.jpg", _sample(590, 1640))
    assert labels.read_text() == "1 589\n"


@pytest.mark.parametrize(
    "name", ["12:30:00/000000.jpg", "a b\n/1.jpg", "-x/%d*[1].jpg", "a\\b/1.jpg"]
)
def test_culane_names_are_what_file_systems_allow(tmp_path: Path, name: str) -> None:
    folder = CULanePredictions(tmp_path / "predictions")
    folder.write(name, _sample(590, 1640))
    [lane] = read_culane_lanes((folder.path / name).with_suffix(".lines.txt"))
    assert lane[0].tolist() == [100, 589]


def test_a_full_disk_leaves_no_file_that_says_no_lanes(
    tmp_path: Path, full_disk: FullDisk
) -> None:
    folder = CULanePredictions(tmp_path / "predictions")
    folder.write("a/1.jpg", _sample(590, 1640))
    before = (folder.path / "a/1.lines.txt").read_bytes()
    with full_disk(20):
        for name in ("a/1.jpg", "a/2.jpg"):
            with pytest.raises(OSError, match="too large"):
                folder.write(name, _sample(590, 1640))
    assert [path.name for path in (folder.path / "a").iterdir()] == ["1.lines.txt"]
    assert (folder.path / "a/1.lines.txt").read_bytes() == before
    assert folder.num_frames == 1


@pytest.mark.parametrize("sequence", [".", "a/05.MP4", "[0]*?"])
def test_lanes_must_not_be_mixed_with_others(tmp_path: Path, sequence: str) -> None:
    root = tmp_path / "lanes"
    check_no_lanes(root, [sequence])  # there is no folder yet
    (root / sequence).mkdir(parents=True)
    (root / sequence / "00.txt").touch()
    (root / "other").mkdir()
    (root / "other" / "00.lines.txt").touch()
    check_no_lanes(root, [sequence])
    (root / sequence / "01.lines.txt").touch()
    with pytest.raises(ValueError, match=r"holds '01\.lines\.txt' already\. Name"):
        check_no_lanes(root, ["new", sequence])
