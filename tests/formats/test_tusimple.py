import json
import os
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from texts import texts

from lanedet.arrays import FloatArray
from lanedet.formats import LabelError, LabelFaults
from lanedet.formats.tusimple import (
    TuSimpleLine,
    format_tusimple_line,
    read_tusimple_labels,
    read_tusimple_lines,
    sample_tusimple_lanes,
    tusimple_prediction,
    tusimple_rows,
    write_tusimple_labels,
)
from lanedet.structures import LaneSample

SHARED = Path(__file__).resolve().parents[2] / ".." / "shared"
FIXTURES = SHARED / "fixtures" / "tusimple"
needs_fixtures = pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's labels are not at ../shared"
)

GOOD: dict[str, Any] = {
    "lanes": [[-2, 600, 590], [0, -2, -2], [-2, -2, -2]],
    "h_samples": [240, 250, 260],
    "raw_file": "clips/0313-1/6040/20.jpg",
}


def label_file(folder: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path = folder / "label_data.json"
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def test_lanes_become_polylines_of_their_visible_points(tmp_path: Path) -> None:
    (sample,) = read_tusimple_labels(label_file(tmp_path, GOOD), Path("root"))

    assert sample.raw_file == "clips/0313-1/6040/20.jpg"
    assert sample.img_path == str(Path("root/clips/0313-1/6040/20.jpg"))
    assert sample.rows.tolist() == [240.0, 250.0, 260.0]
    long, point, nothing = sample.gt_lanes
    assert long.tolist() == [[600.0, 250.0], [590.0, 260.0]]
    assert point.tolist() == [[0.0, 240.0]]  # x = 0 is a point
    assert nothing.shape == (0, 2)


def test_a_frame_without_lanes_is_a_label(tmp_path: Path) -> None:
    (sample,) = read_tusimple_labels(
        label_file(tmp_path, {**GOOD, "lanes": []}), tmp_path
    )
    assert sample.gt_lanes == []


def test_lines_keep_gaps_running_time_and_order(tmp_path: Path) -> None:
    prediction = {"lanes": [[5, -2, 7.5]], "raw_file": "b.jpg", "run_time": 12}
    first, second = read_tusimple_lines(label_file(tmp_path, GOOD, prediction))

    assert first.run_time_ms is None
    assert first.xs.shape == (3, 3)
    assert second.rows is None
    assert second.run_time_ms == 12.0
    np.testing.assert_array_equal(second.xs, [[5.0, np.nan, 7.5]])


@pytest.mark.parametrize("folder", ["", "train_set", "test_set"])
def test_images_are_found_in_both_layouts(tmp_path: Path, folder: str) -> None:
    image = tmp_path / folder / GOOD["raw_file"]
    image.parent.mkdir(parents=True)
    image.touch()
    (sample,) = read_tusimple_labels(label_file(tmp_path, GOOD), tmp_path)
    assert Path(sample.img_path) == image


def test_a_leading_slash_stays_under_the_data_root(tmp_path: Path) -> None:
    path = label_file(tmp_path, {**GOOD, "raw_file": "/clips/1/20.jpg"})
    (sample,) = read_tusimple_labels(path, tmp_path)
    assert sample.raw_file == "/clips/1/20.jpg"
    assert Path(sample.img_path) == tmp_path / "clips/1/20.jpg"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps(GOOD) + "\n\n  \n", id="blank lines at the end"),
        pytest.param("\n" + json.dumps(GOOD), id="blank line at the start"),
        pytest.param("\ufeff" + json.dumps(GOOD), id="byte-order mark"),
        pytest.param(json.dumps(GOOD) + "\r\n", id="Windows line ends"),
    ],
)
def test_harmless_oddities_are_read(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(content.encode())
    assert len(read_tusimple_labels(path, tmp_path)) == 1


def test_dots_inside_a_name_are_allowed(tmp_path: Path) -> None:
    path = label_file(tmp_path, {**GOOD, "raw_file": "clips/a..b/20..jpg"})
    (sample,) = read_tusimple_labels(path, tmp_path)
    assert sample.raw_file == "clips/a..b/20..jpg"


def test_windows_paths_are_paths(tmp_path: Path) -> None:
    path = label_file(tmp_path, {**GOOD, "raw_file": "clips\\0313-1\\6040\\20.jpg"})
    (sample,) = read_tusimple_labels(path, tmp_path)
    assert sample.raw_file == "clips/0313-1/6040/20.jpg"
    assert Path(sample.img_path) == tmp_path / "clips" / "0313-1" / "6040" / "20.jpg"


def test_broken_lines_can_be_skipped_and_are_counted(tmp_path: Path) -> None:
    second = {**GOOD, "raw_file": "second.jpg"}
    path = label_file(tmp_path, GOOD, '{"lanes": [[1,', second, {**GOOD, "lanes": 3})
    for read in (
        lambda faults: read_tusimple_labels(path, tmp_path, faults),
        lambda faults: read_tusimple_lines(path, faults),
    ):
        faults = LabelFaults("skip")
        assert [line.raw_file for line in read(faults)] == [
            GOOD["raw_file"],
            "second.jpg",
        ]
        cut, odd = faults.messages
        assert cut.startswith(f"{path}:2: this is not valid JSON")
        assert odd.startswith(f"{path}:4: 'lanes' must be a list")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | texts(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, "run_time", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


def check_that_all_is_read_or_told(folder: Path, content: bytes) -> None:
    path = folder / "labels.json"
    path.write_bytes(content)
    faults = LabelFaults("skip")
    try:
        samples = read_tusimple_labels(path, folder, faults)
    except LabelError as error:
        assert not content.removeprefix(b"\xef\xbb\xbf").strip()
        assert str(path) in str(error)  # noqa: PT017
        return
    lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert len(samples) + len(faults.messages) == sum(bool(x.strip()) for x in lines)
    assert all(message.startswith(f"{path}:") for message in faults.messages)
    for sample in samples:
        assert ".." not in sample.raw_file.split("/")
        for lane in sample.gt_lanes:
            assert lane.dtype == np.float64
            assert (np.abs(lane) <= 100_000).all()
            assert (lane[:, 0] >= 0).all()


@settings(max_examples=150, deadline=None)
@given(
    changes=st.dictionaries(st.sampled_from([*GOOD, "run_time"]), json_values),
    dropped=st.sets(st.sampled_from(list(GOOD)), max_size=1),
)
def test_any_record_is_a_label_or_a_named_fault(
    tmp_path_factory: pytest.TempPathFactory,
    changes: dict[str, Any],
    dropped: set[str],
) -> None:
    record = {k: v for k, v in {**GOOD, **changes}.items() if k not in dropped}
    lines = [json.dumps(GOOD), json.dumps(record), json.dumps(GOOD)]
    folder = tmp_path_factory.mktemp("fuzz", numbered=True)
    check_that_all_is_read_or_told(folder, "\n".join(lines).encode())


@settings(max_examples=150, deadline=None)
@given(
    cut=st.integers(0, 200),
    inserted=st.binary(max_size=6),
    place=st.integers(0, 200),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
    start=st.sampled_from([b"", b"\xef\xbb\xbf"]),
)
def test_any_damage_to_a_file_is_found_or_harmless(
    tmp_path_factory: pytest.TempPathFactory,
    cut: int,
    inserted: bytes,
    place: int,
    line_end: bytes,
    start: bytes,
) -> None:
    content = start + (json.dumps(GOOD).encode() + line_end) * 2
    content = content[:place] + inserted + content[place:]
    folder = tmp_path_factory.mktemp("fuzz", numbered=True)
    check_that_all_is_read_or_told(folder, content[: len(content) - cut])


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        pytest.param('{"lanes": [[1, 2', "not valid JSON", id="cut off"),
        pytest.param("[" * 100_000, "not valid JSON", id="nested too deep"),
        pytest.param("[1, 2]", "must be a JSON object", id="not an object"),
        pytest.param(without("lanes"), "'lanes' is missing", id="no lanes"),
        pytest.param(without("raw_file"), "'raw_file' is missing", id="no raw_file"),
        pytest.param(without("h_samples"), "'h_samples' is missing", id="no rows"),
        pytest.param({**GOOD, "raw_file": 7}, "'raw_file' must be", id="number name"),
        pytest.param({**GOOD, "raw_file": "/"}, "'raw_file' must be", id="empty name"),
        pytest.param({**GOOD, "raw_file": "../20.jpg"}, "without '..'", id="above"),
        pytest.param({**GOOD, "raw_file": "/a/../b.jpg"}, "without '..'", id="inside"),
        pytest.param({**GOOD, "raw_file": "a\\..\\b"}, "without '..'", id="Windows"),
        pytest.param({**GOOD, "raw_file": "C:\\a\\b.jpg"}, "or a drive", id="drive"),
        pytest.param({**GOOD, "raw_file": "a\0b.jpg"}, "data root", id="zero byte"),
        pytest.param({**GOOD, "lanes": [[1, 1e9, 3]]}, "none beyond 100000", id="far"),
        pytest.param({**GOOD, "h_samples": [1, -1e9, 3]}, "none beyond", id="far row"),
        pytest.param(
            {**GOOD, "lanes": [], "run_time": 1000}, "template of a subm", id="template"
        ),
        pytest.param({**GOOD, "lanes": "x"}, "list of lists, got 'x'", id="string"),
        pytest.param({**GOOD, "lanes": [3]}, "'lanes.0.' must be a list", id="flat"),
        pytest.param({**GOOD, "lanes": {"a": [1]}}, "list of lists", id="object"),
        pytest.param(
            {**GOOD, "lanes": [[1, 2, 3], [1, "2", 3]]},
            "'lanes.1.' must hold numbers only, got '2'",
            id="number in quotes",
        ),
        pytest.param({**GOOD, "lanes": [[1, None, 3]]}, "numbers only", id="null"),
        pytest.param({**GOOD, "lanes": [[1, True, 3]]}, "numbers only", id="boolean"),
        pytest.param({**GOOD, "lanes": [[1, [2], 3]]}, "numbers only", id="nested"),
        pytest.param({**GOOD, "lanes": [[1, float("nan"), 3]]}, "finite", id="NaN"),
        pytest.param({**GOOD, "lanes": [[1, float("inf"), 3]]}, "finite", id="inf"),
        pytest.param({**GOOD, "lanes": [[1, 10**400, 3]]}, "finite", id="huge"),
        pytest.param(
            {**GOOD, "lanes": [[1, 2, 3], [1, 2]]},
            "one x per row .3., but lanes.1. has 2",
            id="short lane",
        ),
        pytest.param({**GOOD, "h_samples": 240}, "'h_samples' must be", id="one row"),
        pytest.param({**GOOD, "h_samples": []}, "at least one row", id="no row"),
        pytest.param(
            {**GOOD, "run_time": [10.0]}, "'run_time' must hold numbers", id="times"
        ),
    ],
)
def test_a_broken_line_is_named(
    tmp_path: Path, bad: dict[str, Any] | str, message: str
) -> None:
    path = label_file(tmp_path, GOOD, "", bad, GOOD)
    with pytest.raises(ValueError, match=message) as caught:
        read_tusimple_labels(path, tmp_path)
    assert f"{path}:3: " in str(caught.value)
    assert len(str(caught.value)) < 400


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.json"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n\xff\xd8\xff\xe0\x00\n")
    with pytest.raises(ValueError, match=r"labels\.json:2: this is not valid JSON"):
        read_tusimple_labels(path, tmp_path)


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_labels_is_an_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "labels.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="holds no labels: the file is empty"):
        read_tusimple_labels(path, tmp_path)


@pytest.mark.parametrize("name", ["absent.json", "."])
def test_a_missing_file_says_what_to_do(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match=r"data_root .* lanedet scenes"):
        read_tusimple_labels(tmp_path / name, tmp_path)


def test_a_label_line_holds_lanes_on_the_rows() -> None:
    lanes = [
        np.array([[30.0, 120.0], [10.4, 100.0]]),  # bottom to top
        np.array([[-5.0, 100.0], [5.0, 120.0]]),  # enters the image on the way
        np.empty((0, 2)),
    ]
    rows = np.array([90.0, 100.0, 110.0, 120.0])
    xs = sample_tusimple_lanes(lanes, rows)
    assert json.loads(format_tusimple_line(TuSimpleLine("a.jpg", xs, rows, None))) == {
        "lanes": [[-2, 10, 20, 30], [-2, -2, 0, 5], [-2, -2, -2, -2]],
        "h_samples": [90, 100, 110, 120],
        "raw_file": "a.jpg",
    }


def test_a_prediction_line_has_the_time_and_no_empty_lane() -> None:
    lane = np.array([[10.0, 100.0], [30.0, 120.0]])
    outside = [lane - [100.0, 0.0], lane - [-90.0, 0.0]]
    lanes = [lane, lane - [0.0, 50.0], np.empty((0, 2)), *outside]
    line = tusimple_prediction("a.jpg", lanes, np.array([100.0, 120.0]), 100, 12.5)
    assert json.loads(format_tusimple_line(line)) == {
        "lanes": [[10, 30]],
        "h_samples": [100, 120],
        "raw_file": "a.jpg",
        "run_time": 12.5,
    }


def test_a_lane_that_leaves_the_image_is_absent_from_there_on() -> None:
    lane = np.array([[80.0, 100.0], [100.0, 120.0]])
    rows = np.array([100.0, 119.0, 120.0])
    xs = sample_tusimple_lanes([lane], rows, width=100)
    np.testing.assert_array_equal(xs, [[80.0, 99.0, np.nan]])
    np.testing.assert_array_equal(sample_tusimple_lanes([lane], rows)[0, -1], 100.0)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_coordinates_to_write_must_be_finite(value: float) -> None:
    lane = np.array([[10.0, 100.0], [value, 120.0]])
    with pytest.raises(ValueError, match="coordinates must be finite"):
        sample_tusimple_lanes([lane], np.array([100.0]))


@pytest.mark.parametrize("row", [100.5, np.nan])
def test_rows_to_write_must_be_whole_numbers(row: float) -> None:
    line = TuSimpleLine("a.jpg", np.zeros((0, 1)), np.array([row]), None)
    with pytest.raises(ValueError, match="rows must be whole numbers"):
        format_tusimple_line(line)


def test_a_line_to_write_must_name_its_rows() -> None:
    line = TuSimpleLine("a.jpg", np.zeros((0, 1)), None, 9.0)
    with pytest.raises(ValueError, match="rows must be whole numbers, got None"):
        format_tusimple_line(line)


@pytest.mark.parametrize(
    ("height", "rows"),
    [
        pytest.param(720, np.arange(160, 711, 10), id="the benchmark's own"),
        pytest.param(360, np.arange(80, 356, 5), id="half of it"),
    ],
)
def test_rows_keep_their_shares_of_the_height(height: int, rows: np.ndarray) -> None:
    assert np.array_equal(tusimple_rows(height), rows)


def test_rows_are_whole_and_distinct_at_odd_heights() -> None:
    for height in (72, 100, 590):
        rows = tusimple_rows(height)
        assert np.array_equal(rows, np.rint(rows))
        assert (np.diff(rows) > 0).all()
        assert rows[-1] < height


def sample_of(lanes: list[FloatArray], rows: FloatArray) -> LaneSample:
    sample = LaneSample(metainfo={"raw_file": "clips/1/20.jpg", "rows": rows})
    sample.gt_lanes = lanes
    return sample


def test_writing_needs_rows(tmp_path: Path) -> None:
    sample = LaneSample(metainfo={"raw_file": "clips/1/20.jpg"})
    sample.gt_lanes = []
    with pytest.raises(ValueError, match=r"samples\[0\] must have rows"):
        write_tusimple_labels(tmp_path / "labels.json", [sample])


visible_xs = st.lists(st.integers(0, 4000), max_size=8)


@settings(max_examples=50, deadline=None)
@given(
    lanes=st.lists(st.tuples(st.integers(0, 7), visible_xs), max_size=6),
    step=st.integers(1, 40),
)
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    lanes: list[tuple[int, list[int]]],
    step: int,
) -> None:
    rows = 100.0 + step * np.arange(16)
    polylines = [
        np.stack([np.array(xs, dtype=float), rows[top : top + len(xs)]], axis=1)
        for top, xs in lanes
    ]
    path = tmp_path_factory.mktemp("labels") / "new folder" / "labels.json"
    write_tusimple_labels(path, [sample_of(polylines, rows)] * 2)

    samples = read_tusimple_labels(path, path.parent)
    assert len(samples) == 2
    for sample in samples:
        np.testing.assert_array_equal(sample.rows, rows)
        assert len(sample.gt_lanes) == len(polylines)
        for read, written in zip(sample.gt_lanes, polylines, strict=True):
            np.testing.assert_array_equal(read, written)


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "num_frames", "num_lanes", "num_empty"),
    [
        ("label_data_0313.json", 2858, 10895, 537),
        ("label_data_0531.json", 358, 1118, 0),
        ("label_data_0601.json", 410, 1787, 0),
        pytest.param("test_label.json", 2782, 9947, 0, marks=pytest.mark.slow),
    ],
)
def test_the_published_labels_survive_a_round_trip(
    tmp_path: Path, name: str, num_frames: int, num_lanes: int, num_empty: int
) -> None:
    samples = read_tusimple_labels(FIXTURES / name, tmp_path)
    lengths = [len(lane) for sample in samples for lane in sample.gt_lanes]
    assert len(samples) == num_frames
    assert sum(length > 0 for length in lengths) == num_lanes
    assert sum(length == 0 for length in lengths) == num_empty

    write_tusimple_labels(tmp_path / name, samples)
    written, published = (folder / name for folder in (tmp_path, FIXTURES))
    assert written.read_text().split("\n") == published.read_text().split("\n")


@pytest.mark.parametrize(
    "name",
    [
        "clips/12:30:00/20.jpg",
        "a:20.jpg",
        "my drive\n/20.jpg",
        pytest.param(os.fsdecode(b"\xb3\xb5/\xff.jpg"), id="bytes"),
    ],
)
def test_names_come_back(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    sample = LaneSample(metainfo={"raw_file": name, "rows": np.array([1.0])})
    sample.gt_lanes = []
    write_tusimple_labels(tmp_path / "labels.json", [sample])
    (read,) = read_tusimple_labels(tmp_path / "labels.json", tmp_path)
    assert (read.raw_file, read.img_path) == (name, str(tmp_path / name))


def test_names_that_would_be_read_otherwise_are_refused(tmp_path: Path) -> None:
    sample = LaneSample(metainfo={"raw_file": "a\\b.jpg", "rows": np.array([1.0])})
    sample.gt_lanes = []
    with pytest.raises(ValueError, match="must come back from the file as it is"):
        write_tusimple_labels(tmp_path / "labels.json", [sample])
    assert not (tmp_path / "labels.json").exists()


@pytest.mark.parametrize("folder", ["", "train_set"])
def test_images_that_are_spelt_otherwise(tmp_path: Path, folder: str) -> None:
    wanted, there = (unicodedata.normalize(form, "é/é") for form in ("NFC", "NFD"))
    image = tmp_path / folder / f"{there}.JPG"
    image.parent.mkdir(parents=True)
    image.touch()
    path = label_file(tmp_path, {**GOOD, "raw_file": f"{wanted}.jpg"})
    (sample,) = read_tusimple_labels(path, tmp_path)
    assert sample.img_path == str(image)


@pytest.mark.parametrize("name", ["\ud800.jpg", "a" * 5000])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabelError, match=r"json:1: 'raw_file' must stay"):
        read_tusimple_labels(label_file(tmp_path, {**GOOD, "raw_file": name}), tmp_path)
