import base64
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lanedet.formats import LabelError, LabelFaults
from lanedet.formats.annotations import read_annotations, read_labelme, write_labelme
from lanedet.structures import LaneSample


def record(name: str | None = "a.jpg", **changes: Any) -> dict[str, Any]:
    shape = {
        "label": "lane",
        "points": [[10.5, 80.5], [60.5, 20.5]],
        "group_id": None,
        "description": "",
        "shape_type": "linestrip",
        "flags": {},
        "mask": None,
    }
    return {
        "version": "5.5.0",
        "flags": {},
        "shapes": [shape],
        "imagePath": name,
        "imageData": None,
        "imageHeight": 90,
        "imageWidth": 160,
    } | changes


def write(path: Path, content: Any) -> Path:
    path.write_text(json.dumps(content))
    return path


def test_lanes_in_pixel_centres(pictures: Path) -> None:
    write(pictures / "a.json", record())
    write(pictures / "day" / "c.json", record("c.jpg"))
    found = read_annotations(pictures, read_labelme)
    assert [sample.raw_file for sample in found.samples] == ["a.jpg", "day/c.jpg"]
    assert found.samples[0].img_path == str(pictures / "a.jpg")
    assert found.samples[0].ori_shape == (90, 160)
    np.testing.assert_array_equal(
        found.samples[0].gt_lanes[0], [[10.0, 80.0], [60.0, 20.0]]
    )


def test_other_shapes_and_labels_are_counted(pictures: Path) -> None:
    lane = record()["shapes"][0]
    others = [
        lane | {"shape_type": "polygon"},
        lane | {"label": "kerb"},
        lane | {"shape_type": "line"},
    ]
    write(pictures / "a.json", record(shapes=[lane, *others]))
    found = read_annotations(pictures, read_labelme, labels=["lane"])
    assert found.num_lanes == 2
    assert found.others == {"polygon": 1, "linestrip 'kerb'": 1}
    assert "2 shapes that are no lanes" in "\n".join(found.summary_lines())


def test_pictures_without_lanes_are_kept_apart(pictures: Path) -> None:
    write(pictures / "a.json", record())
    write(pictures / "b.json", record("b.png", shapes=[]))
    found = read_annotations(pictures, read_labelme)
    assert [sample.raw_file for sample in found.empty] == ["b.png"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("..\\pictures\\a.jpg", id="Windows path"),
        pytest.param("C:\\Users\\me\\renamed.jpg", id="picture beside its file"),
    ],
)
def test_pictures_are_found(pictures: Path, name: str) -> None:
    path = pictures / "a.json"
    path.write_text("\ufeff" + json.dumps(record(name)), encoding="utf-8")
    found = read_annotations(pictures, read_labelme)
    assert found.samples[0].img_path.endswith("a.jpg")
    assert found.samples[0].raw_file == "a.jpg"


def test_pictures_elsewhere(pictures: Path, tmp_path: Path) -> None:
    labels = tmp_path / "labels"
    labels.mkdir()
    write(labels / "x.json", record("somewhere/a.jpg"))
    found = read_annotations(labels / "x.json", read_labelme, pictures=pictures)
    assert found.samples[0].img_path == str(pictures / "a.jpg")


BROKEN = [
    pytest.param("{", r"a\.json:1: this is not valid JSON", id="cut off"),
    pytest.param("[]", "this is no labelme file", id="not labelme"),
    pytest.param(record("none.jpg"), None, id="renamed but found"),
    pytest.param(record(imagePath=None), "must have a name, got None", id="no name"),
    pytest.param(record(shapes=[3]), "must be a JSON object", id="no shape"),
    pytest.param(
        record(imageWidth=161), r"picture of 161x90, but .* is 160x90", id="size"
    ),
    *(
        pytest.param(
            record(shapes=[record()["shapes"][0] | {"points": points}]), match, id=name
        )
        for name, points, match in (
            ("one point", [[1, 2]], "at least two points with finite"),
            ("no points", None, r"must be a list of \[x, y\]"),
            ("text", [[1, 2], ["x", 3]], "needs an x and a y per point"),
            ("not finite", [[1, 2], [float("nan"), 3]], "finite coordinates"),
            ("huge", [[1, 2], [10**400, 3]], "needs an x and a y per point"),
        )
    ),
]


@pytest.mark.parametrize(("content", "match"), BROKEN)
def test_broken_files(pictures: Path, content: Any, match: str | None) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    (pictures / "a.json").write_text(text)
    write(pictures / "b.json", record("b.png"))
    if match is None:
        assert len(read_annotations(pictures, read_labelme).samples) == 2
        return
    with pytest.raises(LabelError, match=match):
        read_annotations(pictures, read_labelme)
    found = read_annotations(pictures, read_labelme, on_error="skip")
    assert [sample.raw_file for sample in found.samples] == ["b.png"]
    assert found.empty == []
    assert len(found.faults) == 1
    assert "1 broken labels skipped" in "\n".join(found.summary_lines())


def test_a_truncated_picture(pictures: Path) -> None:
    whole = (pictures / "a.jpg").read_bytes()
    (pictures / "a.jpg").write_bytes(whole[:-20])
    write(pictures / "a.json", record())
    with pytest.raises(LabelError, match=r"a\.json: .*a\.jpg' is cut off"):
        read_annotations(pictures, read_labelme)


def test_a_missing_picture_names_the_folders(pictures: Path) -> None:
    write(pictures / "z.json", record("z.jpg"))
    with pytest.raises(LabelError, match=r"no picture 'z\.jpg' in .*--images"):
        read_annotations(pictures, read_labelme)


def test_two_labels_of_one_picture(pictures: Path) -> None:
    write(pictures / "a.json", record())
    write(pictures / "a2.json", record())
    with pytest.raises(LabelError, match=r"one label, but .*a\.json"):
        read_annotations(pictures, read_labelme)


def test_no_lane_at_all(pictures: Path) -> None:
    box = record()["shapes"][0] | {"shape_type": "rectangle"}
    write(pictures / "a.json", record(shapes=[box]))
    with pytest.raises(ValueError, match=r"holds no lane.*1 rectangle"):
        read_annotations(pictures, read_labelme)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No labelme file or folder"):
        read_annotations(tmp_path / "none", read_labelme)
    with pytest.raises(FileNotFoundError, match="No labelme files"):
        read_annotations(tmp_path, read_labelme)


def test_round_trip(pictures: Path) -> None:
    write(pictures / "a.json", record())
    (sample,) = read_annotations(pictures, read_labelme).samples
    sample.gt_lanes = [np.array([[-3.25, 89.0], [40.0, 30.5], [70.0, 0.0]])]
    write_labelme([sample], pictures)
    (drawing,) = read_labelme(pictures, None, None, LabelFaults())
    np.testing.assert_allclose(drawing.lanes[0], sample.gt_lanes[0])


@pytest.mark.parametrize(
    "label", [{"a": 1}, ["lane"], None, 3, True], ids=lambda label: type(label).__name__
)
@pytest.mark.parametrize("labels", [["lane"], {"lane"}, "lane"])
def test_labels_that_are_no_text(pictures: Path, label: Any, labels: Any) -> None:
    lane = record()["shapes"][0]
    write(pictures / "a.json", record(shapes=[lane, lane | {"label": label}]))
    found = read_annotations(pictures, read_labelme, labels=labels)
    assert found.num_lanes == 1
    assert found.others.total() == 1


def test_kinds_that_are_no_text(pictures: Path) -> None:
    lane = record()["shapes"][0]
    odd = [lane | {"shape_type": kind} for kind in ({}, [1], None, 7)]
    write(pictures / "a.json", record(shapes=[lane, *odd]))
    found = read_annotations(pictures, read_labelme)
    assert found.others.total() == 4


class TestPictureInside:
    def inside(self, pictures: Path, name: str) -> str:
        return base64.b64encode((pictures / name).read_bytes()).decode()

    @pytest.mark.parametrize(
        ("stated", "content", "name"),
        [
            pytest.param("photos/x.jpg", "a.jpg", "x.jpg", id="JPEG"),
            pytest.param("x.png", "b.png", "x.png", id="PNG"),
            pytest.param("x.bmp", "b.png", "x.png", id="turned into PNG"),
            pytest.param("x", "a.jpg", "x.jpg", id="no suffix"),
            pytest.param("x.JPEG", "a.jpg", "x.JPEG", id="other suffix"),
            pytest.param("x.5", "a.jpg", "x.5.jpg", id="another dot"),
            pytest.param(None, "a.jpg", "lane.7.jpg", id="no name"),
            pytest.param("", "b.png", "lane.7.png", id="empty name"),
        ],
    )
    def test_is_read(
        self,
        pictures: Path,
        tmp_path: Path,
        stated: str | None,
        content: str,
        name: str,
    ) -> None:
        folder = tmp_path / "labels"
        folder.mkdir()
        text = self.inside(pictures, content)
        write(folder / "lane.7.json", record(stated, imageData=text))
        (sample,) = read_annotations(folder, read_labelme).samples
        assert sample.raw_file == name
        assert sample.picture.read_bytes() == (pictures / content).read_bytes()

    def test_a_file_goes_before(self, pictures: Path) -> None:
        text = self.inside(pictures, "b.png")
        write(pictures / "a.json", record(imageData=text))
        (sample,) = read_annotations(pictures, read_labelme).samples
        assert sample.img_path == str(pictures / "a.jpg")
        assert "picture" not in sample

    @pytest.mark.parametrize(
        ("text", "match"),
        [
            pytest.param("!" * 40, "no base64", id="no base64"),
            pytest.param("aGVsbG8=", "cannot be read as an image", id="no picture"),
            pytest.param("/9j/4AAQ", "cut off|cannot be read", id="cut off"),
        ],
    )
    def test_broken(self, tmp_path: Path, text: str, match: str) -> None:
        write(tmp_path / "x.json", record("x.png", imageData=text))
        with pytest.raises(LabelError, match=match):
            read_annotations(tmp_path, read_labelme)


def test_names_that_are_spelt_otherwise(pictures: Path) -> None:
    (pictures / "a.jpg").rename(pictures / unicodedata.normalize("NFD", "é.JPG"))
    path = write(pictures / "x.json", record(unicodedata.normalize("NFC", "é.jpg")))
    (sample,) = read_annotations(path, read_labelme).samples
    assert Path(sample.img_path).is_file()


def test_hidden_files_are_no_labels(pictures: Path) -> None:
    write(pictures / "a.json", record())
    hidden = ("._a.json", "__MACOSX/._a.json", ".ipynb_checkpoints/a-checkpoint.json")
    for name in hidden:
        (pictures / name).parent.mkdir(exist_ok=True)
        (pictures / name).write_bytes(b"\0\5\x16\7")
    assert len(read_annotations(pictures, read_labelme).samples) == 1


def test_a_folder_named_as_a_file_is(pictures: Path) -> None:
    write(pictures / "a.json", record())
    (pictures / "b.json").mkdir()
    assert len(read_annotations(pictures, read_labelme).samples) == 1


def test_two_pictures_with_one_file_are_refused_before(pictures: Path) -> None:
    samples = []
    for name in ("a.jpg", "a.png"):
        sample = LaneSample(
            metainfo={"img_path": str(pictures / name), "ori_shape": (90, 160)}
        )
        sample.gt_lanes = []
        samples.append(sample)
    with pytest.raises(ValueError, match=r"a\.json"):
        write_labelme(samples, pictures)
    assert not (pictures / "a.json").exists()


def test_a_zip_file_is_told(pictures: Path) -> None:
    (pictures / "a.json").write_bytes(b"PK\x03\x04" + bytes(20))
    with pytest.raises(LabelError, match="Unzip it"):
        read_annotations(pictures, read_labelme)


@pytest.mark.parametrize("key", ["imagePath", "label", "points", "shape_type"])
@pytest.mark.parametrize("depth", [100, 900, 2000, 100_000])
def test_values_that_are_nested_deep(pictures: Path, key: str, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    text = json.dumps(record()).replace(f'"{key}": ', f'"{key}": {nested}, "_": ')
    (pictures / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"a\.json|no lane"):
        read_annotations(pictures / "a.json", read_labelme, labels={"lane"})
