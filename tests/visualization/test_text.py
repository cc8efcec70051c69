import os

import numpy as np

from lanedet.visualization import draw_caption
from lanedet.visualization.panels import text_width
from lanedet.visualization.text import drawable

NOT_UTF8 = os.fsdecode(b"stra\xdfe")


def test_bytes_that_are_no_letters_become_question_marks() -> None:
    assert drawable("straße") == "straße"
    assert drawable(NOT_UTF8) == "stra?e"


def test_a_name_that_is_not_utf8_can_be_drawn() -> None:
    image = np.zeros((90, 160, 3), dtype=np.uint8)
    np.testing.assert_array_equal(
        draw_caption(image, NOT_UTF8), draw_caption(image, "stra?e")
    )
    assert text_width(NOT_UTF8, 12) == text_width("stra?e", 12) > 0
