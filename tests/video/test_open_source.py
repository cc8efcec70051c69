import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.video import ImageSource, VideoReader, open_source


@pytest.fixture
def drive(tmp_path: Path) -> Path:
    """A folder with pictures in two folders of its own, and a note."""
    for name in ("a/9.jpg", "a/10.jpg", "b/1.PNG"):
        path = tmp_path / "drive" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    (tmp_path / "drive" / "a" / "notes.txt").write_text("no picture")
    return tmp_path / "drive"


def _names(source: str | Path) -> list[str]:
    with open_source(str(source)) as opened:
        assert isinstance(opened, ImageSource)
        return [frame.name for frame in opened]


def test_a_video(make_video) -> None:
    with open_source(str(make_video())) as source:
        assert isinstance(source, VideoReader)
        assert source.sound is None
        assert source.files == (source.path,)
        assert next(iter(source)).name == "clip/000000.jpg"
    with open_source(str(make_video(sound="aac")), with_sound=True) as source:
        assert source.sound is not None


def test_images(drive: Path) -> None:
    assert _names(drive) == ["a/9.jpg", "a/10.jpg", "b/1.PNG"]
    assert _names(drive / "a" / "9.jpg") == ["9.jpg"]
    assert _names(drive / "*" / "*.jpg") == ["a/9.jpg", "a/10.jpg"]
    assert _names(drive / "a" / "*") == ["9.jpg", "10.jpg"]
    assert _names(drive / "**" / "*.PNG") == ["b/1.PNG"]
    with open_source(str(drive), image_rate=4) as source:
        assert source.frame_rate == 4
        assert source.name == "drive"


def test_names_win_over_patterns_and_numbers(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("7", "drive [1].mp4"):
        shutil.copy(make_video(num_frames=2), name)
        with open_source(name) as source:
            assert isinstance(source, VideoReader)


@pytest.mark.parametrize("host", ["", "localhost"])
def test_a_file_url_is_a_path(drive: Path, make_video, host: str) -> None:
    clip = make_video("a b.mp4", num_frames=2)
    with open_source(clip.as_uri().replace("://", f"://{host}")) as source:
        assert isinstance(source, VideoReader)
        assert source.files == (clip,)
    assert _names(f"file://{host}{drive}/a/*.jpg") == ["9.jpg", "10.jpg"]
    with pytest.raises(ValueError, match=r"a file of this computer.*'file://a/b'"):
        open_source("file://a/b")


@pytest.mark.parametrize("name", ["", "file://"])
def test_no_name_is_not_the_folder_one_is_in(
    drive: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(drive)
    with pytest.raises(ValueError, match=r"A source must be named.*got ''.*use '\.'"):
        open_source(name)
    assert _names(".") == ["a/9.jpg", "a/10.jpg", "b/1.PNG"]


def test_what_is_not_there(
    drive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError, match=r"No video at 'none\.mp4'"):
        open_source("none.mp4")
    with pytest.raises(FileNotFoundError, match=r"No images in .*\*\.gif"):
        open_source(f"{drive}/*.gif")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match=r"No images in .*empty"):
        open_source(f"{tmp_path}/empty")
    with pytest.raises(ConnectionError, match="'camera 98' cannot be opened"):
        open_source("98")
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(ValueError, match="serves it as a stream"):
        open_source("98")
