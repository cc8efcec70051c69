import argparse
import json
from pathlib import Path

import pytest

from lanedet.benchmark import inference
from lanedet.benchmark.inference_figures import lane_distance
from lanedet.benchmark.lane_finders import load_graph, load_inferencer
from lanedet.inference import default_weights
from lanedet.simulation import Drive

PEER = """
import time

def load():
    return lambda images: None

def load_endless():
    time.sleep(3600)

def load_nothing():
    raise ValueError("there is no peer")
"""


def arguments(*texts: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    inference.add_arguments(parser)
    sizes = ("--rounds", "1", "--calls", "2", "--batch-size", "2", "--cores", "1")
    return parser.parse_args([*sizes, *texts])


@pytest.fixture
def peers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
@pytest.mark.usefixtures("peers")
def test_all_that_runs_here_is_measured_and_the_rest_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    pytest.importorskip("onnxscript", reason="needs the extra export")
    report = tmp_path / "report.json"
    against = ("--against", "peer:load", "--against", "peer:load_nothing")
    inference.run(arguments(*against, "--json", str(report)))
    content = json.loads(report.read_text())
    figures = content["figures"]
    weights = default_weights()
    first = figures[f"{weights.name}, torch"]
    exported = figures[f"{weights.stem}_float32.onnx, onnxruntime"]
    assert first["distance_px"] == 0
    assert exported["distance_px"] < 0.01
    assert first["file_mb"] == pytest.approx(weights.stat().st_size / 1e6)
    for own in (first, exported):
        assert 0 < own["min_ms"] <= own["p50_ms"] <= own["p95_ms"] <= own["p99_ms"]
        assert own["load_s"] < own["ready_s"]
        assert 0 < own["of_macs"] < 2
        assert 0 < own["of_bytes"] < 2
        assert own["peak_mib"] is None or own["peak_mib"] > 50
    # It does nothing.
    assert figures["peer:load"]["p50_ms"] < 1
    assert set(content["at_most_per_s"]) == {"macs", "num_bytes"}
    output = capsys.readouterr().out
    assert "not run: peer:load_nothing: ValueError: there is no peer" in output
    assert "billion multiplications a second" in output


@pytest.mark.parametrize("limit", ["0", "-1", "nan", "1e9"])
def test_a_limit_out_of_its_range(limit: str) -> None:
    with pytest.raises(ValueError, match="--limit must lie above 0 and at most at"):
        inference.run(arguments("--limit", limit))


@pytest.mark.usefixtures("peers")
def test_a_peer_that_never_loads(tmp_path: Path) -> None:
    junk = tmp_path / "junk.safetensors"
    junk.write_bytes(b"junk")
    given = ("--against", "peer:load_endless", "--limit", "2")
    with pytest.raises(ValueError, match=r"be run: .*gave no answer in 2 s, and was"):
        inference.run(arguments(str(junk), *given))


def test_a_model_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError, match=r"No model at 'none\.onnx'"):
        inference.run(arguments("none.onnx"))


def test_files_of_one_name_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inference, "is_installed", {"onnxruntime"}.__contains__)
    args = arguments("a/lanes.onnx", "b/lanes.onnx", "c/other.onnx")
    subjects, left_out = inference._subjects(args, tmp_path)
    names = (str(Path("a/lanes.onnx")), str(Path("b/lanes.onnx")), "other.onnx")
    assert [*subjects] == [f"{name}, onnxruntime" for name in names]
    assert [*left_out] == [f"{name}, openvino" for name in names]


@pytest.mark.slow
@pytest.mark.usefixtures("peers")
def test_nothing_that_can_be_run(tmp_path: Path) -> None:
    (tmp_path / "cut.safetensors").write_bytes(b"12")
    with pytest.raises(ValueError, match=r"Nothing could be run: .*cut"):
        inference.run(arguments("cut.safetensors"))


@pytest.mark.parametrize("option", ["--cores", "--batch-size", "--calls", "--rounds"])
def test_numbers_out_of_their_range(option: str) -> None:
    with pytest.raises(ValueError, match=f"{option} must be at least 1, got 0"):
        inference.run(arguments(option, "0"))


def check_form(form: str, device: str, *, half: bool, tolerance_px: float) -> None:
    images = [image for image, _ in Drive(3, 2, 25.0, (360, 640))]
    find = load_graph(str(default_weights()), device, form, half=half)
    expected = load_inferencer(model=str(default_weights()), device="cpu")(images)
    for _ in range(2):  # the first call may compile or capture
        found = find(images)
        assert len(found) == 2
        for lanes, others in zip(found, expected, strict=True):
            assert len(lanes) >= 2
            distance = lane_distance(lanes, others)
            assert distance is not None
            assert distance < tolerance_px


def test_a_network_with_its_reader_finds_the_same_lanes() -> None:
    check_form("eager", "cpu", half=False, tolerance_px=0.01)


@pytest.mark.gpu
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("form", ["eager", "compiled", "captured"])
def test_each_form_finds_the_same_lanes_on_a_gpu(form: str, half: bool) -> None:
    # TensorFloat-32 is off unless it is asked for.
    check_form(form, "cuda", half=half, tolerance_px=5.0 if half else 0.1)
