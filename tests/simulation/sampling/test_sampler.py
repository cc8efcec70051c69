import numpy as np
import pytest

from lanedet.simulation import sample_scene


def test_scenes_vary_as_promised() -> None:
    scenes = [sample_scene(0, index) for index in range(200)]
    num_lines = {len(scene.road.lines) for scene in scenes}
    assert num_lines == {2, 3, 4, 5, 6}
    stripes = [s for scene in scenes for line in scene.road.lines for s in line.stripes]
    assert any(s.color[2] < 120 for s in stripes), "yellow"
    assert any(s.wear > 0.4 for s in stripes), "worn"
    assert any(s.pattern.period_m > 2 for s in stripes), "dashed"
    doubles = [line for s in scenes for line in s.road.lines if len(line.stripes) == 2]
    assert doubles
    for line in doubles:
        mean = np.mean([stripe.lateral_m for stripe in line.stripes])
        assert mean == pytest.approx(line.lateral_m)
    for scene in scenes:
        camera = scene.camera
        horizon = (
            0.5 - np.tan(camera.pitch_rad) / 2 / np.tan(camera.fov_rad / 2) * 16 / 9
        )
        assert 0.299 <= horizon <= 0.551
        assert 1.1 <= camera.height_m <= 1.8
    assert any(scene.light.daylight < 0.3 for scene in scenes), "night"
    assert any(scene.lens.bonnet > 0 for scene in scenes)


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1)])
def test_negative_numbers(seed: int, index: int) -> None:
    with pytest.raises(ValueError, match=r"(seed|index) must be at least 0, got -1"):
        sample_scene(seed, index)
