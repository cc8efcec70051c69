from pathlib import Path

import pytest

import lanedet.export
from lanedet.cli import export
from lanedet.export import ExportOptions


def _arguments(monkeypatch: pytest.MonkeyPatch, *texts: str) -> None:
    monkeypatch.setattr("sys.argv", ["lanedet export", *texts])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param(["--int8", ""], "got ''. To calibrate on generated", id="empty"),
        pytest.param(["--int8"], "--int8: expected one argument", id="none"),
        pytest.param(["--int8", "a", "--int8-scenes"], "not allowed with", id="both"),
    ],
)
def test_int8_says_what_it_is_calibrated_on(
    given: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _arguments(monkeypatch, "--format", "onnx", "--out", "lanes.onnx", *given)
    with pytest.raises(SystemExit):
        export.parse_args()
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--int8", "a"], ["--int8-scenes"]])
def test_a_page_has_no_int8(
    given: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    _arguments(monkeypatch, "--format", "web", "--out", "page", *given)
    with pytest.raises(SystemExit):
        export.parse_args()
    assert "leave out --int8" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ExportOptions()),
        (["--int8", "drive"], ExportOptions(int8=True, calibration="drive")),
        (["--int8-scenes", "--batch", "2"], ExportOptions(int8=True, batch=2)),
        (["--half", "--batch", "dynamic"], ExportOptions(half=True)),
    ],
)
def test_what_is_exported(
    given: list[str],
    expected: ExportOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "lanes.onnx"
    asked: list[ExportOptions] = []

    def write(
        weights: Path, out: Path, name: str, options: ExportOptions
    ) -> list[Path]:
        assert (weights.name, name) == ("w.safetensors", "onnx")
        asked.append(options)
        out.write_bytes(bytes(10_000))
        return [out]

    monkeypatch.setattr(lanedet.export, "export_model", write)
    texts = ["--weights", "w.safetensors", "--format", "onnx", "--out", str(out)]
    _arguments(monkeypatch, *texts, *given)
    export.main()
    assert asked == [expected]
    assert capsys.readouterr().out == f"{out}  (0.01 MB)\n"
