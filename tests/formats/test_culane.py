import os
import unicodedata
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lanedet.datasets import CULaneDataset
from lanedet.formats import (
    LabelError,
    LabelFaults,
    culane_label_path,
    culane_lines_name,
    culane_prediction,
    culane_rows,
    format_culane_lanes,
    read_culane_categories,
    read_culane_labels,
    read_culane_lanes,
    read_culane_list,
    write_culane_labels,
    write_culane_list,
)
from lanedet.formats.culane import (
    culane_image_name,
    culane_lane_files,
    parse_culane_lane,
)
from lanedet.structures import LaneSample

FIXTURES = Path(__file__).resolve().parents[2] / ".." / "shared" / "fixtures" / "culane"
NAME = "driver_37_30frame/05181432_0203.MP4/00000.jpg"


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def sample(name: str, *lanes: list[list[float]]) -> LaneSample:
    made = LaneSample(metainfo={"raw_file": name})
    made.gt_lanes = [np.array(lane, dtype=float) for lane in lanes]
    return made


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two images with labels, and the lists of a real tree."""
    for index, content in enumerate((b"100.5 590 200 580\n-20 590 -30.25 580\n", b"")):
        name = NAME.replace("00000", f"0000{index}")
        write(culane_label_path(tmp_path, name), content)
        cv2.imwrite(str(tmp_path / name), np.zeros((59, 164, 3), np.uint8))
    lines = f"/{NAME}\n/{NAME.replace('00000', '00001')}\n".encode()
    write(tmp_path / "list" / "test.txt", lines)
    write(tmp_path / "list" / "test_split" / "test8_night.txt", f"{NAME} \n".encode())
    return tmp_path


def test_lanes_are_read_as_they_are(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf1700.5 590 1650 580 1650 580\r\n\r\n-3 590\r\n"
    lanes = read_culane_lanes(write(tmp_path / "a.lines.txt", content))
    expected = [[[1700.5, 590], [1650, 580], [1650, 580]], [], [[-3, 590]]]
    assert [lane.tolist() for lane in lanes] == expected
    assert read_culane_lanes(write(tmp_path / "b.lines.txt", b"")) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1 2 3 4\n1 2 3\n", r"a.lines.txt:2: .* pairs of numbers, got 3"),
        (b"1 2 nan 4\n", r"a.lines.txt:1: coordinates must be finite"),
        (b"1 2 3 1e9\n", r"a.lines.txt:1: coordinates must be finite and below"),
        (b"1 2 3 four\n", r"a.lines.txt:1: a lane must be numbers"),
        (b"\xff\xfe1\x00 \x00", r"a.lines.txt:1: a lane must be numbers"),
    ],
)
def test_broken_lanes_are_refused(tmp_path, content, message) -> None:
    with pytest.raises(LabelError, match=message):
        read_culane_lanes(write(tmp_path / "a.lines.txt", content))


def test_an_absent_file_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=r"no such label file.*must have an empty"):
        read_culane_lanes(tmp_path / "a.lines.txt")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text("0123456789.-e naif\n\r", max_size=60))
def test_any_file_gives_finite_lanes_or_its_line(tmp_path_factory, content) -> None:
    raw = content if isinstance(content, bytes) else content.encode()
    path = write(tmp_path_factory.getbasetemp() / "fuzz.lines.txt", raw)
    try:
        lanes = read_culane_lanes(path)
    except LabelError as error:
        message = str(error)
    else:
        message = f"{path}:"
        assert len(lanes) == raw.count(b"\n") + (raw[-1:] not in (b"", b"\n"))
        assert all(np.isfinite(lane).all() for lane in lanes)
    assert message.startswith(f"{path}:")


def test_labels_come_with_what_the_metric_reads(tree: Path) -> None:
    faults = LabelFaults()
    first, second = read_culane_labels(tree / "list" / "test.txt", tree, faults)
    assert first.raw_file == NAME
    assert first.category == "night"
    assert "category" not in second
    assert Path(first.img_path).is_file()
    assert [len(lane) for lane in first.gt_lanes] == [2, 2]
    assert second.gt_lanes == []
    assert read_culane_categories(tree / "list") == {NAME: "night"}


def test_missing_images_and_labels_are_left_out_only_on_request(tree: Path) -> None:
    culane_label_path(tree, NAME).unlink()
    (tree / NAME.replace("00000", "00001")).unlink()
    options = dict(data_root=str(tree), list_file="list/test.txt", pipeline=[])
    with pytest.raises(LabelError, match=r"test\.txt:1: there is no label file"):
        CULaneDataset(**options)
    lines = f"/{NAME}\n/{NAME.replace('00000', '00001')}\n/{NAME[:-5]}2.jpg\n"
    good = f"{NAME[:-5]}2.jpg"
    write(tree / "list" / "test.txt", lines.encode())
    write(culane_label_path(tree, good), b"1 590 2 580\n")
    cv2.imwrite(str(tree / good), np.zeros((59, 164, 3), np.uint8))
    dataset = CULaneDataset(**options, on_error="skip")
    assert len(dataset) == 1
    assert len(dataset.faults.messages) == 2
    assert "test.txt:2: the image" in dataset.faults.messages[1]
    assert "is not there" in dataset.faults.messages[1]


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    lanes = [np.array([[-3.1234, 590.0], [10.0, 580.5]]), np.array([[5.0, 5.0]])]
    sample = LaneSample(metainfo={"raw_file": f"/{NAME}"})
    sample.gt_lanes = lanes
    write_culane_labels(tmp_path, [sample])
    write_culane_list(tmp_path / "list" / "test.txt", [NAME])
    (entry,) = read_culane_list(tmp_path / "list" / "test.txt")
    (lane,) = read_culane_lanes(culane_label_path(tmp_path, entry.name))
    assert lane.tolist() == [[-3.123, 590.0], [10.0, 580.5]]
    with pytest.raises(ValueError, match="must be finite"):
        format_culane_lanes([np.array([[np.nan, 1.0], [2.0, 3.0]])])
    with pytest.raises(ValueError, match=r"samples\[0\] must have gt_lanes"):
        write_culane_labels(tmp_path, [LaneSample(metainfo={"raw_file": NAME})])


@pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)
def test_a_tree_in_the_benchmarks_form_is_read() -> None:
    entries = read_culane_list(FIXTURES / "list.txt")
    labels = [culane_label_path(FIXTURES / "anno", entry.name) for entry in entries]
    assert len(entries) == 300
    # tp + fn of the official program
    assert sum(len(read_culane_lanes(path)) for path in labels) == 1034


@pytest.mark.parametrize(
    "name",
    [
        "12:30:00.mp4/00:01.jpg",
        "my drive/no 1.jpg",
        "Bildschirmfoto\u202f1.png",
        "\u3000.jpg",
        " a.jpg",
        pytest.param(os.fsdecode(b"\xb3\xb5/\xff.jpg"), id="bytes"),
    ],
)
def test_names_come_back_from_lists(tmp_path: Path, name: str) -> None:
    image, label = tmp_path / name, culane_label_path(tmp_path, name)
    image.parent.mkdir(exist_ok=True)
    image.touch()
    write_culane_list(tmp_path / "train.txt", [name])
    write_culane_labels(tmp_path, [sample(name, [[1, 9], [2, 5]])])
    assert label.read_text() == "1 9 2 5\n"
    (read,) = read_culane_labels(tmp_path / "train.txt", tmp_path, LabelFaults())
    assert (read.raw_file, read.img_path) == (name, str(image))


@pytest.mark.parametrize(
    "name", ["a\nb.jpg", "a\\b.jpg", "1.jpg 2.jpg", "a.jpg ", "a b.xyz"]
)
def test_names_that_lists_cannot_hold_are_refused_before(
    tmp_path: Path, name: str
) -> None:
    with pytest.raises(ValueError, match=r"read otherwise|have an ending"):
        write_culane_list(tmp_path / "train.txt", ["a.jpg", name])
    with pytest.raises(ValueError, match=r"read otherwise|have an ending"):
        write_culane_labels(tmp_path, [sample("a.jpg"), sample(name)])
    assert list(tmp_path.iterdir()) == []


def test_two_images_of_one_label_file_are_refused_before(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"for both 'x/1\.jpg' and 'x/1\.png'"):
        write_culane_labels(tmp_path, [sample("x/1.jpg"), sample("x/1.png")])
    assert list(tmp_path.iterdir()) == []


def test_names_that_are_spelt_otherwise_on_the_disk(tmp_path: Path) -> None:
    wanted, there = (unicodedata.normalize(form, "é/é") for form in ("NFC", "NFD"))
    (tmp_path / there).parent.mkdir()
    (tmp_path / f"{there}.JPG").touch()
    (tmp_path / f"{there}.lines.txt").write_text("1 9 2 5\n")
    write_culane_list(tmp_path / "train.txt", [f"{wanted}.jpg"])
    (read,) = read_culane_labels(tmp_path / "train.txt", tmp_path, LabelFaults())
    assert read.img_path == str(tmp_path / f"{there}.JPG")
    assert len(read.gt_lanes) == 1


@pytest.mark.parametrize(
    ("height", "first", "last"),
    [
        pytest.param(590, [589, 579], 9, id="the benchmark's own"),
        pytest.param(118, [117, 115], 1, id="a fifth of it"),
        pytest.param(1180, [1179, 1159], 19, id="twice as high"),
    ],
)
def test_rows_keep_their_shares_of_the_height(
    height: int, first: list[float], last: float
) -> None:
    rows = culane_rows(height)
    assert len(rows) == 59
    assert [*rows[:2], rows[-1]] == [*first, last]


def test_a_step_is_told_at_a_height() -> None:
    # SCNN's program writes every second row.
    assert culane_rows(590, step=20)[:3].tolist() == [589, 569, 549]
    assert culane_rows(590, step=10, at_height=295)[:3].tolist() == [589, 569, 549]


def test_an_image_has_its_lane_file_beside_it_and_a_lane_file_its_image(
    tmp_path: Path,
) -> None:
    assert culane_lines_name("a.b/c.d.png") == "a.b/c.d.lines.txt"
    assert culane_label_path(tmp_path, NAME).name == "00000.lines.txt"
    file = write(culane_label_path(tmp_path, NAME), b"")
    write(tmp_path / "driver_37_30frame" / "._00000.lines.txt", b"of a Mac")
    assert culane_lane_files(tmp_path) == [file]
    assert culane_image_name(tmp_path, file) == NAME


def test_lanes_come_back_from_their_text() -> None:
    lane = np.array([[1 / 3, 590.0], [-1e-9, 580.125]])
    text = format_culane_lanes([lane])
    assert text == "0.333 590 0 580.125\n"
    assert parse_culane_lane(text).tolist() == [[0.333, 590.0], [0.0, 580.125]]


def test_a_prediction_is_on_rows_and_goes_on_to_the_border_where_it_is_to() -> None:
    lane = np.array([[100.0, 400.0], [200.0, 300.0]])
    alone = parse_culane_lane(culane_prediction([lane], (590, 1640), to_border=False))
    rows = culane_rows(590)
    assert alone[:, 1].tolist() == [y for y in rows.tolist() if 300 <= y <= 400]
    np.testing.assert_allclose(alone.sum(axis=1), 500)
    longer = parse_culane_lane(culane_prediction([lane], (590, 1640)))
    assert longer[0].tolist() == [1.0, 499.0]
    np.testing.assert_array_equal(longer[-len(alone) :], alone)


def test_a_lane_of_less_than_two_rows_is_in_no_prediction() -> None:
    lane = np.array([[100.0, 402.0], [110.0, 392.0]])
    rows = np.array([589.0, 399.0, 300.0])
    shape = (590, 1640)
    assert culane_prediction([lane], shape, rows, to_border=False) == ""
