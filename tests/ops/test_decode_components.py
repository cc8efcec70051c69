from typing import Any

import numpy as np
import pytest

from lanedet.ops import (
    ComponentLaneDecoder,
    DecodedLane,
    LetterboxView,
    StretchView,
    ViewTransform,
    draw_lane_mask,
    xs_at_rows,
)

SHAPE = (720, 1280)
VIEW = StretchView((360, 640))(SHAPE)


def map_of(
    lanes: list[np.ndarray], view: ViewTransform = VIEW, width: float = 4.0
) -> np.ndarray:
    drawn = [view.to_input(lane) for lane in lanes]
    mask = draw_lane_mask(drawn, view.input_shape, width)
    top, bottom, left, right = view.place
    outside = np.ones_like(mask)
    outside[top:bottom, left:right] = False
    return (mask & ~outside)[None].astype(np.float32)


def decode(probs: np.ndarray, view: ViewTransform = VIEW) -> list[DecodedLane]:
    return ComponentLaneDecoder()(probs, None, view)


def fan(*bottoms: float, top: float = 320.0) -> list[np.ndarray]:
    """Return straight lanes that lead to one vanishing point but end before it."""
    vanish, horizon = 640.0, 280.0
    rows = np.linspace(719, top, 40)
    return [
        np.stack(
            [vanish + (x - vanish) * (rows - horizon) / (719 - horizon), rows], axis=1
        )
        for x in bottoms
    ]


def assert_lanes(
    found: list[DecodedLane], lanes: list[np.ndarray], tolerance: float = 2.0
) -> None:
    """Check that each lane was found over most of its height, left to right."""
    assert len(found) == len(lanes)
    for slot, (lane, expected) in enumerate(zip(found, lanes, strict=True)):
        assert lane.slot == slot
        ys = lane.points[:, 1]
        assert ys.max() - ys.min() > 0.85 * np.ptp(expected[:, 1])
        inside = (ys > expected[:, 1].min() + 6) & (ys < expected[:, 1].max() - 6)
        xs = xs_at_rows(expected, ys[inside])
        assert np.abs(lane.points[inside, 0] - xs).max() < tolerance


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(VIEW, id="stretched"),
        pytest.param(StretchView((288, 800), crop_top=0.2)(SHAPE), id="cropped"),
        pytest.param(LetterboxView((384, 640))(SHAPE), id="letterbox"),
    ],
)
def test_lanes_come_back_from_their_mask(view: ViewTransform) -> None:
    lanes = fan(-200, 300, 900, 1500)
    lanes = [lane[(lane[:, 0] > 5) & (lane[:, 0] < 1275)] for lane in lanes]
    found = decode(map_of(lanes, view), view)
    assert_lanes(found, lanes, tolerance=3.0)
    assert all(lane.score > 0.7 for lane in found)


def test_curves_come_back() -> None:
    rows = np.linspace(719, 300, 60)
    bend = np.stack([200 + 0.002 * (rows - 719) ** 2, rows], axis=1)
    other = np.add(bend, [500.0, 0.0])
    assert_lanes(decode(map_of([bend, other])), [bend, other])


def test_a_dashed_lane_is_one_lane() -> None:
    (lane,) = fan(300)
    probs = map_of([lane])
    probs[:, 200:225] = probs[:, 260:290] = 0
    assert_lanes(decode(probs), [lane])


def test_a_gap_too_large_parts_a_lane() -> None:
    (lane,) = fan(300)
    probs = map_of([lane])
    probs[:, 220:290] = 0
    assert len(decode(probs)) == 2


def test_lanes_that_meet_at_the_top_stay_apart_below() -> None:
    lanes = fan(100, 500, 800, 1200, top=282.0)
    found = decode(map_of(lanes))
    assert len(found) == 4
    for lane, expected in zip(found, lanes, strict=True):
        below = lane.points[:, 1] > 360
        xs = xs_at_rows(expected, lane.points[below, 1])
        assert np.abs(lane.points[below, 0] - xs).max() < 3.0


def test_a_fork_is_two_lanes() -> None:
    (straight,) = fan(640.0)
    rows = np.linspace(500, 330, 30)
    branch = np.stack([640 + 1.2 * (500 - rows), rows], axis=1)
    found = decode(map_of([straight, branch]))
    assert len(found) == 2
    assert max(np.ptp(lane.points[:, 1]) for lane in found) > 370


def test_blobs_are_no_lanes_and_do_not_bend_one() -> None:
    (lane,) = fan(300)
    probs = map_of([lane])
    probs[0, 100:160, 400:470] = 1  # alone
    column = int(
        VIEW.to_input(np.array([xs_at_rows(lane, np.array([560.0]))[0], 0]))[0]
    )
    probs[0, 270:290, column - 3 : column + 40] = 1  # attached to the lane
    assert_lanes(decode(probs), [lane], tolerance=6.0)


def test_specks_and_noise_are_no_lanes() -> None:
    rng = np.random.default_rng(0)
    noise = (rng.random((1, 360, 640)) < 0.02).astype(np.float32)
    assert decode(noise) == []
    assert decode(np.zeros((1, 360, 640), np.float32)) == []
    assert decode(np.ones((1, 360, 640), np.float32)) == []


def test_at_most_so_many_lanes_the_longest() -> None:
    lanes = fan(100, 500, 800, 1200)
    lanes[1] = lanes[1][:15]
    found = ComponentLaneDecoder(max_lanes=3)(map_of(lanes), None, VIEW)
    assert_lanes(found, [lanes[0], lanes[2], lanes[3]])


def test_existence_switches_the_map_off() -> None:
    decoder, probs = ComponentLaneDecoder(), map_of(fan(300))
    assert len(decoder(probs, np.array([0.9], np.float32), VIEW)) == 1
    assert decoder(probs, np.array([0.1], np.float32), VIEW) == []


def test_other_shapes_are_refused() -> None:
    decoder = ComponentLaneDecoder()
    with pytest.raises(ValueError, match=r"reads one map .*Use\s+LaneDecoder"):
        decoder(np.zeros((4, 360, 640), np.float32), None, VIEW)
    with pytest.raises(ValueError, match="existence must have shape"):
        decoder(np.zeros((1, 360, 640), np.float32), np.ones(2, np.float32), VIEW)


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 1.0},
        {"smoothing": 4},
        {"row_step": 0},
        {"max_lanes": 0},
        {"max_gap": 1.5},
        {"existence_threshold": -0.1},
    ],
)
def test_arguments_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        ComponentLaneDecoder(**options)
