"""Pictures with two lanes, and the same lanes as the annotation tools write them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

SHAPE = (90, 160)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with the pictures a.jpg, b.png and day/c.jpg, 160x90."""
    folder = tmp_path / "pictures"
    (folder / "day").mkdir(parents=True)
    for number, name in enumerate(("a.jpg", "b.png", "day/c.jpg")):
        image = np.full((*SHAPE, 3), 40 * number, dtype=np.uint8)
        assert cv2.imwrite(str(folder / name), image)
    return folder
