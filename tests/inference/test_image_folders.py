from pathlib import Path

import pytest

from lanedet.inference import check_out, find_images, out_path


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_images_of_a_folder_and_its_folders(tmp_path: Path) -> None:
    names = ["a.JPG", "clip1/20.jpg", "clip2/20.png"]
    images = [_touch(tmp_path / name) for name in names]
    _touch(tmp_path / "notes.txt")
    assert find_images(tmp_path) == images
    outs = [out_path(image, tmp_path, "out") for image in images]
    assert outs == [Path("out") / name for name in names]


def test_one_image_may_have_any_name(tmp_path: Path) -> None:
    image = _touch(tmp_path / "frame")
    assert find_images(image) == [image]
    assert out_path(image, image, "out") == Path("out/frame.png")


def test_images_of_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["clip1/20.jpg", "clip2/20.jpg", "clip2/deep/1.png", "clip2/3.jpg"]
    for name in names:
        _touch(tmp_path / name)
    (tmp_path / "clip2" / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    pattern = "clip*/20.jpg"
    assert find_images(pattern) == [Path(name) for name in names[:2]]
    outs = [out_path(image, pattern, "out") for image in find_images(pattern)]
    assert outs == [Path("out") / name for name in names[:2]]
    everything = sorted(Path(name) for name in names)
    assert find_images("clip*") == find_images("**/*") == everything
    assert find_images(tmp_path / "*2" / "*.jpg") == [
        tmp_path / "clip2/20.jpg",
        tmp_path / "clip2/3.jpg",
    ]


def test_what_is_hidden_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [_touch(tmp_path / ".mine" / name) for name in ("1.jpg", "a/2.jpg")]
    for name in ("._1.jpg", ".thumbs/1.jpg", "a/.thumbs/deep/2.jpg", "a/._2.jpg"):
        _touch(tmp_path / ".mine" / name)
    folder = tmp_path / ".mine"  # a user who names it wants it
    assert find_images(folder) == images
    assert find_images(folder / "**" / "*.jpg") == images
    monkeypatch.chdir(folder)
    assert find_images("*") == [Path("1.jpg"), Path("a/2.jpg")]
    assert find_images("a*/../1.jpg") == [Path("a/../1.jpg")]


def test_an_empty_name_is_not_the_folder_one_is_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path / "1.jpg")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"must be named by .*got ''.*use '\.'"):
        find_images("")
    assert find_images(".") == [Path("1.jpg")]


def test_brackets_in_a_name_are_no_pattern(tmp_path: Path) -> None:
    image = _touch(tmp_path / "frame[1].png")
    assert find_images(image) == [image]


def test_nothing_to_find(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"No image or folder at .*none"):
        find_images(tmp_path / "none")
    _touch(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError, match=r"No images in .*ends in \.bmp, "):
        find_images(tmp_path)


def test_pictures_stay_apart_from_the_images(tmp_path: Path) -> None:
    image = _touch(tmp_path / "in" / "a.jpg")
    folder = image.parent
    for source, out in [(image, folder), (folder, folder), (folder, folder / "out")]:
        with pytest.raises(ValueError, match="a folder apart from the images"):
            check_out(source, out)
    check_out(folder, tmp_path / "out")
    check_out(image, folder / "out")


def test_videos_are_no_images(tmp_path: Path) -> None:
    clip = _touch(tmp_path / "drive.MP4")
    with pytest.raises(ValueError, match=r"drive\.MP4' is a video.*infer_video\.py"):
        find_images(clip)
    for source in (tmp_path, tmp_path / "*.MP4"):
        with pytest.raises(FileNotFoundError, match="given one at a time"):
            find_images(source)
