"""What is imported on the way from an exported file to lanes."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from exports import exported_file

from lanedet.images import write_image
from lanedet.inference import packaged_model

FRAMEWORKS = "{'torch', 'torchvision', 'mmengine'}"


def _run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("module", ["lanedet", "lanedet.inference", "lanedet.video"])
def test_no_framework_is_imported_before_a_model_is(module: str) -> None:
    _run(f"import sys, {module}; assert not {FRAMEWORKS} & set(sys.modules)")


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_a_video_of_an_exported_model_needs_no_framework(
    runtime: str, tmp_path: Path
) -> None:
    pytest.importorskip(runtime, reason=f"needs {runtime}")
    pytest.importorskip("onnx", reason="needs the extra export")
    picture, log = tmp_path / "picture.png", tmp_path / "lanes.jsonl"
    rng = np.random.default_rng(0)
    write_image(picture, rng.integers(0, 256, (128, 192, 3), dtype=np.uint8))
    path = exported_file("rows", "onnx")
    words = ["video", str(picture), "--json", str(log), "--weights", str(path)]
    _run(
        f"import sys; from lanedet.cli.main import main\n"
        f"main({[*words, '--runtime', runtime, '--no-tracking']!r})\n"
        f"assert not {FRAMEWORKS} & set(sys.modules)"
    )
    [line] = log.read_text().splitlines()
    assert len(json.loads(line)["lanes"]) >= 1


def test_the_package_has_a_model_that_needs_no_framework() -> None:
    path = packaged_model(device="cpu")
    if path.suffix != ".onnx":
        pytest.skip("nothing that runs it is installed")
    code = (
        f"import sys, numpy; from lanedet import LaneInferencer\n"
        f"inferencer = LaneInferencer(device='cpu')\n"
        f"inferencer(numpy.zeros((270, 480, 3), dtype=numpy.uint8))\n"
        f"assert not {FRAMEWORKS} & set(sys.modules)\n"
        f"print(inferencer.runtime)"
    )
    assert _run(code).startswith(("OpenVINO 20", "ONNX Runtime 1"))


def test_lanes_are_found_and_tracked_without_scipy() -> None:
    # Its import takes longer than that of a runtime, and a few lanes need none of it.
    code = (
        "import sys, numpy as np\n"
        "from lanedet.ops import straighten\n"
        "from lanedet.structures import LaneSample\n"
        "from lanedet.video import LaneTracker\n"
        "lane = np.stack([np.linspace(9, 80, 40), np.linspace(99, 20, 40)], axis=1)\n"
        "lane = straighten(lane, 0.1, 100.0)\n"
        "sample = LaneSample(metainfo={'ori_shape': (100, 160)})\n"
        "sample.pred_lanes = [lane, lane + [40, 0]]\n"
        "sample.pred_scores, sample.pred_slots = [0.9, 0.9], [2, 3]\n"
        "tracker = LaneTracker(num_slots=6)\n"
        "for time_s in (0.0, 0.1):\n"
        "    found = tracker.update(sample, time_s)\n"
        "assert found.pred_ids == [0, 1], found.pred_ids\n"
        "assert 'scipy' not in sys.modules"
    )
    _run(code)
