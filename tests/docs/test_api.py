"""Every package has a page and a row in the table of the layout."""

from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = sorted(
    path.parent.name for path in (REPOSITORY / "lanedet").glob("*/__init__.py")
)


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_a_page_that_is_listed(package: str) -> None:
    api = REPOSITORY / "docs/api"
    page = (api / f"{package}.md").read_text(encoding="utf-8")
    assert f".. automodule:: lanedet.{package}" in page
    assert package in (api / "index.md").read_text(encoding="utf-8").split()


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_has_a_row_in_the_table_of_the_layout(package: str) -> None:
    guide = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"| `lanedet/{package}` |" in guide
