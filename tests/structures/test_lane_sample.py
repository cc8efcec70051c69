import pickle

import numpy as np
import pytest
import torch

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
    sample.gt_class_map = torch.zeros(4, 6, dtype=torch.uint8)
    sample.pred_class_map = torch.ones(4, 6, dtype=torch.uint8)
    sample.gt_existence = torch.tensor([0.0, 1.0])
    sample.gt_lines = torch.zeros(3, 38)
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


def test_metrics_get_the_public_names() -> None:
    fields = full_sample().to_dict()
    assert set(fields) == {*FIELDS, "raw_file", "ori_shape"}
    np.testing.assert_array_equal(fields["pred_lanes"][1], LANE + 1)
    assert fields["raw_file"] == "a.jpg"


def test_a_new_sample_holds_nothing() -> None:
    sample = LaneSample()
    assert "gt_lanes" not in sample
    assert sample.get("pred_lanes", "none") == "none"
    with pytest.raises(AttributeError):
        _ = sample.gt_lanes


@pytest.mark.parametrize(
    "copied",
    [
        pytest.param(lambda sample: sample.clone(), id="clone"),
        pytest.param(lambda sample: sample.cpu(), id="cpu"),
        pytest.param(lambda sample: pickle.loads(pickle.dumps(sample)), id="pickle"),
    ],
)
def test_copies_are_whole(copied) -> None:
    copy = copied(full_sample())
    assert isinstance(copy, LaneSample)
    assert set(copy.keys()) == FIELDS
    assert copy.ori_shape == (720, 1280)
    np.testing.assert_array_equal(copy.gt_lanes[0], LANE)
    assert copy.pred_slots == [2, 3]
    assert copy.pred_names == ["ego left", "ego right"]
    assert copy.pred_ids == [7, 4]
    assert torch.equal(copy.pred_class_map, torch.ones(4, 6, dtype=torch.uint8))
    assert torch.equal(copy.gt_existence, torch.tensor([0.0, 1.0]))


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
@pytest.mark.parametrize("shape", [(4,), (1, 4, 6)])
def test_a_class_map_has_two_dimensions(name: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"{name} must have shape \(H, W\)"):
        setattr(LaneSample(), name, torch.zeros(shape))


def test_lines_are_rows_of_a_table() -> None:
    with pytest.raises(ValueError, match=r"shape \(G, R \+ 2\), got \(38,\)"):
        LaneSample().gt_lines = torch.zeros(38)
