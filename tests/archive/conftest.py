"""Tables of tiny clips, made without Ray by a network that reads the answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pyarrow", reason="Archives need the extra lanedet[ray].")
pytest.importorskip("fsspec", reason="Archives need the extra lanedet[ray].")

from archives import SeeingInferencer

from lanedet.archive import ArchiveJob, ModelFiles


@pytest.fixture
def make_job(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ArchiveJob]:
    """Return a function that makes a job for a table, by the network that reads."""
    monkeypatch.setattr(ModelFiles, "open", lambda *_: SeeingInferencer())

    def make(table: Path | str, weights: bytes = b"1", **options: Any) -> ArchiveJob:
        model = ModelFiles("a.safetensors", {"a.safetensors": weights})
        return ArchiveJob(str(table), model, **options)

    return make
