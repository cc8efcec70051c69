import json
from pathlib import Path
from typing import Any

import pytest

from lanedet.formats.models import EXPORT_KEY, MODEL_KEY, ExportFacts, ModelMetadata

PATH = Path("lanes.onnx")
FACTS = {"readings": "rows", "precision": "float32", "batch": None, "version": 1}


def _texts(**changes: Any) -> dict[str, str]:
    return {
        "licence": "MIT",
        MODEL_KEY: '{"type": "LaneDetector"}',
        EXPORT_KEY: json.dumps(FACTS | changes),
    }


def test_metadata_come_back() -> None:
    read = ModelMetadata.read(_texts(batch=4), PATH)
    assert read.description == {"type": "LaneDetector"}
    assert read.facts == ExportFacts("rows", "float32", 4)
    assert read.provenance == {"licence": "MIT"}
    assert ModelMetadata.read(read.texts(), PATH) == read


def test_outputs_have_an_order() -> None:
    assert ExportFacts("lines", "float32", None).outputs == ("scores", "lines")


@pytest.mark.parametrize("key", [MODEL_KEY, EXPORT_KEY])
def test_a_foreign_file(key: str) -> None:
    texts = _texts()
    del texts[key]
    with pytest.raises(ValueError, match=r"'lanes\.onnx' must be a model that lanedet"):
        ModelMetadata.read(texts, PATH)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (_texts(version=2), "must be version 1, got 2: export it again"),
        (_texts(readings="boxes"), "readings must be one of"),
        (_texts(batch=0), "batch must be at least 1"),
        (_texts(batch="4"), "batch must be at least 1"),
        (_texts(colour=1), "no model of this lanedet"),
        (_texts() | {EXPORT_KEY: "[]"}, "must be JSON objects, got list"),
        (_texts() | {MODEL_KEY: "{"}, "no model of this lanedet"),
        (_texts() | {MODEL_KEY: "[" * 100_000}, "no model of this lanedet"),
        (_texts() | {MODEL_KEY: " " * (2 << 20)}, "2097152 characters"),
    ],
)
def test_metadata_that_do_not_fit(texts: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ModelMetadata.read(texts, PATH)
