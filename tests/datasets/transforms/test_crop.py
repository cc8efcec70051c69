"""Random crops: what is kept, where lanes end, and what may be asked for."""

import numpy as np
import pytest

from lanedet.datasets import RandomCrop
from lanedet.datasets.transforms.crop import cut_lane
from lanedet.structures import LaneSample

LANE = np.array([[10.0, -4.0], [20.0, 6.0], [40.0, 16.0]])


def results_of(shape=(60, 120), seed=0):
    """Return an image whose pixels tell where they were, and a lane."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    image = np.stack([rows, columns, rows * 0], axis=-1).astype(np.uint8)
    sample = LaneSample(metainfo={"ori_shape": shape})
    sample.gt_lanes = [np.array([[5.0, 59.0], [115.0, 0.0]])]
    rng = np.random.default_rng(seed)
    return {"inputs": image, "data_samples": sample, "rng": rng}


def test_a_lane_ends_by_interpolation_where_the_image_ends() -> None:
    cut = cut_lane(LANE, (12, 100))
    # Row 0 is crossed at 14, row 11 half-way between 20 and 40.
    assert cut.tolist() == [[14.0, 0.0], [20.0, 6.0], [30.0, 11.0]]


def test_a_point_where_the_image_ends_is_not_repeated() -> None:
    lane = np.array([[8.0, 11.0], [7.0, 4.0], [6.0, 0.0], [5.0, -3.0]])
    assert cut_lane(lane, (12, 100)).tolist() == lane[:3].tolist()
    assert cut_lane(lane[::-1], (12, 100)).tolist() == lane[2::-1].tolist()


def test_a_lane_that_is_turned_round_is_cut_alike() -> None:
    cut = cut_lane(LANE[::-1], (12, 100))
    assert cut.tolist() == [[30.0, 11.0], [20.0, 6.0], [14.0, 0.0]]


@pytest.mark.parametrize(
    ("lane", "kept"),
    [
        (np.zeros((0, 2)), 0),
        (LANE + np.array([0.0, 100.0]), 0),
        (LANE + np.array([90.0, 0.0]), 0),
        (LANE[:1], 0),
        (LANE[1:2], 1),
    ],
    ids=["no point", "below", "aside", "one point above", "one point inside"],
)
def test_what_lies_outside_is_left_out(lane: np.ndarray, kept: int) -> None:
    assert len(cut_lane(lane, (12, 100))) == kept


@pytest.mark.parametrize("seed", range(20))
def test_lanes_stay_on_the_pixels_on_which_they_were(seed: int) -> None:
    before = results_of(seed=seed)
    lane = before["data_samples"].gt_lanes[0]
    after = RandomCrop(aspect=(1.0, 3.0), share=(0.5, 1.0))(before)
    part, sample = after["inputs"], after["data_samples"]
    top, left = part[0, 0, :2].astype(int)
    assert sample.ori_shape == part.shape[:2]
    assert len(sample.gt_lanes) <= 1
    for cut in sample.gt_lanes:
        back = cut + np.array([left, top])
        # All of it lies on the straight lane.
        expected = np.interp(back[:, 1], lane[::-1, 1], lane[::-1, 0])
        np.testing.assert_allclose(back[:, 0], expected, atol=1e-9)
        assert (cut >= 0).all()
        assert (cut <= [part.shape[1] - 1, part.shape[0] - 1]).all()


@pytest.mark.parametrize("seed", range(10))
def test_the_part_has_the_aspect_and_the_size_that_are_asked_for(seed: int) -> None:
    part = RandomCrop(aspect=(3.0, 3.0), share=(0.5, 0.5))(results_of(seed=seed))
    # The largest part of 3:1 in 120x60 is 120x40.
    assert part["inputs"].shape == (20, 60, 3)
    left = int(part["inputs"][0, 0, 1])
    assert 15 <= left <= 45


def test_without_luck_nothing_is_cut() -> None:
    before = results_of()
    assert RandomCrop(probability=0.0)(before) is before


def test_an_image_that_was_shrunk_is_refused() -> None:
    results = results_of()
    results["inputs"] = results["inputs"][::2, ::2]
    with pytest.raises(ValueError, match="must see the whole image"):
        RandomCrop()(results)


def test_a_label_that_is_a_mask_is_refused() -> None:
    results = results_of()
    results["data_samples"].set_metainfo({"gt_mask_path": "masks/1.png"})
    with pytest.raises(ValueError, match=r"the mask 'masks/1\.png'"):
        RandomCrop()(results)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"aspect": (3.0, 1.0)}, r"aspect must be .* in \[0.1, 10\]"),
        ({"aspect": (1.0,)}, "aspect must be a least and a greatest"),
        ({"share": (0.5, 1.5)}, r"share must be .* in \[0.1, 1\]"),
        ({"share": (float("nan"), 1.0)}, "share must be"),
        ({"probability": -0.1}, r"probability must lie in \[0, 1\]"),
    ],
)
def test_impossible_parts_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomCrop(**arguments)
