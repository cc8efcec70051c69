"""Tables of tiny clips, made without Ray by a network that reads the answer."""

from collections.abc import Callable, Generator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

import pytest

if TYPE_CHECKING:
    from lanedet.archive import ArchiveJob

_HAS_EXTRA = all(map(find_spec, ("fsspec", "pyarrow")))


class _LeftOut(pytest.Module):
    """A module that is not imported."""

    def collect(self) -> Never:
        pytest.skip("needs the extra lanedet[ray]")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> Generator[None, Any, Any]:
    """Leave all modules here out where they cannot be imported.

    Skipping in this file would end a run that names one of them.
    """
    collectors = yield
    if _HAS_EXTRA or not collectors:
        return collectors
    return [_LeftOut.from_parent(parent, path=file_path)]


@pytest.fixture
def make_job(monkeypatch: pytest.MonkeyPatch) -> "Callable[..., ArchiveJob]":
    """Return a function that makes a job for a table, by the network that reads."""
    from archives import SeeingInferencer

    from lanedet.archive import ArchiveJob, ModelFiles

    monkeypatch.setattr(ModelFiles, "open", lambda *_: SeeingInferencer())

    def make(table: Path | str, weights: bytes = b"1", **options: Any) -> ArchiveJob:
        model = ModelFiles("a.safetensors", {"a.safetensors": weights})
        return ArchiveJob(str(table), model, **options)

    return make
