import numpy as np
import pytest

from lanedet.evaluation.functional.image_size import (
    LaneEnd,
    WithinError,
    check_ends,
    checked_image_shape,
    outside_error,
)
from lanedet.ops import LaneEnds

CULANE = (590, 1640)


def ends_of(points: list[tuple[float, float]]) -> tuple[LaneEnds, list[LaneEnd]]:
    """Count lanes of CULane's that end at these points."""
    ends = LaneEnds()
    inside = ends.add(np.array(points), max(x for x, _ in points), CULANE)
    examples = [
        LaneEnd("here", p) for p, each in zip(points, inside, strict=True) if each
    ]
    return ends, examples


def test_labels_that_end_at_the_border_are_of_the_size() -> None:
    assert check_ends(*ends_of([(300, 590), (1650, 420), (-20, 300)]), CULANE) is None
    assert check_ends(*ends_of([(300, 590), (640, 300), (640, 310)]), CULANE) is None
    assert check_ends(*ends_of([(-20, 300)]), CULANE) is None  # at any size


@pytest.mark.parametrize(
    ("points", "hint"),
    [
        ([(300, 479)], "480x640"),
        ([(300, 350), (500, 345), (-3, 200)], "360x640"),
        ([(640, 300), (500, 460), (200, 479), (630, 310)], "480x640"),
        ([(100, 200), (300, 210), (200, 333), (210, 330)], "360x640"),
        ([(300, 535), (960, 400), (980, 410)], "540x960"),
    ],
)
def test_labels_that_end_within_are_of_smaller_images(
    points: list[tuple[float, float]], hint: str
) -> None:
    with pytest.raises(WithinError, match=f"--shape {hint}; if .* --shape 590x1640"):
        check_ends(*ends_of(points), CULANE)


def test_labels_that_never_leave_at_the_right_are_of_narrower_images() -> None:
    bottom = [(200.0, 600.0), (500.0, 600.0)]
    with pytest.raises(WithinError, match=r"4 of 6 .* none at its right.* 600x800"):
        check_ends(*ends_of(bottom + [(800.0, 400.0)] * 4), CULANE)
    with pytest.raises(WithinError, match=r"None of 40 .* x = 500 .* 600x800"):
        check_ends(*ends_of(bottom * 20), CULANE)


def test_the_hint_is_the_size_of_a_picture_where_there_is_one() -> None:
    ends, examples = ends_of([(300, 300)] * 4)
    with pytest.raises(WithinError, match=r"pictures beside the labels have 333x999;"):
        check_ends(ends, examples, CULANE, picture_shape=(333, 999))


def test_a_size_that_was_given_is_only_doubted() -> None:
    doubt = check_ends(*ends_of([(300, 300)] * 4), CULANE, is_given=True)
    assert doubt is not None
    assert doubt.endswith("look whether --shape 590x1640 is right.")
    assert check_ends(*ends_of([(300, 479)]), CULANE, is_given=True) is None


def test_a_few_lanes_that_end_anywhere_are_reported() -> None:
    doubt = check_ends(*ends_of([(843.9, 320)]), CULANE)  # one image of CULane's
    assert doubt is not None
    assert "None of 1 labelled lanes ends at the bottom" in doubt
    assert "here, ends at (843.9, 320). Lanes of smaller images" in doubt


@pytest.mark.parametrize(
    ("point", "hint"),
    [
        ((1900, 1070), "--shape 1080x1920 for"),
        ((1000, 719), "--shape 720x1280 for"),
        ((3000, 500), "--shape 2160x3840 for"),
        ((9e5, 500), "HEIGHTxWIDTH. If not"),
    ],
)
def test_the_error_names_a_size_that_fits(
    point: tuple[float, float], hint: str
) -> None:
    message = str(outside_error("here:", point, CULANE))
    assert hint in message
    assert "1640 pixels wide and 590 high. Up to 15 px" in message


@pytest.mark.parametrize("shape", [(0, 5), (590, 10**6), (590.5, 1640), (-590, 1640)])
def test_sizes_of_images_are_bounded(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="whole numbers from 16 to 65535"):
        checked_image_shape(shape)
