"""The programs on the page find what LaneInferencer finds."""

import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet import LaneInferencer
from lanedet.inference import default_weights
from lanedet.ops import xs_at_rows
from lanedet.simulation import Drive

PAGE = Path(__file__).parents[2] / "docs/deploy.md"
MODEL = default_weights().with_suffix(".onnx")


def program(language: str) -> str:
    [code] = re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return code


def run(command: list[str | Path], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def road(tmp_path: Path) -> np.ndarray:
    [(image, _)] = Drive(3, 1, 25.0, (720, 1280))
    assert cv2.imwrite(str(tmp_path / "road.ppm"), image[..., ::-1])
    return image


def check_points(output: str, image: np.ndarray) -> None:
    """Compare printed points with the lanes that LaneInferencer finds."""
    [sample] = LaneInferencer(default_weights(), device="cpu")(image)
    assert len(sample.pred_lanes) >= 2
    printed = defaultdict(list)
    for line in output.splitlines():
        slot, x, y = line.split()
        printed[int(slot)].append((float(x), float(y)))
    assert len(printed) == len(sample.pred_lanes)
    # Slots are the network's, in order from the left as are the lanes.
    for slot, lane in zip(sorted(printed), sample.pred_lanes, strict=True):
        points = np.array(printed[slot])
        away = points[:, 0] - xs_at_rows(lane, points[:, 1])
        assert np.isfinite(away).mean() > 0.75
        assert np.nanmedian(np.abs(away)) < 3.0


def test_the_program_in_python(tmp_path: Path, road: np.ndarray) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    code = program("python")
    assert set(re.findall(r"^import (\w+)", code, re.MULTILINE)) == {
        *("json", "sys", "numpy", "onnxruntime")
    }
    (tmp_path / "lanes.py").write_text(code)
    command = [sys.executable, "lanes.py", MODEL, "road.ppm"]
    check_points(run(command, tmp_path), road)


@pytest.mark.skipif(shutil.which("g++") is None, reason="There is no compiler here.")
def test_the_program_in_cpp(tmp_path: Path, road: np.ndarray) -> None:
    openvino = pytest.importorskip("openvino", reason="needs the extra openvino")
    folder = openvino.__path__[0]
    libraries = sorted(Path(folder, "libs").glob("libopenvino.so.*"))
    if not (Path(folder, "include").is_dir() and libraries):
        pytest.skip("This OpenVINO has no headers or no library for Linux.")
    (tmp_path / "lanes.cpp").write_text(program("cpp"))
    [compile_command] = re.findall(r"^g\+\+ (.*)$", PAGE.read_text(), re.MULTILINE)
    command = f"OPENVINO={folder}; g++ {compile_command}"
    run(["bash", "-c", command], tmp_path)
    check_points(run(["./lanes", MODEL, "road.ppm"], tmp_path), road)
