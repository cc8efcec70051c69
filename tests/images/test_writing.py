from pathlib import Path

import numpy as np
import pytest

from lanedet.images import read_image, write_image


def test_what_is_written_is_read(tmp_path: Path) -> None:
    image = np.random.default_rng(0).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    write_image(tmp_path / "new" / "a.png", image)
    np.testing.assert_array_equal(read_image(tmp_path / "new" / "a.png"), image)


def test_another_format(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"written as \.jpg or \.png, got .*a\.txt"):
        write_image(tmp_path / "a.txt", np.zeros((9, 9, 3), np.uint8))
