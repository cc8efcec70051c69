from pathlib import Path

from lanedet.app import write_drive
from lanedet.images import read_image
from lanedet.video import VideoReader


def test_pictures_of_several_kinds_of_road(example_pictures: list[Path]) -> None:
    pictures = [read_image(path) for path in example_pictures]
    assert {picture.shape for picture in pictures} == {(90, 160, 3)}
    assert len({picture.tobytes() for picture in pictures}) == len(pictures) > 2


def test_a_drive(tmp_path: Path) -> None:
    write_drive(tmp_path / "drive.mp4", num_frames=3, shape=(90, 160))
    with VideoReader(tmp_path / "drive.mp4") as reader:
        assert [frame.image.shape for frame in reader] == [(90, 160, 3)] * 3
        assert reader.frame_rate == 25
