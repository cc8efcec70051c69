from pathlib import Path

from lanedet.app import write_drive, write_pictures
from lanedet.images import read_image
from lanedet.video import VideoReader


def test_pictures_of_several_kinds_of_road(tmp_path: Path) -> None:
    paths = write_pictures(tmp_path / "new", shape=(90, 160))
    pictures = [read_image(path) for path in paths]
    assert {picture.shape for picture in pictures} == {(90, 160, 3)}
    assert len({picture.tobytes() for picture in pictures}) == len(paths) > 2


def test_a_drive(tmp_path: Path) -> None:
    write_drive(tmp_path / "drive.mp4", num_frames=3, shape=(90, 160))
    with VideoReader(tmp_path / "drive.mp4") as reader:
        assert [frame.image.shape for frame in reader] == [(90, 160, 3)] * 3
        assert reader.frame_rate == 25
