import sys
from pathlib import Path

import numpy as np
import pytest
from exports import PLACE, exported_file, images
from extras import needs

from lanedet.export import ExportOptions, export_model
from lanedet.export.onnx_model import OnnxModel
from lanedet.export.quantize import calibration_images, quantize
from lanedet.formats.models import ExportFacts, ModelMetadata, read_onnx_metadata
from lanedet.inference import open_predictor

pytestmark = needs("nncf", "onnx", extra="export")


def test_generated_scenes_are_the_default() -> None:
    first = next(calibration_images(None))
    assert first.shape == (360, 640, 3)
    np.testing.assert_array_equal(first, next(calibration_images(None)))


def test_pictures_are_looked_for_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No images in"):
        calibration_images(tmp_path)


def test_no_pictures(tmp_path: Path) -> None:
    options = ExportOptions(int8=True, calibration=tmp_path)
    with pytest.raises(FileNotFoundError, match="No images in"):
        export_model(
            exported_file("maps", "onnx"), tmp_path / "x.onnx", "onnx", options
        )


def test_half_and_int8_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        ExportOptions(half=True, int8=True)


def test_what_comes_with_nncf_warns_of_no_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "nncf.py").write_text(
        "import logging\n"
        "logging.getLogger('torch.utils.cpp_extension').warning('No CUDA runtime')\n"
        "raise ModuleNotFoundError(name='nncf')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "nncf", raising=False)
    model = OnnxModel(b"", ModelMetadata({}, ExportFacts("maps", "float32", None), {}))
    with pytest.raises(ValueError, match="INT8 needs nncf"):
        quantize(model, [])
    assert not caplog.records


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_int8_finds_nearly_the_same(runtime: str) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    path = exported_file("maps", "onnx", int8=True)
    whole = exported_file("maps", "onnx")
    facts = ModelMetadata.read(read_onnx_metadata(path), path).facts
    assert facts.precision == "int8"
    assert path.stat().st_size < 0.7 * whole.stat().st_size
    pixels, place = images(2), np.array(PLACE)
    maps, exact = (
        open_predictor(each, runtime=runtime, device="cpu").read(pixels, place)
        for each in (path, whole)
    )
    difference = np.abs(maps["lane_probs"] - exact["lane_probs"])
    assert 0 < difference.mean() < 0.1
