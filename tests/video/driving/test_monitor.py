import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.ops import assign_slots, camera_to_road, slots_under_camera
from lanedet.simulation import Drive, Scene, sample_scene, scene_lanes
from lanedet.simulation.world.road import Profile
from lanedet.structures import DepartureEvent, DrivingState, LaneSample
from lanedet.video.driving.calibration import Calibration
from lanedet.video.driving.monitor import DrivingMonitor

SHAPE = (720, 1280)
NUM_SCENES = 100


def _line(lateral_m: float) -> FloatArray:
    """A line seen from 1.5 m above the road."""
    ys = np.linspace(719.0, 400.0, 40)
    return np.stack([640 + lateral_m / 1.5 * (ys - 360), ys], axis=1)


def _sample(
    lanes: Sequence[FloatArray],
    slots: Sequence[int],
    scores: Sequence[float] | None = None,
    shape: tuple[int, int] = SHAPE,
) -> LaneSample:
    sample = LaneSample(metainfo={"ori_shape": shape})
    sample.pred_lanes = lanes
    sample.pred_slots = slots
    sample.pred_scores = [0.9] * len(lanes) if scores is None else scores
    return sample


def _at(offset_m: float) -> LaneSample:
    """The camera in a lane of 4 m; beyond its lines it is in the next one."""
    offset_m = (offset_m + 2) % 4 - 2
    return _sample([_line(-2 - offset_m), _line(2 - offset_m)], [2, 3])


def _drive(offsets_m: Iterable[float], fps: float = 10.0) -> list[DrivingState]:
    monitor = DrivingMonitor(num_slots=6)
    return [monitor.update(_at(o), i / fps) for i, o in enumerate(offsets_m)]


def _events(states: Iterable[DrivingState]) -> list[DepartureEvent]:
    return [event for state in states for event in state.events]


def test_the_own_lane_has_its_lines() -> None:
    lanes = [_line(lateral) for lateral in (6, -2, 2, -6, -10, 10)]
    state = DrivingMonitor(6).update(_sample(lanes, [4, 2, 3, 1, 0, 5]), 0.0)
    assert (state.ego_left, state.ego_right) == (1, 2)


def test_the_surer_of_two_lanes_in_a_slot_counts() -> None:
    lanes = [_line(-1), _line(-2), _line(2)]
    state = DrivingMonitor(6).update(_sample(lanes, [2, 2, 3], [0.5, 0.8, 0.9]), 0.0)
    assert state.ego_left == 1
    assert state.offset_share == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("shape", [(720, 1280), (360, 640), (1280, 720)])
def test_the_offset_is_positive_to_the_right(shape: tuple[int, int]) -> None:
    scale = shape[0] / 720
    lanes = [_line(-2.5) * scale, _line(1.5) * scale]
    state = DrivingMonitor(6).update(_sample(lanes, [2, 3], shape=shape), 0.0)
    assert state.offset_share == pytest.approx(0.125)
    assert state.curvature == "straight"
    assert state.offset_m is state.lane_width_m is state.radius_m is None


@pytest.mark.parametrize(
    ("lanes", "slots"),
    [
        pytest.param([], [], id="no lanes"),
        pytest.param([_line(-2)], [2], id="left only"),
        pytest.param([_line(-2), _line(6)], [2, 4], id="right one missing"),
        pytest.param([_line(-2)[:0], _line(2)], [2, 3], id="a lane without points"),
        pytest.param([_line(1), _line(5)], [2, 3], id="beside the lane"),
        pytest.param([_line(2), _line(-2)], [2, 3], id="sides exchanged"),
    ],
)
def test_what_is_not_known_is_none(lanes: list, slots: list) -> None:
    for calibration in (None, _calibration(sample_scene(0, 0))):
        monitor = DrivingMonitor(6, calibration)
        state = monitor.update(_sample(lanes, slots), 0.0)
        assert state.offset_share is state.offset_m is state.lane_width_m is None
        assert state.curvature is state.radius_m is state.departure is None
        assert state.events == ()
        assert monitor.summary.ego_lane_share == 0
        assert monitor.summary.mean_abs_offset_share is None


def test_the_summary_counts() -> None:
    monitor = DrivingMonitor(6)
    assert monitor.summary.ego_lane_share == 0
    for time_s, sample in enumerate([_at(0.4), _at(-0.8), _sample([], [])]):
        monitor.update(sample, time_s / 10)
    assert monitor.summary.num_frames == 3
    assert monitor.summary.ego_lane_share == pytest.approx(2 / 3)
    assert monitor.summary.mean_abs_offset_share == pytest.approx(0.15)
    assert monitor.summary.mean_abs_offset_m is None
    assert monitor.summary.events == ()


def test_a_drift_is_one_departure_that_ends_in_the_middle() -> None:
    offsets = [0.0] * 5 + [1.4] * 10 + [1.0] * 5 + [1.4] * 5 + [0.3] * 10
    states = _drive(offsets, fps=8)
    assert _events(states) == [DepartureEvent("right", 0.625, 5, pytest.approx(0.35))]
    # Told once it has lasted 0.3 s, over once the middle has lasted as long.
    assert [state.departure for state in states] == (
        [None] * 8 + ["right"] * 20 + [None] * 7
    )
    assert [bool(state.events) for state in states].index(True) == 8


@pytest.mark.parametrize("speed_mps", [0.4, 1.0, 2.5])
@pytest.mark.parametrize("kind", ["left", "right"])
def test_a_lane_change_is_one_departure(speed_mps: float, kind: str) -> None:
    sign = 1 if kind == "right" else -1
    way = np.clip(np.arange(0, 14, 0.08) * speed_mps - 0.5, 0, 4)
    states = _drive(sign * way, fps=12.5)
    assert [event.kind for event in _events(states)] == [kind]
    assert states[-1].departure is None


def test_two_lane_changes_are_two_departures() -> None:
    way = [*np.linspace(0, 4, 40), *[4.0] * 5, *np.linspace(4, 8, 40), *[8.0] * 5]
    assert [event.kind for event in _events(_drive(way))] == ["right", "right"]


def test_a_departure_does_not_reach_into_another_sequence() -> None:
    monitor, states = DrivingMonitor(6), []
    for number in range(16):
        if number == 8:
            monitor.begin_sequence()
        states.append(monitor.update(_at(1.5), number / 10))
    assert [event.frame for event in _events(states)] == [0, 8]
    assert [state.departure for state in states[7:9]] == ["right", None]
    assert monitor.summary.num_frames == 16
    assert len(monitor.summary.events) == 2


def test_a_bump_or_a_wrong_frame_is_no_departure() -> None:
    assert _events(_drive([0.0, 1.6, 0.0, 0.0, -1.6, -1.6, 0.0, 0.0])) == []


def test_time_counts_not_frames() -> None:
    offsets = [0.0] * 4 + [1.4] * 8
    assert _events(_drive(offsets, fps=100)) == []
    assert len(_events(_drive(offsets, fps=10))) == 1


def test_a_departure_outlasts_a_short_gap_but_not_a_long_one() -> None:
    for gap_s, departures in ((2.0, 1), (4.0, 2)):
        monitor, events = DrivingMonitor(6), []
        times = np.arange(0, 1, 0.1)
        for start_s in (0.0, 1.0 + gap_s):
            for time_s in times + start_s:
                events += monitor.update(_at(1.5), float(time_s)).events
            events += monitor.update(_sample([], []), float(start_s + 1)).events
        assert len(events) == departures


def _bent(sharpness: float) -> LaneSample:
    """A lane that bends to the right; it is straight up to about 1."""
    lanes = [_line(-2), _line(2)]
    for lane in lanes:
        up = (719 - lane[:, 1]) / 319
        lane[:, 0] += sharpness * 4 * 0.008 * 319 * up**2
    return _sample(lanes, [2, 3])


def _signs(sharpness: Iterable[float], step_s: float = 0.04) -> list[str | None]:
    monitor = DrivingMonitor(num_slots=6)
    return [
        monitor.update(_bent(value), step_s * number).curvature
        for number, value in enumerate(sharpness)
    ]


def test_a_bend_does_not_waver() -> None:
    rng = np.random.default_rng(0)
    signs = _signs(rng.normal(1.0, 0.3, 200))
    assert len(set(signs)) == 1
    # What one frame says alone counts in the first frame only.
    assert set(_signs([0.0, 0.0, 9.0, 0.0, 0.0])) == {"straight"}


def test_a_bend_is_told_soon_and_ends_soon() -> None:
    signs = _signs([0.0] * 10 + [-4.0] * 25 + [0.0] * 50)
    assert signs == sorted(signs[:35], reverse=True) + sorted(signs[35:])
    assert 1 <= signs.index("left") - 10 <= 0.3 / 0.04
    assert 1 <= signs.index("straight", 35) - 35 <= 1.0 / 0.04


def test_after_a_gap_a_bend_is_what_is_seen() -> None:
    for step_s, expected in ((1.0, "right"), (4.0, "straight")):
        assert _signs([6.0, 0.2], step_s)[-1] == expected


def test_time_that_steps_back_begins_anew() -> None:
    monitor = DrivingMonitor(6)
    for time_s in (10.0, 10.4):
        state = monitor.update(_at(1.5), time_s)
    assert state.departure == "right"
    assert monitor.update(_at(1.5), 3.0).departure is None


def test_the_frame_is_the_callers_where_given() -> None:
    monitor = DrivingMonitor(6)
    states = [monitor.update(_at(-1.5), i / 10, frame=100 + 3 * i) for i in range(5)]
    assert [event.frame for event in _events(states)] == [100]


@dataclass(frozen=True)
class _Truth:
    offset_m: float
    width_m: float
    curvature_per_m: float


def _truth(scene: Scene) -> _Truth:
    """The scene's own numbers; the curvature as it is on average over 30 m."""
    here = scene.camera.station_m
    laterals = np.array([float(line.lateral_at(here)) for line in scene.road.lines])
    offsets = laterals - scene.camera.lateral_m
    left, right = offsets[offsets < 0].max(), offsets[offsets > 0].min()
    course = scene.road.course
    curvature = (course.slope(here + 30) - course.slope(here)) / 30
    return _Truth(-(left + right) / 2, right - left, curvature)


def _calibration(scene: Scene) -> Calibration:
    camera = scene.camera
    focal = SHAPE[1] / 2 / math.tan(camera.fov_rad / 2)
    to_road = camera_to_road(
        (focal, focal),
        ((SHAPE[1] - 1) / 2, (SHAPE[0] - 1) / 2),
        camera.height_m,
        pitch_rad=camera.pitch_rad,
        yaw_rad=camera.yaw_rad,
        roll_rad=camera.roll_rad,
    )
    return Calibration(SHAPE, to_road)


def _flat(scene: Scene) -> Scene:
    return replace(scene, road=replace(scene.road, hills=Profile()))


def _label(scene: Scene) -> LaneSample:
    lanes = scene_lanes(scene, SHAPE)
    slotted = [
        (lane, slot)
        for lane, slot in zip(lanes, assign_slots(lanes, 6), strict=True)
        if slot is not None
    ]
    lanes = [lane for lane, _ in slotted]
    slots = [slot for _, slot in slotted]
    return _sample(lanes, slots_under_camera(lanes, slots, SHAPE[0], 6))


@pytest.fixture(scope="module")
def scenes() -> list[tuple[Scene, _Truth]]:
    """Random highways and cameras, but while a line is being crossed."""
    found = []
    for index in range(NUM_SCENES):
        scene = sample_scene(7, index)
        truth = _truth(scene)
        if abs(truth.offset_m / truth.width_m) < 0.45:
            found.append((scene, truth))
    return found


def test_offsets_without_calibration_are_true(scenes: list) -> None:
    errors = []
    for scene, truth in scenes:
        state = DrivingMonitor(6).update(_label(scene), 0.0)
        if state.offset_share is None:
            continue
        errors.append(abs(state.offset_share - truth.offset_m / truth.width_m))
        if abs(truth.curvature_per_m) > 1 / 900:
            side = "right" if truth.curvature_per_m > 0 else "left"
            assert state.curvature == side
    assert len(errors) > 0.98 * len(scenes)
    assert np.median(errors) < 0.012
    assert np.quantile(errors, 0.95) < 0.035


@pytest.mark.parametrize(
    ("is_flat", "largest_errors"),
    [
        pytest.param(True, (0.005, 0.01, 0.08), id="flat"),
        pytest.param(False, (0.02, 0.03, 0.45), id="hilly"),
    ],
)
def test_metres_with_a_calibration_are_true(
    scenes: list, is_flat: bool, largest_errors: tuple[float, float, float]
) -> None:
    """Errors of 19 scenes of 20: offset and width in metres, radius as a share."""
    errors = []
    for scene, truth in scenes:
        seen = _flat(scene) if is_flat else scene
        state = DrivingMonitor(6, _calibration(scene)).update(_label(seen), 0.0)
        if state.offset_m is None:
            continue
        assert state.offset_share == state.offset_m / state.lane_width_m
        radius_error = np.nan
        if abs(truth.curvature_per_m) > 1 / 1000:
            side = "right" if truth.curvature_per_m > 0 else "left"
            assert state.curvature == side
            radius_error = state.radius_m * abs(truth.curvature_per_m) - 1
        errors.append(
            (
                state.offset_m - truth.offset_m,
                state.lane_width_m - truth.width_m,
                radius_error,
            )
        )
    assert len(errors) > 0.98 * len(scenes)
    assert (np.nanquantile(np.abs(errors), 0.95, axis=0) < largest_errors).all()


def test_in_sharp_bends_the_own_lane_is_the_one_under_the_camera() -> None:
    """Radii of 60 to 220 m. By the angles of its lines it is missing in a third."""
    errors = []
    for index in range(NUM_SCENES):
        scene = sample_scene(7, index, "curve")
        truth = _truth(scene)
        if abs(truth.offset_m / truth.width_m) < 0.4:
            state = DrivingMonitor(6, _calibration(scene)).update(_label(scene), 0.0)
            offset = np.nan if state.offset_share is None else state.offset_share
            errors.append(offset - truth.offset_m / truth.width_m)
    # The offset of the lane beside it would be wrong by the width of a lane.
    assert len(errors) > 80
    assert np.mean(np.abs(errors) < 0.2) >= 0.95


def test_a_drive_that_stays_in_its_lane_has_no_departure() -> None:
    drive = Drive(seed=3, num_frames=24, fps=2.0, shape=SHAPE)
    start = drive.scene(0)
    calibration = _calibration(start)
    for monitor in (DrivingMonitor(6), DrivingMonitor(6, calibration)):
        for frame in range(len(drive)):
            scene = drive.scene(frame)
            # The truth is about the sway, not about how the first scene was drawn.
            camera = replace(scene.camera, pitch_rad=start.camera.pitch_rad)
            truth = _truth(scene)
            state = monitor.update(_label(replace(scene, camera=camera)), frame / 2)
            assert state.offset_share == pytest.approx(
                truth.offset_m / truth.width_m, abs=0.04
            )
        assert monitor.summary.events == ()
        assert monitor.summary.ego_lane_share == 1
