import os
from pathlib import Path

import cv2
import numpy as np

from lanedet.images import read_image
from lanedet.visualization import ImageFolderBackend


def test_names_may_hold_folders(tmp_path: Path) -> None:
    backend = ImageFolderBackend(str(tmp_path))
    image = np.zeros((4, 6, 3), dtype=np.uint8)
    image[..., 0] = 200
    for name in ("plain", "val/00"):
        backend.add_image(name, image, step=7)
        written = cv2.imread(
            str(tmp_path / "vis_image" / f"{name}_7.png"), cv2.IMREAD_COLOR_RGB
        )
        np.testing.assert_array_equal(written, image)


def test_the_folder_may_have_any_name(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"l\xe4ufe")
    image = np.full((4, 6, 3), 9, dtype=np.uint8)
    ImageFolderBackend(str(folder)).add_image("val/00", image, step=7)
    np.testing.assert_array_equal(
        read_image(folder / "vis_image" / "val" / "00_7.png"), image
    )
