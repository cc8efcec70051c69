import os
import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

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


def test_videos_that_are_passed_over_are_named(drive: Path, make_video) -> None:
    for name in ("b/2.MP4", "b/1.mp4", "a/._1.mp4", ".trash/1.mp4"):
        (drive / name).parent.mkdir(exist_ok=True)
        shutil.copy(make_video(num_frames=1), drive / name)
    with pytest.warns(
        UserWarning, match=r"2 videos in it passed over.*b/1\.mp4"
    ) as reported:
        assert _names(drive) == ["a/9.jpg", "a/10.jpg", "b/1.PNG"]
    assert len(reported) == 1
    with pytest.warns(
        UserWarning, match=r"/b\*' are read and 2 videos in it passed ov"
    ):
        assert _names(f"{drive}/b*") == ["b/1.PNG"]


def test_a_pattern_that_names_no_videos_passes_none_over(
    drive: Path, make_video, recwarn: pytest.WarningsRecorder
) -> None:
    shutil.copy(make_video(num_frames=1), drive / "b/1.mp4")
    assert _names(f"{drive}/b/*.PNG") == ["1.PNG"]
    assert len(recwarn) == 0


def _animation(path: Path, kind: str) -> Path:
    frames = [Image.fromarray(np.full((48, 64, 3), 50 * n, np.uint8)) for n in range(4)]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=100)
    return path


@pytest.mark.parametrize(
    ("name", "kind"), [("a.gif", "GIF"), ("a.apng", "PNG"), ("a.png", "PNG")]
)
def test_an_animation_is_a_sequence(tmp_path: Path, name: str, kind: str) -> None:
    with open_source(str(_animation(tmp_path / name, kind))) as source:
        frames = list(source)
    assert [frame.image.mean() for frame in frames] == pytest.approx([0, 50, 100, 150])
    assert [frame.time_s for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize(("name", "kind"), [("a.webp", "WEBP"), ("a.png", "PNG")])
def test_an_animation_among_pictures_is_told(
    tmp_path: Path, name: str, kind: str
) -> None:
    path = _animation(tmp_path / name, kind)
    shutil.copy(path, path.with_stem("b"))
    source = str(tmp_path) if kind == "PNG" else str(tmp_path / "*.webp")
    with pytest.warns(UserWarning, match=r"a\.\w+' holds several images") as reported:
        assert len(_names(source)) == 2
    assert len({str(warning.message) for warning in reported}) == len(reported) == 2


def test_pictures_that_stand_still_are_no_animation(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    for suffix in ("png", "webp", "jpg"):
        cv2.imwrite(str(tmp_path / f"a.{suffix}"), np.zeros((8, 8, 3), np.uint8))
        assert _names(tmp_path / f"a.{suffix}") == [f"a.{suffix}"]
    assert not recwarn.list


ODD_NAMES = [
    "12:30:00.mp4",
    "file:a.mp4",
    "-x.mp4",
    "a%03d.mp4",
    "a*[1]?.mp4",
    "a b\n.mp4",
    os.fsdecode(b"\xb5\xe9\xff.mp4"),
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_video_may_have_any_name(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make_video(num_frames=2).rename(tmp_path / name)
    for source in (str(tmp_path / name), name):
        monkeypatch.chdir(tmp_path)
        with open_source(source) as opened:
            assert isinstance(opened, VideoReader)
            assert len(list(opened)) == 2
