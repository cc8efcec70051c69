import sys
from pathlib import Path

import pytest
from exports import exported_file, weights_file

from lanedet.export import ExportOptions, export_model
from lanedet.formats.models import ModelMetadata, read_openvino_metadata

pytest.importorskip("onnx", reason="needs the extra export")


def test_another_ending(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"onnx must end in \.onnx, got"):
        export_model(weights_file("maps"), tmp_path / "lanes.pth", "onnx")


def test_another_format(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be one of onnx, .*torch, got 'coreml'"):
        export_model(weights_file("maps"), tmp_path / "lanes.mlmodel", "coreml")


def test_an_engine_does_not_overwrite_what_it_is_made_of(tmp_path: Path) -> None:
    source = tmp_path / "lanes.engine.onnx"
    source.write_bytes(exported_file("maps", "onnx").read_bytes())
    with pytest.raises(
        ValueError, match=r"lanes\.engine\.onnx' would be written anew, in INT8"
    ):
        export_model(
            source, tmp_path / "lanes.engine", "tensorrt", ExportOptions(int8=True)
        )
    assert source.read_bytes() == exported_file("maps", "onnx").read_bytes()


def test_a_batch_of_none() -> None:
    with pytest.raises(ValueError, match="batch must be at least 1, got 0"):
        ExportOptions(batch=0)


def test_weights_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No weights"):
        export_model(tmp_path / "none.safetensors", tmp_path / "lanes.onnx", "onnx")


def test_an_exported_file_in_another_format(tmp_path: Path) -> None:
    pytest.importorskip("openvino", reason="needs the extra export")
    source, out = exported_file("maps", "onnx"), tmp_path / "deep" / "lanes.xml"
    assert export_model(source, out, "openvino") == [out, out.with_suffix(".bin")]
    read = ModelMetadata.read(read_openvino_metadata(out), out)
    assert read.facts.readings == "maps"
    assert read.provenance["licence"] == "MIT"
    assert {path.name for path in out.parent.iterdir()} == {"lanes.xml", "lanes.bin"}


def test_the_precision_of_an_exported_file_is_fixed(tmp_path: Path) -> None:
    source = exported_file("maps", "onnx")
    with pytest.raises(ValueError, match="are fixed"):
        export_model(source, tmp_path / "x.onnx", "onnx", ExportOptions(half=True))


def test_a_foreign_file_is_not_exported(tmp_path: Path) -> None:
    (tmp_path / "foreign.onnx").write_bytes(bytes([0x08, 10, 0x3A, 0]))
    with pytest.raises(ValueError, match="must be a model that lanedet export wrote"):
        export_model(tmp_path / "foreign.onnx", tmp_path / "lanes.onnx", "onnx")


@pytest.mark.parametrize("name", ["onnx", "onnxscript"])
def test_what_is_not_installed_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    message = f"Export to ONNX needs {name}, .* pip install 'lanedet\\[export\\]'"
    with pytest.raises(ValueError, match=message):
        export_model(weights_file("maps"), tmp_path / "lanes.onnx", "onnx")
