from pathlib import Path

import pytest
from pipelines import write_dot

from lanedet.datasets import LoadImage
from lanedet.structures import LaneSample


def test_missing_image(tmp_path: Path) -> None:
    sample = LaneSample(metainfo={"img_path": str(tmp_path / "none.jpg")})
    with pytest.raises(FileNotFoundError, match=r"none\.jpg.*--data-root"):
        LoadImage()({"data_samples": sample})


def test_half_a_picture_is_not_taken_for_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "dot.jpg"
    sample = write_dot(path, (120, 160), 80.0, 60.0)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"dot\.jpg' is cut off"):
        LoadImage()({"data_samples": sample})


def test_unreadable_image(tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8 no picture")
    sample = LaneSample(metainfo={"img_path": str(path)})
    with pytest.raises(ValueError, match=r"broken\.jpg.*cannot be read as an image"):
        LoadImage()({"data_samples": sample})
