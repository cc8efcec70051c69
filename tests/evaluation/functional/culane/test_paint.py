import json
import zlib
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from oracles import culane as oracle
from oracles.culane import paint_line, unpacked

from lanedet.arrays import ByteArray
from lanedet.evaluation.functional.culane.paint import paint_lane, painted_ious


def test_lines_are_those_of_opencv_4() -> None:
    table = json.loads((Path(__file__).parent / "opencv4_lines.json").read_text())
    for height, width, x0, y0, x1, y1, thickness, crc in table["lines"]:
        mask = paint_line((height, width), (x0, y0), (x1, y1), thickness)
        assert mask.shape == (height, width)
        assert zlib.crc32(mask.tobytes()) == crc, (x0, y0, x1, y1, thickness)


def test_a_line_of_one_pixel_is_a_disc_by_hand() -> None:
    # OpenCV's circle of radius 2 has rows of 1, 3, 5, 3 and 1 pixels.
    mask = paint_line((7, 7), (3, 3), (3, 3), 4)
    assert mask.sum(axis=1).tolist() == [0, 1, 3, 5, 3, 1, 0]
    assert np.array_equal(mask, mask.T)


def line_by_line(
    pixels: NDArray[np.int32], shape: tuple[int, int], width: int
) -> ByteArray:
    """Return the image of a lane of which each line is painted alone."""
    ends = pixels.tolist()
    mask = np.zeros(shape, np.uint8)
    for start, end in pairwise(ends):
        mask |= paint_line(shape, tuple(start), tuple(end), width)
    return mask


@pytest.mark.parametrize("longest", [1, 2, 3, 7, 60])
@pytest.mark.parametrize("width", [2, 3, 15, 30, 71])
def test_a_lane_is_the_union_of_its_lines(width: int, longest: int) -> None:
    """A path of steps of either sort: straight on, and back and forth over borders."""
    rng = np.random.default_rng([width, longest])
    shape = (90, 131)
    for is_wild in (False, True, True):
        steps = rng.integers(-longest, longest + 1, (80, 2))
        if not is_wild:
            steps[:, 1] = -abs(steps[:, 1])
        begin = rng.integers(-10, [141, 100], (1, 2))
        pixels = np.cumsum(np.concatenate([begin, steps]), axis=0, dtype=np.int32)
        mask = unpacked(paint_lane(pixels, shape, width), shape)
        assert np.array_equal(mask, line_by_line(pixels, shape, width))


def test_small_lines_near_a_border_are_opencvs() -> None:
    offsets = (-17, -15, -1, 0, 1, 14, 16, 20)
    xs = [*offsets, *(1639 - each for each in offsets), 800]
    ys = [*offsets, *(589 - each for each in offsets), 300]
    rng = np.random.default_rng(3)
    for x in xs:
        for y in ys:
            dx, dy = rng.integers(-3, 4, 2).tolist()
            mask = paint_line(oracle.SHAPE, (x, y), (x + dx, y + dy), 30)
            expected = oracle.draw([(x, y), (x + dx, y + dy)])
            assert np.array_equal(mask, expected), (x, y, dx, dy)


def test_lines_to_neighbours_are_opencvs_at_every_width() -> None:
    neighbours = [(dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]
    for width in range(2, 201):
        side = width + 24
        middle = side // 2
        for dx, dy in neighbours:
            start, end = (middle, middle), (middle + dx, middle + dy)
            expected = np.zeros((side, side), np.uint8)
            cv2.line(expected, start, end, 1, width)
            mask = paint_line((side, side), start, end, width)
            assert np.array_equal(mask, expected), (width, dx, dy)


def test_lanes_without_pixels_overlap_nothing_and_those_outside_are_nan() -> None:
    inside = np.array([[40.0, 40.0], [80.0, 30.0]])
    outside = inside - 400
    ious = painted_ious([inside, outside], [inside, inside[:1], outside], (90, 131), 30)
    expected = [[1.0, 0.0], [0.0, 0.0], [0.0, np.nan]]
    np.testing.assert_array_equal(ious, expected)


def test_overlap_is_the_share_of_pixels() -> None:
    lane = np.array([[100.0, 300.0], [140.0, 20.0]])
    lanes = [lane, lane + 9]
    images = [oracle.draw(lane) for lane in lanes]
    [[iou]] = painted_ious(lanes[:1], lanes[1:], oracle.SHAPE, oracle.WIDTH)
    assert iou == (images[0] & images[1]).sum() / (images[0] | images[1]).sum()


def test_a_long_line_beside_the_image_leaves_no_mark_in_it() -> None:
    # In fixed point its slope is rounded, and would lead into the image a hundred
    # million rows farther down: OpenCV 4 leaves it out before it looks at slopes.
    mask = paint_line((200, 131), (-77, 90), (-675064, -121887615), 30)
    assert not mask.any()


@pytest.mark.parametrize("far", [2**31 - 1, -(2**31), 10**6])
def test_lines_to_far_away_take_no_time(far: int) -> None:
    pixels = np.array([[60, 40], [far, -far - 1]] * 5_000, np.int32)
    once = paint_lane(pixels[:2], (90, 131), 30)
    assert once.any()
    assert np.array_equal(paint_lane(pixels, (90, 131), 30), once)
