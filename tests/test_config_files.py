from pathlib import Path

import pytest

from lanedet.config_files import (
    config_folder,
    config_name,
    config_names,
    config_title,
    find_config,
)

ENET = "sad/enet_sad_scenes"


@pytest.mark.parametrize(
    "name",
    [
        ENET,
        f"{ENET}.py",
        "enet_sad_scenes",
        f"configs/{ENET}.py",
        Path("sad") / "enet_sad_scenes.py",
    ],
)
def test_a_config_is_found_by_its_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_config(name) == config_folder() / f"{ENET}.py"


def test_a_file_goes_before_a_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "enet_sad_scenes").touch()
    assert find_config("enet_sad_scenes") == Path("enet_sad_scenes")


def test_the_nearest_names_are_reported() -> None:
    with pytest.raises(FileNotFoundError, match=r"Did you mean sad/enet_sad_scenes"):
        find_config("sad/enet_sad_scens")
    with pytest.raises(FileNotFoundError, match=r"package\. `lanedet configs` lists"):
        find_config("x" * 40)


def test_names_are_of_experiments_and_have_titles() -> None:
    names = config_names()
    assert ENET in names
    assert not any("_base_" in name for name in names)
    assert all(config_title(path).endswith((".", ":")) for path in names.values())
    assert config_title(names[ENET]).startswith("ENet-SAD on generated scenes")


def test_a_config_of_the_package_is_named_and_another_keeps_its_path(
    tmp_path: Path,
) -> None:
    for name, path in config_names().items():
        assert config_name(path) == name
    assert config_name(tmp_path / "enet_sad_scenes.py") == str(
        tmp_path / "enet_sad_scenes.py"
    )
