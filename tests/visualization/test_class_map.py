import numpy as np
import pytest

from lanedet.visualization import draw_class_map
from lanedet.visualization.draw import slot_color


def test_background_stays_and_slots_have_their_colors() -> None:
    image = np.full((2, 3, 3), 100, dtype=np.uint8)
    class_map = np.array([[0, 1, 4], [0, 0, 0]], dtype=np.uint8)
    drawn = draw_class_map(image, class_map, num_slots=4)
    assert (drawn[1] == 100).all()
    assert (drawn[0, 0] == 100).all()
    for column, slot in ((1, 0), (2, 3)):
        color = np.array(slot_color(slot, 4))
        np.testing.assert_array_equal(drawn[0, column], np.rint(40 + 0.6 * color))
    assert (image == 100).all()


def test_sizes_and_classes_must_fit() -> None:
    image = np.zeros((2, 3, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match=r"the image's size \(2, 3\), got \(3, 2\)"):
        draw_class_map(image, np.zeros((3, 2), dtype=np.uint8))
    with pytest.raises(ValueError, match=r"must lie in \[0, 4\], got 5"):
        draw_class_map(image, np.full((2, 3), 5, dtype=np.uint8), num_slots=4)
