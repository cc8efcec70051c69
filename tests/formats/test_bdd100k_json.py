import codecs
import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from texts import texts

from lanedet.formats import LabelError, LabelFaults
from lanedet.formats.bdd100k_json import read_bdd100k_json

VERTICES = [[817.0, 494.0], [730.0, 353.5]]
LEGACY = {
    "name": "00a0f008-3c67908e",
    "attributes": {"weather": "clear"},
    "frames": [
        {
            "timestamp": 10000,
            "objects": [
                {"category": "car", "id": 0, "box2d": {"x1": 1}},
                {
                    "category": "lane/single white",
                    "id": 7,
                    "attributes": {"direction": "vertical", "style": "dashed"},
                    "poly2d": [[*vertex, "L"] for vertex in VERTICES],
                },
            ],
        }
    ],
}
CURVE = {"vertices": VERTICES, "types": "LL", "closed": False}
CONSOLIDATED = {
    "name": "00a0f008-3c67908e.jpg",
    "labels": [
        {"category": "drivable area", "id": 6, "poly2d": [CURVE]},
        {
            "category": "lane",
            "id": 7,
            "attributes": {
                "laneDirection": "vertical",
                "laneStyle": "dashed",
                "laneType": "single white",
            },
            "poly2d": [CURVE],
        },
    ],
}
POLYGONS = {
    "name": "00a0f008-3c67908e.jpg",
    "labels": [
        {
            "category": "single white",
            "id": "0000007",
            "attributes": {
                "laneDirection": "vertical",
                "laneStyle": "dashed",
                "laneTypes": "single white",
            },
            "poly2d": [CURVE],
        }
    ],
}


def write(folder: Path, content: Any) -> Path:
    file = folder / "labels.json"
    file.write_text(json.dumps(content))
    return file


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(LEGACY, id="one file per image"),
        pytest.param([CONSOLIDATED], id="one list"),
        pytest.param([POLYGONS], id="lane package"),
        pytest.param({"frames": [POLYGONS]}, id="lane package, under frames"),
    ],
)
def test_each_form_holds_the_same(tmp_path: Path, content: Any) -> None:
    (image,) = read_bdd100k_json(write(tmp_path, content), LabelFaults())
    assert image.name == "00a0f008-3c67908e"
    (mark,) = image.marks
    assert mark.points.tolist() == VERTICES
    assert mark[1:] == ("single white", "dashed", "vertical", 7)


def test_both_names_of_the_type_are_read(tmp_path: Path) -> None:
    record = copy.deepcopy(CONSOLIDATED)
    attributes = record["labels"][1]["attributes"]  # type: ignore[index]
    attributes["laneTypes"] = attributes.pop("laneType")
    (image,) = read_bdd100k_json(write(tmp_path, [record]), LabelFaults())
    assert image.marks[0].category == "single white"


def test_images_without_lanes_are_images(tmp_path: Path) -> None:
    # The releases since 2020 write such an image without the key.
    content = [
        {"name": "a.jpg", "labels": []},
        {"name": "b.jpg", "labels": None},
        {"name": "c.jpg"},
    ]
    images = list(read_bdd100k_json(write(tmp_path, content), LabelFaults()))
    assert [image.name for image in images] == ["a", "b", "c"]
    assert all(image.marks == [] for image in images)


def test_coordinates_may_leave_the_image(tmp_path: Path) -> None:
    record = {"name": "a", "labels": [{"category": "road curb", "poly2d": [CURVE]}]}
    record = json.loads(json.dumps(record).replace("817.0", "1280.64"))
    (image,) = read_bdd100k_json(write(tmp_path, [record]), LabelFaults())
    assert image.marks[0].points[0, 0] == 1280.64
    assert image.marks[0][1:] == ("road curb", "solid", "parallel", 0)


def lane(**changes: Any) -> dict[str, Any]:
    label = {"category": "lane/road curb", "poly2d": [[1, 2, "L"], [3, 4, "L"]]}
    return {"name": "a.jpg", "labels": [label | changes]}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        pytest.param(5, "JSON object", id="no object"),
        pytest.param({"labels": []}, "name of an image", id="no name"),
        pytest.param({"name": "../..", "labels": []}, "name of an image", id="dots"),
        pytest.param({"name": "a", "labels": 3}, "must be a list", id="labels"),
        pytest.param({"name": "a", "frames": []}, "one frame", id="frames"),
        pytest.param({"name": "a", "frames": [{}]}, "'objects'", id="objects"),
        pytest.param({"name": "a", "labels": [3]}, "label 0 must be", id="label"),
        pytest.param(lane(category=None), "'category' must", id="category"),
        pytest.param(lane(category="lane/x"), "must be one of", id="kind"),
        pytest.param(lane(attributes=[1]), "'attributes'", id="attributes"),
        pytest.param(lane(attributes={"style": "x"}), "'laneStyle'", id="style"),
        pytest.param(lane(poly2d=None), "'poly2d' must", id="no curve"),
        pytest.param(lane(poly2d=[]), "'poly2d' must", id="empty curve"),
        pytest.param(lane(poly2d=[[1, 2, "L"]]), "two vertices", id="one vertex"),
        pytest.param(lane(poly2d=[[1, 2], [3, 4]]), "x, y, type", id="no type"),
        pytest.param(
            lane(poly2d=[[1, 2, "Q"], [3, 4, "L"]]), "'L' or 'C'", id="other type"
        ),
        pytest.param(
            lane(poly2d=[[1, float("nan"), "L"], [3, 4, "L"]]), "finite", id="nan"
        ),
        pytest.param(
            lane(poly2d=[[1, 10**400, "L"], [3, 4, "L"]]), "finite", id="huge"
        ),
        pytest.param(
            lane(poly2d=[[1, "2", "L"], [3, 4, "L"]]), "two numbers", id="text"
        ),
        pytest.param(
            lane(poly2d=[{"vertices": VERTICES, "types": "L"}]), "one type", id="types"
        ),
        pytest.param(lane(poly2d=[{"types": "L"}]), "'vertices'", id="vertices"),
    ],
)
def test_broken_entries_are_named_or_left_out(
    tmp_path: Path, record: Any, message: str
) -> None:
    file = write(tmp_path, [POLYGONS, record, POLYGONS])
    with pytest.raises(LabelError, match=rf"labels\.json:1.*{message}"):
        list(read_bdd100k_json(file, LabelFaults()))
    faults = LabelFaults("skip")
    assert len(list(read_bdd100k_json(file, faults))) == 2
    assert len(faults.messages) == 1


def test_an_error_names_the_image(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="image 'a': label 0: 'poly2d'"):
        list(read_bdd100k_json(write(tmp_path, [lane(poly2d=0)]), LabelFaults()))


def test_a_cut_file_keeps_what_came_before(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([POLYGONS, POLYGONS])[:-20])
    faults = LabelFaults("skip")
    assert len(list(read_bdd100k_json(file, faults))) == 1
    assert "fetch it again" in faults.messages[0]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No BDD100K label file"):
        list(read_bdd100k_json(tmp_path / "none.json", LabelFaults("skip")))


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    texts(max_size=4),
    st.just([]),
    st.just({}),
    st.just(10**400),
)


def places_in(value: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a JSON value."""
    items: list[Any] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [(value, key) for key, _ in items] + [
        place for _, inner in items for place in places_in(inner)
    ]


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.data(), st.sampled_from([LEGACY, [CONSOLIDATED], [POLYGONS]]), junk)
def test_any_change_is_read_or_refused(
    tmp_path: Path, data: st.DataObject, content: Any, value: Any
) -> None:
    changed = copy.deepcopy(content)
    places = places_in(changed)
    container, key = places[data.draw(st.integers(0, len(places) - 1))]
    container[key] = value
    file = tmp_path / "labels.json"
    text = json.dumps(changed).encode("utf-8", "surrogatepass")
    cut = data.draw(st.integers(0, 2 * len(text)))
    file.write_bytes(codecs.BOM_UTF8 + text[:cut])
    try:
        images = list(read_bdd100k_json(file, LabelFaults()))
    except LabelError as error:
        assert str(error).startswith(f"{file}:")  # noqa: PT017
        faults = LabelFaults("skip")
        kept = list(read_bdd100k_json(file, faults))
        assert faults.messages
        # Only an entry that is whole is kept: of one, all but the list's last bracket.
        assert kept == [] or text[:cut] + b"]" == text
    else:
        for image in images:
            assert all(np.isfinite(mark.points).all() for mark in image.marks)


def long(number: int, vertices: list[list[float]], types: str = "") -> dict[str, Any]:
    curve = {"vertices": vertices, "types": types or "L" * len(vertices)}
    return {"category": "lane", "id": number, "poly2d": [curve]}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        pytest.param([long(0, [[0, 0], [1e9, 0]])], "at most 100000", id="far"),
        pytest.param(
            [long(0, [[0, 0], [9e4, 9e4]])], "at most 100000 pixels long", id="long"
        ),
        pytest.param(
            [long(0, [[0, 0], [1280, 0]] * 40)], "pixels long", id="there and back"
        ),
        pytest.param(
            [long(0, [[0, 0]] * 1001)],
            "at most 1000 vertices, got 1001",
            id="vertices",
        ),
        pytest.param(
            [long(n, [[n, 0], [n, 9]]) for n in range(501)],
            "at most 500 curves",
            id="curves",
        ),
    ],
)
def test_what_would_cost_too_much_is_said(
    tmp_path: Path, labels: list[dict[str, Any]], message: str
) -> None:
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([{"name": "a.jpg", "labels": labels}]))
    with pytest.raises(LabelError, match=message):
        list(read_bdd100k_json(file, LabelFaults()))


@pytest.mark.parametrize("depth", [100, 900, 2000])
def test_values_that_are_nested_deep(tmp_path: Path, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    file = tmp_path / "labels.json"
    for text in (f'{{"name": {nested}}}', f'{{"name": "a", "frames": {nested}}}'):
        file.write_text(f"[{text}]")
        with pytest.raises(LabelError, match=r"labels\.json:1"):
            list(read_bdd100k_json(file, LabelFaults()))


@pytest.mark.parametrize(
    ("name", "stem"), [("a.b.jpg", "a.b"), ("a.png.jpg", "a.png"), ("x/a.JPG", "a")]
)
def test_one_suffix_is_taken_off(tmp_path: Path, name: str, stem: str) -> None:
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([{"name": name, "labels": []}]))
    assert [image.name for image in read_bdd100k_json(file, LabelFaults())] == [stem]
