from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import camera_to_road, slot_name
from lanedet.structures import DrivingState, LaneSample
from lanedet.visualization import draw_overlay
from lanedet.visualization.birds_eye import birds_eye_box
from lanedet.visualization.overlay import LEAST_SIZE_WITH_TEXT

ORANGE, SKY_BLUE, VERMILION = (230, 159, 0), (86, 180, 233), (213, 94, 0)
GREY = 90


CENTRED = DrivingState(
    ego_left=0,
    ego_right=1,
    offset_share=0.0,
    offset_m=None,
    lane_width_m=None,
    curvature="straight",
    radius_m=None,
    departure=None,
    events=(),
)


def _driving(**other: Any) -> DrivingState:
    """A car in the middle of its lane, but for what is said."""
    return replace(CENTRED, **other)


NO_OWN_LANE = _driving(ego_left=None, ego_right=None, offset_share=None)
NOTHING = replace(NO_OWN_LANE, curvature=None)


def _grey(height: int = 360, width: int = 640) -> np.ndarray:
    return np.full((height, width, 3), GREY, dtype=np.uint8)


def _line(lateral: float, shape: tuple[int, ...] = (360, 640)) -> FloatArray:
    """A line that vanishes in the middle at 0.4 of the height."""
    ys = np.linspace(0.45, 0.98, 30) * shape[0]
    return np.stack([shape[1] / 2 + lateral * (ys - 0.4 * shape[0]), ys], axis=1)


def _sample(*lanes: FloatArray, slots: tuple[int, ...] = (2, 3)) -> LaneSample:
    sample = LaneSample()
    sample.pred_lanes = lanes
    sample.pred_slots = slots[: len(lanes)]
    sample.pred_names = [slot_name(slot, 6) for slot in sample.pred_slots]
    sample.pred_scores = [0.9] * len(lanes)
    return sample


def _drawn(
    driving: DrivingState = CENTRED,
    image: np.ndarray | None = None,
    sample: LaneSample | None = None,
    **keywords: Any,
) -> np.ndarray:
    canvas = _grey() if image is None else image.copy()
    if sample is None:
        sample = _sample(_line(-1, canvas.shape), _line(1, canvas.shape))
    draw_overlay(canvas, sample, driving, num_slots=6, **keywords)
    return canvas


def _changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one != other).any(axis=2)


def test_the_own_lane_is_filled_and_fades_towards_the_far_end() -> None:
    drawn = _drawn()
    tint = drawn[:, 320, 1].astype(int) - drawn[:, 320, 0]
    assert tint[340] > 30
    assert 0 < tint[200] < tint[270] < tint[340]
    assert (drawn[:150, 300:340] == GREY).all()
    # Half of the light of what lies beneath remains at least: markings can be seen.
    bright = _drawn(image=np.full((360, 640, 3), 250, np.uint8))
    assert bright[340, 320].min() > 125


def test_the_own_lane_goes_on_to_the_bottom_beside_the_side_of_the_picture() -> None:
    left = _line(-3)
    left = left[left[:, 0] >= 0]
    drawn = _drawn(sample=_sample(left, _line(1)))
    assert left[:, 1].max() < 260
    assert drawn[330, 100, 1] > drawn[330, 100, 0] + 20


@pytest.mark.parametrize("shape", [(360, 640), (640, 360)])
def test_the_own_lane_reaches_the_bottom_between_both_sides_of_the_picture(
    shape: tuple[int, int],
) -> None:
    lines = []
    for lateral in (-2.2, 2.5):
        line = _line(lateral, shape)
        line = line[(line[:, 0] >= 0) & (line[:, 0] < shape[1])]
        assert line[-1, 1] < 0.85 * shape[0]
        lines.append(line)
    drawn = _drawn(image=_grey(*shape), sample=_sample(*lines)).astype(int)
    tint = (drawn[..., 1] - drawn[..., 0])[int(0.55 * shape[0]) :, shape[1] // 2]
    assert tint[0] > 10
    assert tint[-1] > 40
    assert 0 <= np.diff(tint).min() <= np.diff(tint).max() < 12


def test_the_tint_fades_out_where_one_line_ends_early() -> None:
    left, right = _line(-0.5), _line(0.5)
    end = right[18]
    drawn = _drawn(sample=_sample(left, right[:19])).astype(int)
    tint = np.abs(drawn[:, 320] - GREY).sum(axis=1)  # by row, in the lane's middle
    steps = np.abs(np.diff(tint))[: int(end[1]) + 10]
    assert tint.max() > 20
    assert steps.max() < 12
    assert tint[int(end[1]) + 2] == 0


def test_a_lane_without_its_other_line_is_not_filled() -> None:
    driving = _driving(ego_right=None, offset_share=None)
    drawn = _drawn(driving, sample=_sample(_line(-1)))
    assert (drawn[340, 200:560] == GREY).all()


def test_the_drivers_own_lines_have_their_colors() -> None:
    drawn = _drawn()
    left, right = _line(-1)[20], _line(1)[20]
    assert tuple(drawn[round(left[1]), round(left[0])]) == ORANGE
    assert tuple(drawn[round(right[1]), round(right[0])]) == SKY_BLUE


def test_a_departure_puts_a_frame_around_the_picture() -> None:
    drawn = _drawn(_driving(departure="left"))
    for border in (drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]):
        assert (border == VERMILION).all()
    assert not (_drawn()[0] == VERMILION).all(axis=1).any()


def test_the_gauge_tells_the_side() -> None:
    """The marker is the only white in the panel's first line."""
    panel_rows = slice(15, 26)
    places = []
    for share in (-0.4, 0.0, 0.4):
        drawn = _drawn(_driving(offset_share=share))[panel_rows, :130]
        places.append(np.nonzero((drawn == 255).all(axis=2))[1].mean())
    assert places[0] + 20 < places[1] < places[2] - 20


@pytest.mark.parametrize("offset_share", [0.04, 0.1, -0.4, None])
def test_the_middle_of_the_gauge_is_a_tick_from_edge_to_edge(
    offset_share: float | None,
) -> None:
    size = 720  # so tall that the marker covers the gauge's middle only
    image = _grey(size, size)
    drawn = _drawn(_driving(offset_share=offset_share), image)
    top = bottom = round(size / 48) * 2
    bottom += round(size / 48) - 1
    ticks = [
        np.flatnonzero((drawn[row, 40:220] == 190).all(axis=1)).tolist()
        for row in (top, bottom)
    ]
    assert len(ticks[0]) == 1
    assert ticks[0] == ticks[1]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (_driving(offset_share=0.1), _driving(offset_share=0.2)),
        (_driving(offset_share=0.1), _driving(offset_share=0.1, offset_m=0.3)),
        (_driving(curvature="left"), _driving(curvature="right")),
        (_driving(curvature="left"), _driving(curvature="left", radius_m=90)),
        (_driving(departure="left"), _driving(departure="right")),
    ],
)
def test_the_panel_tells_them_apart(one: DrivingState, other: DrivingState) -> None:
    assert _changed(_drawn(one), _drawn(other))[:100, :140].any()


def test_a_side_is_shown_only_where_there_is_one() -> None:
    text = slice(27, 50), slice(0, 140)
    hair, other_hair, bit = (
        _drawn(_driving(offset_share=share))[text] for share in (0.001, -0.001, 0.02)
    )
    assert not _changed(hair, other_hair).any()
    assert _changed(hair, bit).any()


def test_small_frames_have_no_texts() -> None:
    assert LEAST_SIZE_WITH_TEXT > 180
    image = _grey(180, 320)
    drawn = _drawn(NOTHING, image, _sample(), to_road=np.eye(3))
    assert (drawn == image).all()
    assert (_drawn(NOTHING, sample=_sample()) != _grey()).any()


@pytest.mark.parametrize(
    "shape", [(1, 1), (90, 160), (360, 640), (640, 360), (301, 3000)]
)
def test_any_size(shape: tuple[int, int]) -> None:
    to_road = camera_to_road((shape[1],) * 2, (shape[1] / 2, shape[0] * 0.4), 1.5)
    drawn = _drawn(image=_grey(*shape), to_road=to_road)
    assert drawn.shape == (*shape, 3)
    assert (drawn != GREY).any()


def test_names_do_not_lie_on_one_another() -> None:
    """Of two lanes at one place one is named: only the line's blended rim differs."""
    lane = _line(-1)
    once = _drawn(NO_OWN_LANE, sample=_sample(lane, slots=(1,)))
    twice = _drawn(NO_OWN_LANE, sample=_sample(lane, lane, slots=(1, 1)))
    beside = slice(320, 352), slice(0, int(lane[-1, 0]) - 10)
    assert _changed(once, _grey())[beside].sum() > 500
    texts = [(drawn[beside] > 200).all(axis=2).sum() for drawn in (once, twice)]
    assert 0 < texts[1] < 1.5 * texts[0]


def test_empty_and_far_lanes_are_left_out() -> None:
    lanes = (np.zeros((0, 2)), np.array([[1e9, 1e9], [2e9, 3e9]]))
    nothing = _drawn(NOTHING, sample=_sample())
    assert not _changed(_drawn(NOTHING, sample=_sample(*lanes)), nothing).any()


def test_the_birds_eye_inset_shows_lanes_where_they_are() -> None:
    image = _grey(720, 1280)
    to_road = camera_to_road((1000.0, 1000.0), (640.0, 360.0), 1.5)
    lanes = [
        np.stack([640 + lateral / 1.5 * (ys - 360), ys], axis=1)
        for lateral in (-1.8, 1.8)
        for ys in [np.linspace(719, 380, 50)]
    ]
    drawn = _drawn(image=image, sample=_sample(*lanes), to_road=to_road)
    box = birds_eye_box(image)
    inset = box.of(drawn)
    row = inset[box.height // 2]
    left, right = (
        np.flatnonzero((row == color).all(axis=1)).mean()
        for color in (ORANGE, SKY_BLUE)
    )
    per_metre = box.width / 18
    assert (right - left) / per_metre == pytest.approx(3.6, abs=0.2)
    assert (left + right) / 2 == pytest.approx(box.width / 2, abs=1)


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)],
)
def test_bad_images(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"canvas must be \(H, W, 3\) uint8"):
        draw_overlay(image, _sample(), NOTHING, num_slots=6)


def test_coordinates_must_be_finite() -> None:
    lane = np.array([[0.0, np.nan], [1.0, 2.0]])
    driving = NO_OWN_LANE
    with pytest.raises(ValueError, match="must be finite"):
        _drawn(driving, sample=_sample(lane, slots=(1,)))
