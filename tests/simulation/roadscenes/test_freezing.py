from dataclasses import replace
from pathlib import Path

import pytest

from lanedet.simulation.roadscenes.fingerprint import Fingerprint
from lanedet.simulation.roadscenes.freezing import (
    fingerprints_path,
    read_fingerprints,
    write_fingerprints,
)

ONE = Fingerprint(grey=(7,) * 32, edges=(3,) * 30, lanes=((1, 2, 3, 4, 5),))
OTHER = replace(ONE, lanes=())
SPLITS = {"train": {0: ONE, 9: OTHER}, "test": {4: OTHER}}


def test_written_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "version_9.txt"
    write_fingerprints(file, SPLITS)
    assert {name: read_fingerprints(file, name) for name in SPLITS} == SPLITS
    assert read_fingerprints(file, "val") == {}
    assert file.read_text().splitlines()[2] == "train 0 lanes 001002003004005"


def test_what_is_frozen_stays(tmp_path: Path) -> None:
    file = tmp_path / "version_9.txt"
    write_fingerprints(file, SPLITS)
    write_fingerprints(file, SPLITS)
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"version_9.txt' must stay as it is"):
        write_fingerprints(file, {**SPLITS, "test": {4: ONE}})
    assert file.read_bytes() == before


def test_names_are_of_files_beside_the_code() -> None:
    path = fingerprints_path("version_3.txt")
    assert path.is_file()
    assert path.parent.name == "roadscenes"
    assert read_fingerprints("version_3.txt", "test").keys() >= {0, 1}


def test_an_unknown_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"of .*version_3\.txt.* 'moon"):
        read_fingerprints("moon.txt", "test")
    with pytest.raises(FileNotFoundError, match="there is no"):
        read_fingerprints(tmp_path / "version_3.txt", "test")


@pytest.mark.parametrize("line", ["test", "test 0 grey", "test 0 grey 00"])
def test_what_is_no_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "version_9.txt"
    file.write_text(f"{line}\n")
    with pytest.raises(ValueError, match="fingerprint"):
        read_fingerprints(file, "test")
