from contextlib import suppress
from pathlib import Path

import pytest
from fuzzing import mutations

from lanedet.formats.models import add_onnx_metadata, read_onnx_metadata

# ir_version 10 (field 1), an empty graph (field 7): by protobuf's wire format.
MODEL = bytes([0x08, 10, 0x3A, 0])


def test_texts_come_back(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    texts = {"licence": "MIT", "notes": "ü" * 300, "empty": ""}
    path.write_bytes(add_onnx_metadata(MODEL, texts))
    assert read_onnx_metadata(path) == texts


def test_an_entry_by_hand(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    entry = bytes([0x0A, 1]) + b"k" + bytes([0x12, 2]) + b"ab"
    path.write_bytes(MODEL + bytes([14 << 3 | 2, len(entry)]) + entry)
    assert read_onnx_metadata(path) == {"k": "ab"}
    assert add_onnx_metadata(MODEL, {"k": "ab"}) == path.read_bytes()


def test_onnx_reads_what_was_added() -> None:
    onnx = pytest.importorskip("onnx", reason="needs the package onnx")
    model = onnx.load_model_from_string(add_onnx_metadata(MODEL, {"licence": "MIT"}))
    assert [(each.key, each.value) for each in model.metadata_props] == [
        ("licence", "MIT")
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"PK\x03\x04 a ZIP file", id="another format"),
        pytest.param(add_onnx_metadata(MODEL, {"a": "b" * 50})[:-9], id="cut off"),
        pytest.param(bytes([0x08, 10]), id="no graph"),
        pytest.param(MODEL + bytes([14 << 3, 5]), id="metadata that are a number"),
        pytest.param(b"\xff" * 40, id="a number without an end"),
    ],
)
def test_what_is_no_whole_file(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="must be a whole ONNX file"):
        read_onnx_metadata(path)


def test_damage_ends_in_one_kind_of_error(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    whole = add_onnx_metadata(MODEL, {"licence": "MIT", "data": "scenes"})
    for changed in mutations(whole, 0, 300):
        path.write_bytes(changed)
        with suppress(ValueError):  # and nothing else
            read_onnx_metadata(path)
