import numpy as np
import pytest

from lanedet.ops import xs_at_rows
from lanedet.simulation import Drive, Projection
from lanedet.simulation.effects.tunnel import light_tunnel, paint_tunnel

SHAPE = (180, 320)


def test_drive_has_its_frames() -> None:
    drive = Drive(seed=1, num_frames=3, fps=25.0, shape=SHAPE)
    frames = list(drive)
    assert len(frames) == len(drive) == 3
    for image, sample in frames:
        assert image.shape == (*SHAPE, 3)
        assert len(sample.gt_lanes) >= 2
    assert len({sample.raw_file for _, sample in frames}) == 3


def test_drive_repeats_itself() -> None:
    first = [image for image, _ in Drive(1, 2, 25.0, SHAPE)]
    second = [image for image, _ in Drive(1, 2, 25.0, SHAPE)]
    assert np.array_equal(first, second)
    assert not np.array_equal(first[0], first[1])


@pytest.mark.parametrize("seed", range(8))
def test_lanes_move_smoothly(seed: int) -> None:
    drive = Drive(seed, num_frames=60, fps=25.0, shape=SHAPE)
    rows = np.array([130.0, 150.0])
    before: dict[float, np.ndarray] = {}
    from lanedet.simulation import Projection

    for frame in range(len(drive)):
        scene = drive.scene(frame)
        projection = Projection(scene, SHAPE)
        ahead = np.geomspace(2, 100, 400)
        now = {
            line.lateral_m: xs_at_rows(projection.project(ahead, line.lateral_m), rows)
            for line in scene.road.lines
        }
        for lateral, xs in before.items():
            moved = np.abs(now[lateral] - xs)
            assert np.nanmax(moved, initial=0) < 4
        before = now


@pytest.mark.parametrize(("category", "metres"), [(None, 150), ("crowded", 0)])
@pytest.mark.parametrize("seed", range(8))
def test_nobody_runs_into_the_vehicle_ahead(
    seed: int, category: str | None, metres: float
) -> None:
    drive = Drive(seed, num_frames=250, fps=25.0, shape=SHAPE, category=category)
    first, last = drive.scene(0), drive.scene(249)
    assert last.camera.station_m > first.camera.station_m + metres
    for before, after in zip(first.vehicles, last.vehicles, strict=True):
        in_own_lane = abs(before.lateral_m - first.camera.lateral_m) < 1.5
        if in_own_lane and before.station_m > first.camera.station_m:
            assert after.station_m > last.camera.station_m + 2


@pytest.mark.parametrize(
    ("num_frames", "fps", "shape", "message"),
    [
        pytest.param(0, 25.0, SHAPE, "num_frames must be at least 1", id="frames"),
        pytest.param(5, 0.0, SHAPE, "fps must be positive", id="fps"),
        pytest.param(5, float("nan"), SHAPE, "fps must be positive", id="nan fps"),
        pytest.param(5, 25.0, (10, 10), "at least", id="size"),
    ],
)
def test_bad_numbers(
    num_frames: int, fps: float, shape: tuple[int, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        Drive(0, num_frames, fps, shape)


def test_a_drive_of_a_category() -> None:
    frames = list(Drive(1, 2, 25.0, SHAPE, category="night"))
    assert [sample.category for _, sample in frames] == ["night", "night"]
    plain = next(iter(Drive(1, 1, 25.0, SHAPE)))
    assert frames[0][0].mean() < plain[0].mean()


def test_one_drives_out_of_a_tunnel() -> None:
    drive = Drive(seed=3, num_frames=200, fps=25.0, shape=SHAPE, category="tunnel")
    views = [Projection(drive.scene(frame), SHAPE) for frame in (0, 10, 20)]
    first, second, third = (projection.scene.tunnel_ahead_m for projection in views)
    assert first > second > third
    assert first - second == pytest.approx(second - third)
    frame = int(views[0].scene.tunnel_ahead_m / (first - second) * 10)
    outside = Projection(drive.scene(frame), SHAPE)
    assert outside.scene.tunnel_ahead_m == 0
    grey = np.full((*SHAPE, 3), 120, dtype=np.uint8)
    for effect in (paint_tunnel, light_tunnel):
        same = effect(grey.copy(), outside)
        assert np.array_equal(same, grey)


def test_unknown_category() -> None:
    with pytest.raises(ValueError, match=r"category must be one of .*'moon'"):
        Drive(0, 5, 25.0, SHAPE, category="moon")


def test_negative_seed() -> None:
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        Drive(-1, 5, 25.0, SHAPE)
