import os
import unicodedata
from pathlib import Path

import pytest

from lanedet.formats.picture_files import (
    FileFinder,
    can_be_file_name,
    picture_stem,
    spelling_key,
)

NFC, NFD = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        pytest.param("a.jpg", "a.jpg", id="as it is"),
        pytest.param("a.jpg", "a.JPG", id="capital suffix"),
        pytest.param("A.JPG", "a.jpg", id="small letters"),
        pytest.param(f"{NFC}.jpg", f"{NFD}.jpg", id="letters apart"),
        pytest.param(f"{NFD}.jpg", f"{NFC}.jpg", id="letters in one"),
        pytest.param(f"{NFC}/1/b.jpg", f"{NFD}/1/b.JPG", id="in a folder"),
        pytest.param("Day/b.png", "day/b.png", id="capital folder"),
        pytest.param(os.fsdecode(b"\xff.jpg"), os.fsdecode(b"\xff.JPG"), id="bytes"),
    ],
)
def test_finds_what_is_spelt_otherwise(tmp_path: Path, wanted: str, there: str) -> None:
    file = touch(tmp_path / there)
    assert FileFinder().find(tmp_path / wanted) == file


def test_what_is_named_exactly_goes_before(tmp_path: Path) -> None:
    exact = touch(tmp_path / "a.jpg")
    touch(tmp_path / "a.JPG")
    assert FileFinder().find(exact) == exact


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param("A.jpg", id="two fit"),
        pytest.param("b.jpg", id="none fits"),
        pytest.param("x/a.jpg", id="no folder"),
        pytest.param("a" * 300, id="longer than names are"),
        pytest.param("a/" * 5000 + "a", id="deeper than paths are"),
        pytest.param("a\0.jpg", id="zero byte"),
        pytest.param("\ud800.jpg", id="half a character"),
        pytest.param("folder", id="a folder"),
    ],
)
def test_what_does_not_fit_alone_is_not_found(tmp_path: Path, wanted: str) -> None:
    touch(tmp_path / "a.jpg")
    touch(tmp_path / "a.JPG")
    (tmp_path / "folder").mkdir()
    assert FileFinder().find(tmp_path / wanted) is None


def test_suffixes_that_are_left_out(tmp_path: Path) -> None:
    picture = touch(tmp_path / "frame_000001.PNG")
    finder = FileFinder()
    assert finder.find(tmp_path / "frame_000001", (".jpg", ".png")) == picture
    touch(tmp_path / "frame_000001.jpg")
    assert FileFinder().find(tmp_path / "frame_000001", (".jpg", ".png")) is None
    assert len(FileFinder().find_all(picture.with_suffix(""), (".jpg", ".png"))) == 2


def test_names() -> None:
    assert picture_stem("a/b.c.d.jpeg") == "b.c.d"
    assert picture_stem("b.5") == "b.5"
    assert spelling_key("STRASSE") == spelling_key("straße")
    assert can_be_file_name(os.fsdecode(b"\xff"))
