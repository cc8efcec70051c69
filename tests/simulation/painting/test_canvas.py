import numpy as np

from lanedet.simulation.painting.canvas import multiply

IMAGE = np.full((2, 2, 3), (10, 100, 200), np.uint8)


def test_each_pixel_has_its_gain() -> None:
    gains = np.array([[0, 0.5], [1, 2]], np.float32)
    expected = [[[0, 0, 0], [5, 50, 100]], [[10, 100, 200], [20, 200, 255]]]
    assert multiply(IMAGE, gains).tolist() == expected


def test_each_channel_may_have_its_gain() -> None:
    gains = np.broadcast_to(np.array([2, 0.5, 0], np.float32), IMAGE.shape)
    assert multiply(IMAGE, gains).tolist() == [[[20, 50, 0]] * 2] * 2
