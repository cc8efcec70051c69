import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lanedet.datasets import LabelError, LabelFaults
from lanedet.datasets.annotations import read_annotations, read_labelme, write_labelme


def record(name: str = "a.jpg", **changes: Any) -> dict[str, Any]:
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
