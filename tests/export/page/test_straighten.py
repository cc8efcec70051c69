import numpy as np
import pytest
from playwright.sync_api import Page

from lanedet.ops.straighten import straighten

STRAIGHTEN = """async ([points, stiffness, height]) =>
    (await import("/straighten.js")).straighten(points, stiffness, height)"""


@pytest.mark.parametrize("stiffness", [0.0, 0.15, 1.0])
@pytest.mark.parametrize("count", [2, 3, 4, 40])
def test_lanes_are_as_stiff_as_in_python(
    modules: Page, stiffness: float, count: int
) -> None:
    rng = np.random.default_rng(count)
    ys = np.cumsum(-rng.choice([1.0, 2.0, 2.0, 7.0], count)) + 180
    points = np.stack([100 + rng.normal(0, 3, count).cumsum(), ys], axis=1)
    answer = modules.evaluate(STRAIGHTEN, [points.tolist(), stiffness, 180.0])
    np.testing.assert_allclose(answer, straighten(points, stiffness, 180.0), atol=1e-9)
