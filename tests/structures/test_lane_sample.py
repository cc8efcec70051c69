import copy
import pickle

import numpy as np
import pytest

from lanedet.structures import LaneSample

LANE = np.array([[10.0, 100.0], [30.0, 120.0]])


def full_sample() -> LaneSample:
    sample = LaneSample(metainfo={"raw_file": "a.jpg", "ori_shape": (720, 1280)})
    sample.gt_lanes = [LANE]
    sample.pred_lanes = [LANE, LANE + 1]
    sample.pred_scores = [0.75, 0.5]
    sample.pred_slots = [2, 3]
    sample.pred_names = ("ego left", "ego right")
    sample.pred_ids = [7, 4]
    sample.gt_class_map = np.zeros((4, 6), np.uint8)
    sample.pred_class_map = np.ones((4, 6), np.uint8)
    sample.gt_existence = np.array([0.0, 1.0])
    sample.gt_lines = np.zeros((3, 38), np.float32)
    return sample


FIELDS = {
    "gt_lanes",
    "pred_lanes",
    "pred_scores",
    "pred_slots",
    "pred_names",
    "pred_ids",
    "gt_class_map",
    "pred_class_map",
    "gt_existence",
    "gt_lines",
}


def test_a_sample_names_what_it_holds() -> None:
    sample = full_sample()
    assert set(sample.keys()) == {*FIELDS, "raw_file", "ori_shape"}
    assert all(name in sample for name in sample.keys())  # noqa: SIM118
    np.testing.assert_array_equal(sample.get("pred_lanes")[1], LANE + 1)
    assert sample.raw_file == sample.get("raw_file") == "a.jpg"
    assert repr(LaneSample({"rows": [1]})) == "LaneSample(rows)"


@pytest.mark.parametrize("name", ["raw_file", "gt_lanes"])
def test_what_is_deleted_is_no_longer_held(name: str) -> None:
    sample = full_sample()
    delattr(sample, name)
    assert name not in sample
    assert len(sample.keys()) == len(FIELDS) + 1
    with pytest.raises(AttributeError, match=name):
        delattr(sample, name)


def test_only_known_fields_can_be_set() -> None:
    with pytest.raises(AttributeError, match="pred_lane"):
        LaneSample().pred_lane = [LANE]


def test_a_new_sample_holds_nothing() -> None:
    sample = LaneSample()
    assert "gt_lanes" not in sample
    assert sample.get("pred_lanes", "none") == "none"
    with pytest.raises(AttributeError, match=r"must have gt_lanes .* an empty one"):
        _ = sample.gt_lanes
    with pytest.raises(AttributeError, match=r"must have rows .* got raw_file, ori"):
        _ = full_sample().rows


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(lambda sample: sample.clone(), id="clone"),
        pytest.param(copy.deepcopy, id="deepcopy"),
        pytest.param(lambda sample: pickle.loads(pickle.dumps(sample)), id="pickle"),
    ],
)
def test_copies_are_whole(copied) -> None:
    made = copied(full_sample())
    assert isinstance(made, LaneSample)
    assert set(made.keys()) == {*FIELDS, "raw_file", "ori_shape"}
    assert made.ori_shape == (720, 1280)
    np.testing.assert_array_equal(made.gt_lanes[0], LANE)
    assert made.pred_slots == [2, 3]
    assert made.pred_names == ["ego left", "ego right"]
    assert made.pred_ids == [7, 4]
    np.testing.assert_array_equal(made.pred_class_map, np.ones((4, 6)))
    assert made.gt_existence.tolist() == [0.0, 1.0]


def test_a_clone_can_be_changed_alone() -> None:
    sample = full_sample()
    clone = sample.clone()
    clone.pred_lanes = []
    clone.set_metainfo({"raw_file": "b.jpg"})
    assert len(sample.pred_lanes) == 2
    assert sample.raw_file == "a.jpg"


def test_lanes_become_float64_polylines() -> None:
    sample = LaneSample()
    sample.gt_lanes = [np.array([[1, 2], [3, 4]]), np.empty((0, 2), dtype=np.float32)]
    assert [lane.dtype for lane in sample.gt_lanes] == [np.float64] * 2
    assert [lane.shape for lane in sample.gt_lanes] == [(2, 2), (0, 2)]


def test_scores_slots_and_ids_become_plain_numbers() -> None:
    sample = LaneSample()
    sample.pred_scores = np.array([0.5], dtype=np.float32)
    sample.pred_slots = np.array([3])
    sample.pred_ids = np.array([8])
    assert type(sample.pred_scores[0]) is float
    assert type(sample.pred_slots[0]) is int
    assert type(sample.pred_ids[0]) is int


@pytest.mark.parametrize("name", ["gt_lanes", "pred_lanes"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (2, 2, 2)])
def test_what_is_no_polyline_is_refused(name: str, shape: tuple[int, ...]) -> None:
    message = rf"{name}\[1\] must be a polyline of shape \(N, 2\), got shape"
    with pytest.raises(ValueError, match=message):
        setattr(LaneSample(), name, [LANE, np.zeros(shape)])


@pytest.mark.parametrize("name", ["gt_class_map", "pred_class_map"])
@pytest.mark.parametrize(
    "class_map",
    [
        pytest.param(np.zeros(4, np.uint8), id="a row"),
        pytest.param(np.zeros((1, 4, 6), np.uint8), id="a batch"),
        pytest.param(np.zeros((4, 6)), id="probabilities"),
    ],
)
def test_a_class_map_is_an_image_of_bytes(name: str, class_map: np.ndarray) -> None:
    with pytest.raises(
        ValueError, match=rf"{name} must have shape \(H, W\) and be uint8"
    ):
        setattr(LaneSample(), name, class_map)


def test_lines_are_rows_of_a_table() -> None:
    with pytest.raises(ValueError, match=r"shape \(G, R \+ 2\), got \(38,\)"):
        LaneSample().gt_lines = np.zeros(38)
