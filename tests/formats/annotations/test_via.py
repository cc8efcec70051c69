import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lanedet.formats import LabelError
from lanedet.formats.annotations import read_annotations, read_via, write_via


def region(**changes: Any) -> dict[str, Any]:
    shape = {
        "name": "polyline",
        "all_points_x": [10, 60],
        "all_points_y": [80, 20],
    } | changes
    return {"shape_attributes": shape, "region_attributes": {"type": "lane"}}


def picture(name: str = "a.jpg", regions: Any = None) -> dict[str, Any]:
    return {
        "filename": name,
        "size": 631,
        "regions": [region()] if regions is None else regions,
        "file_attributes": {},
    }


def write(pictures: Path, *records: dict[str, Any]) -> Path:
    path = pictures / "via.json"
    content = {f"{number}": record for number, record in enumerate(records)}
    path.write_text(json.dumps(content))
    return path


def test_lanes_in_pixel_centres(pictures: Path) -> None:
    found = read_annotations(write(pictures, picture()), read_via)
    (sample,) = found.samples
    assert sample.raw_file == "a.jpg"
    assert sample.ori_shape == (90, 160)
    np.testing.assert_array_equal(sample.gt_lanes[0], [[9.5, 79.5], [59.5, 19.5]])


def test_a_whole_project(pictures: Path) -> None:
    project = {
        "_via_settings": {"core": {}},
        "_via_img_metadata": {"a.jpg631": picture(regions=[region(), region()])},
        "_via_attributes": {},
    }
    (pictures / "project.json").write_text(json.dumps(project))
    assert read_annotations(pictures, read_via).num_lanes == 2


def test_version_1_and_paths(pictures: Path) -> None:
    path = write(pictures, picture("C:\\day\\c.jpg", regions={"0": region()}))
    (sample,) = read_annotations(path, read_via).samples
    assert sample.raw_file == "day/c.jpg"


def test_other_shapes_and_labels(pictures: Path) -> None:
    box = region(name="rect")
    kerb = region() | {"region_attributes": {"type": "kerb", "x": {"y": True}}}
    path = write(pictures, picture(regions=[region(), box, kerb]))
    found = read_annotations(path, read_via, labels=["lane"])
    assert found.num_lanes == 1
    assert found.others == {"rect": 1, "polyline of another label": 1}


BROKEN = [
    pytest.param(picture("none.jpg"), "no picture 'none.jpg'", id="no picture"),
    pytest.param(picture(regions=[3]), "needs 'shape_attributes'", id="no region"),
    pytest.param({"filename": "a.jpg"}, "has no 'regions'", id="no regions"),
    pytest.param(picture(regions=7), "has no list 'regions'", id="regions no list"),
    pytest.param(
        picture(regions=[region(all_points_x=[1])]), "an x and a y", id="unequal"
    ),
    pytest.param(
        picture(regions=[region(all_points_x=[10, 200])]),
        r"is 160x90 and one reaches \[199.5, 79.5\]",
        id="drawn on a larger picture",
    ),
    pytest.param(
        picture(regions=[region(all_points_x=None)]), "lists of x and y", id="no x"
    ),
]


@pytest.mark.parametrize(("broken", "match"), BROKEN)
def test_broken_entries(pictures: Path, broken: dict[str, Any], match: str) -> None:
    path = write(pictures, broken, picture("b.png"))
    with pytest.raises(LabelError, match=match):
        read_annotations(path, read_via)
    found = read_annotations(path, read_via, on_error="skip")
    assert [sample.raw_file for sample in found.samples] == ["b.png"]
    assert len(found.faults) == 1


@pytest.mark.parametrize(
    ("text", "match"),
    [
        pytest.param("{\n\n!", r"via\.json:3: this is not valid JSON", id="cut off"),
        pytest.param("[1]", "no file of VIA 2", id="a list"),
        pytest.param("{}", "or it has no pictures", id="empty"),
    ],
)
def test_broken_files(pictures: Path, text: str, match: str) -> None:
    path = pictures / "via.json"
    path.write_text(text)
    with pytest.raises(LabelError, match=match):
        read_annotations(path, read_via)


def test_which_file(pictures: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"must hold one VIA file .* got 0"):
        read_annotations(pictures, read_via)
    with pytest.raises(FileNotFoundError, match="No VIA file at"):
        read_annotations(pictures / "none.json", read_via)


def test_round_trip(pictures: Path) -> None:
    path = write(pictures, picture())
    (sample,) = read_annotations(path, read_via).samples
    write_via([sample], pictures)
    (again,) = read_annotations(
        pictures / "via_annotations.json", read_via, labels=["lane"]
    ).samples
    np.testing.assert_allclose(again.gt_lanes[0], sample.gt_lanes[0])


def test_two_pictures_of_one_name_cannot_be_written(pictures: Path) -> None:
    (sample,) = read_annotations(write(pictures, picture()), read_via).samples
    with pytest.raises(ValueError, match="a name of its own"):
        write_via([sample, sample], pictures)


@pytest.mark.parametrize(
    "attributes",
    [
        pytest.param({"type": {"lane": True}}, id="checkbox"),
        pytest.param({"type": {"kerb": False, "lane": True}}, id="one of two"),
        pytest.param({"type": "lane"}, id="radio, drop-down list, text or image"),
        pytest.param({"color": "", "type": "lane"}, id="another attribute"),
        pytest.param({"lane": True}, id="an attribute alone"),
    ],
)
def test_attributes_that_name_a_lane(
    pictures: Path, attributes: dict[str, Any]
) -> None:
    path = write(
        pictures, picture(regions=[region() | {"region_attributes": attributes}])
    )
    assert read_annotations(path, read_via, labels=["lane"]).num_lanes == 1


@pytest.mark.parametrize(
    "attributes",
    [
        {"type": {"lane": False}},
        {"type": {"kerb": True}},
        {"type": {"lane": {"deep": True}}},
        {"type": ["lane"]},
        {"type": {}},
        {"type": None},
        {"lane": ""},
        [],
        None,
    ],
)
def test_attributes_that_name_none(pictures: Path, attributes: Any) -> None:
    other = region() | {"region_attributes": attributes}
    path = write(pictures, picture(regions=[region(), other]))
    assert read_annotations(path, read_via, labels="lane").num_lanes == 1


def test_options_by_what_the_project_calls_them(pictures: Path) -> None:
    options = {"1": "lane", "2": "kerb"}
    project = {
        "_via_img_metadata": {
            "a.jpg631": picture(
                regions=[
                    region() | {"region_attributes": {"type": value}}
                    for value in ("1", "2", {"1": True}, {"2": True})
                ]
            )
        },
        "_via_attributes": {"region": {"type": {"type": "radio", "options": options}}},
    }
    (pictures / "project.json").write_text(json.dumps(project))
    found = read_annotations(pictures, read_via, labels=["lane"])
    assert found.num_lanes == 2


def test_hidden_files_are_no_second_file(pictures: Path) -> None:
    write(pictures, picture())
    (pictures / "._via.json").write_bytes(b"\0\5\x16\7")
    assert read_annotations(pictures, read_via).num_lanes == 1


def test_two_entries_of_one_picture(pictures: Path) -> None:
    path = write(pictures, picture(), picture(), picture("b.png"))
    with pytest.raises(LabelError, match="one label"):
        read_annotations(path, read_via)
    found = read_annotations(path, read_via, on_error="skip")
    assert [sample.raw_file for sample in found.samples] == ["b.png"]
