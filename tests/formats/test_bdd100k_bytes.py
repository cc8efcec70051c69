import numpy as np
import pytest

from lanedet.formats import (
    LANE_BACKGROUND,
    driving_lanes,
    encode_lane_byte,
    lane_attribute,
    lane_foreground,
    lanes_of_mask,
)
from lanedet.formats.bdd100k_bytes import LANE_ATTRIBUTES, LANE_CATEGORIES


def bytes_of(*values: int) -> np.ndarray:
    return np.array([values], dtype=np.uint8)


def test_zero_is_a_crosswalk_and_255_is_background() -> None:
    assert lane_foreground(bytes_of(0, 255)).tolist() == [[True, False]]
    assert encode_lane_byte("crosswalk", "solid", "parallel") == 0


def test_a_byte_unpacks_to_what_was_packed() -> None:
    for category in LANE_CATEGORIES:
        for style in ("solid", "dashed"):
            for direction in ("parallel", "vertical"):
                mask = bytes_of(encode_lane_byte(category, style, direction))
                assert lane_foreground(mask).all()
                found = [
                    names[lane_attribute(mask, attribute)[0, 0]]
                    for attribute, (_, _, names) in LANE_ATTRIBUTES.items()
                ]
                assert found == [direction, style, category]


def test_crossing_marks_are_no_driving_lanes_unless_wanted() -> None:
    stop_line = encode_lane_byte("single white", "solid", "vertical")
    lane = encode_lane_byte("single white", "solid", "parallel")
    mask = bytes_of(stop_line, lane, 0, LANE_BACKGROUND)
    assert driving_lanes(mask).tolist() == [[False, True, False, False]]
    assert driving_lanes(mask, keep_vertical=True).sum() == 2
    assert driving_lanes(mask, keep_crosswalks=True).sum() == 2


def test_the_pixels_tell_the_form_of_a_mask() -> None:
    assert lanes_of_mask(bytes_of(0, 0, 0, 255)).tolist() == [
        [False, False, False, True]
    ]
    # The same values the other way round: the edge of a crosswalk in lane bytes.
    assert not lanes_of_mask(bytes_of(255, 255, 255, 0)).any()
    assert lanes_of_mask(bytes_of(255, 255, 255, 6)).sum() == 1
    assert lanes_of_mask(bytes_of(0, 0, 0, 1)).sum() == 1


def test_what_is_no_lane_mask_is_refused() -> None:
    with pytest.raises(ValueError, match="mostly background"):
        lanes_of_mask(bytes_of(1, 2, 1, 2))


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="style must be one of"):
        encode_lane_byte("road curb", "dotted", "parallel")
