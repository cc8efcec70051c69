from pathlib import Path

import pytest

from lanedet.images import find_images, plan_outputs


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_images_of_a_folder_and_its_folders(tmp_path: Path) -> None:
    names = ["a.JPG", "clip1/20.jpg", "clip2/20.png"]
    images = [_touch(tmp_path / name) for name in names]
    _touch(tmp_path / "notes.txt")
    assert find_images(tmp_path) == images
    outputs = plan_outputs(images, tmp_path, "out")
    assert list(outputs.values()) == [Path("out") / name for name in names]


def test_one_image_may_have_any_name(tmp_path: Path) -> None:
    image = _touch(tmp_path / "frame")
    assert find_images(image) == [image]
    assert plan_outputs([image], image, "out") == {image: Path("out/frame.png")}


def test_images_of_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["clip1/20.jpg", "clip2/20.jpg", "clip2/deep/1.png", "clip2/3.jpg"]
    for name in names:
        _touch(tmp_path / name)
    (tmp_path / "clip2" / "notes.txt").touch()
    monkeypatch.chdir(tmp_path)
    pattern = "clip*/20.jpg"
    assert find_images(pattern) == [Path(name) for name in names[:2]]
    outputs = plan_outputs(find_images(pattern), pattern, "../out")
    assert list(outputs.values()) == [Path("../out") / name for name in names[:2]]
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
            plan_outputs(find_images(source), source, out)
    assert plan_outputs([image], folder, tmp_path / "out")
    assert plan_outputs([image], image, folder / "out")


def test_videos_are_no_images(tmp_path: Path) -> None:
    clip = _touch(tmp_path / "drive.MP4")
    with pytest.raises(ValueError, match=r"drive\.MP4' is a video.*lanedet video"):
        find_images(clip)
    for source in (tmp_path, tmp_path / "*.MP4"):
        with pytest.raises(FileNotFoundError, match="given one at a time"):
            find_images(source)


@pytest.mark.parametrize("hidden", ["__MACOSX/1.jpg", "Thumbs.db/1.jpg", "._1.jpg"])
def test_what_other_systems_put_beside_images_is_hidden(
    tmp_path: Path, hidden: str
) -> None:
    image = _touch(tmp_path / "1.jpg")
    _touch(tmp_path / hidden)
    assert find_images(tmp_path) == [image]


def test_pictures_of_a_pattern_do_not_leave_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _touch(tmp_path / "1.jpg")
    _touch(tmp_path / "in" / "a" / "2.jpg")
    monkeypatch.chdir(tmp_path / "in")
    images = find_images("a*/../../1.jpg")
    with pytest.raises(ValueError, match=r"must stay within .*got 'a\*/"):
        plan_outputs(images, "a*/../../1.jpg", "../out")


def test_two_images_have_two_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("1.jpg", "a/x", "b/x"):
        _touch(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    images = find_images("*/../1.jpg")
    with pytest.raises(ValueError, match=r"an output of its own, got '.*out/1.jpg'"):
        plan_outputs(images, "*/../1.jpg", "../out")


def test_a_picture_whose_name_is_too_long_is_reported_before_any_work(
    tmp_path: Path,
) -> None:
    fits, too_long = (_touch(tmp_path / ("x" * length)) for length in (251, 252))
    assert plan_outputs([fits], fits, "out")
    with pytest.raises(OSError, match="at most 255 bytes, got 256"):
        plan_outputs([too_long], too_long, "out")
