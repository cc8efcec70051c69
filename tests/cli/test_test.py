"""The tool that scores a detector, on files that were exported."""

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from exports import exported_file, weights_file

RunTest = Callable[..., int]


@pytest.fixture
def run_test(
    load_tool: Callable[[str], ModuleType],
    run_main: Callable[..., int],
    scenes_root: Path,
    tmp_path: Path,
) -> RunTest:
    """Run the tool's main on two generated scenes, on a file."""

    def run(path: Path, *args: Path | str) -> int:
        return run_main(
            load_tool("test"),
            *("sad/enet_sad_scenes", path, "--data-root", scenes_root),
            *("--work-dir", tmp_path / "run", "--cfg-options"),
            *("test_dataloader.num_workers=0", "test_dataloader.dataset.indices=2"),
            *args,
        )

    return run


@pytest.mark.usefixtures("configs_laid_out")
def test_an_exported_file_is_scored_in_its_runtime(
    run_test: RunTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="needs the extra export")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    path, scores = exported_file("rows", "onnx"), tmp_path / "scores.json"
    assert run_test(path, "--runtime", "onnxruntime", "--json", scores) == 0
    assert "tusimple/accuracy" in json.loads(scores.read_text())
    printed = capsys.readouterr().out
    assert "cpu, in ONNX Runtime " in printed
    assert str(path) in printed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--runtime", "openvino"], "is run by torch, got runtime='openvino'"),
        (["--device", "cpu"], "--device and --half are for exported files"),
        (["--half"], "--device and --half are for exported files"),
    ],
)
def test_weights_are_tested_as_they_were_trained(
    options: list[str],
    message: str,
    run_test: RunTest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_test(weights_file("rows"), *options) != 0
    assert message in capsys.readouterr().err


def test_a_file_that_may_run_code_is_refused(
    run_test: RunTest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lanes.pt2"
    path.write_bytes(b"a program")
    assert run_test(path) != 0
    assert "may run code when it is loaded, and is not" in capsys.readouterr().err
