import numpy as np
import pytest

from lanedet.simulation.painting.places import find_covered, find_stripe


def test_a_stripe_touches_what_sees_any_of_it() -> None:
    lateral = np.array([[-1.0, 0.9, 1.0, 1.2, 1.4, 9.0]], np.float32)
    across = np.array([[0.1, 0.1, 0.1, 0.5, 0.5, 20.0]], np.float32)
    found = find_stripe(lateral, across, np.float32(1), np.float32(0.2))
    assert found.tolist() == [1, 2, 3, 5]


@pytest.mark.parametrize("width", [6, 200])
def test_what_a_mask_covers_is_found_within_a_box(width: int) -> None:
    mask = np.zeros((5, width), np.uint8)
    covered = [(0, 1), (1, 0), (1, 3), (2, width - 1), (2, width - 2), (4, 1)]
    mask[tuple(np.transpose(covered))] = (9, 1, 255, 7, 7, 3)
    found = find_covered(mask, (1, 4), (1, width)).tolist()
    assert found == [width + 3, 3 * width - 2, 3 * width - 1]
    assert len(find_covered(mask, (3, 4), (0, width))) == 0
    mask[:] = 1
    whole = find_covered(mask, (0, 5), (0, width))
    assert np.array_equal(whole, np.arange(5 * width)), "also where blocks end"
    assert len(find_covered(mask, (4, 2), (0, width))) == 0
