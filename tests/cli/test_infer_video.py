"""The tool that annotates videos, as a user starts it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from clips import NO_RATE, write_clip
from exports import weights_file

from lanedet.files import claim_file, claim_folder
from lanedet.images import write_image
from lanedet.models import build_model, save_weights
from lanedet.simulation import write_scene_tree
from lanedet.video import LaneLog, VideoReader, VideoWriter

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]

REPOSITORY = Path(__file__).resolve().parents[2]
TOOL = REPOSITORY / "tools" / "infer_video.py"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Weights of a network of few blocks: most of a run here goes into opening them."""
    return shutil.copyfile(weights_file("rows"), tmp_path / "weights.safetensors")


def _write_clip(path: Path, num_frames: int) -> Path:
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    with VideoWriter(path, 10) as writer:
        for number in range(num_frames):
            writer.write(np.roll(image, number, axis=1))
    return path


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return _write_clip(tmp_path / "drive.mp4", 12)


@pytest.fixture
def run_tool(load_tool: LoadTool, run_main: RunMain) -> RunMain:
    """Run the tool's main in this process and return its exit status."""
    return partial(run_main, load_tool("video"))


def _num_frames(path: Path) -> int:
    with VideoReader(path) as reader:
        return len(list(reader))


@pytest.mark.parametrize(
    "rate", ["1e400", "1e99999999", "0", "-1", "1/0", "nan", "often", "1001", "1/2000"]
)
def test_a_rate_that_no_film_has(
    rate: str, run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("drive.h264", "--json", "x.jsonl", f"--fps={rate}") == 2
    err = capsys.readouterr().err
    assert "must be a number from 1/1000 to 1000" in err
    assert f"got {rate!r}" in err


def test_a_whole_run(
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, log = tmp_path / "new" / "out.mp4", tmp_path / "new" / "lanes.jsonl"
    status = run_tool(clip, "--weights", weights, "--out", out, "--json", log)
    printed = capsys.readouterr()
    assert status == 0
    assert _num_frames(out) == 12
    frames = [json.loads(line)["frame"] for line in log.read_text().splitlines()]
    assert frames == list(range(12))
    assert printed.out.startswith("12 frames, 1.2 s long, in ")
    assert "frames/s of each step alone: decode " in printed.out
    assert printed.out.endswith(f"Wrote {out}, {log}\n")
    assert "drive.mp4: 100%" in printed.err


def _line_weights(path: Path) -> Path:
    """Write a small line head that has learned nothing and is half sure of all."""
    description = {
        "type": "LaneDetector",
        "backbone": {"type": "ENet", "decoder": False},
        "head": {
            "type": "LineHead",
            "num_slots": 6,
            "num_rows": 36,
            "stages": {"E4": {"stride": 8, "offset": 3.5}},
            "num_points": 12,
        },
        "view": {"type": "LetterboxView", "input_shape": [64, 96]},
    }
    torch.manual_seed(0)
    state = build_model(description).state_dict()
    state["head.refinements.1.judge.2.bias"] += 3
    save_weights(path, description, state, {})
    return path


def test_lines_are_tracked_watched_and_drawn_like_other_lanes(
    run_tool: RunMain, clip: Path, tmp_path: Path
) -> None:
    weights = _line_weights(tmp_path / "lines.safetensors")
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    assert run_tool(clip, "--weights", weights, "--out", out, "--json", log) == 0
    assert _num_frames(out) == 12
    frames = [json.loads(line) for line in log.read_text().splitlines()]
    assert all(1 <= len(frame["lanes"]) <= 6 for frame in frames[3:])
    for lane in frames[-1]["lanes"]:
        assert lane["name"]
        assert lane["id"] is not None
    assert all({"left", "right"} <= frame["ego"].keys() for frame in frames)


def test_help_shows_examples(
    run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("--help") == 0
    assert "examples:" in capsys.readouterr().out


def test_an_output_must_be_asked_for(
    run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("drive.mp4", "--weights", "w.safetensors") == 2
    assert "ask for --out CLIP, --json FILE, --tusimple FILE" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param({"source": "none.mp4"}, "No video at 'none.mp4'", id="missing"),
        pytest.param({"source": "notes.mp4"}, "'notes.mp4' is no video", id="text"),
        pytest.param({"source": "empty"}, "No images in 'empty'", id="folder"),
        pytest.param({"source": "97"}, "'camera 97' cannot be opened", id="camera"),
        pytest.param({"source": "foo://x"}, "'foo://x' cannot be opened", id="stream"),
        pytest.param({"--start": "soon"}, "seconds, MM:SS or HH:MM:SS", id="time"),
        pytest.param({"--start": "2", "--end": "1"}, "before the end", id="stretch"),
        pytest.param({"--every": "0"}, "every must be at least 1", id="every"),
        pytest.param({"--calibration": "none"}, "No calibration", id="calibration"),
        pytest.param({"--half": None, "--device": "cpu"}, "CPU", id="half"),
        pytest.param({"--bev": None}, "only with a calibration", id="bev"),
        pytest.param({"--weights": "none.pth"}, "'none.pth'", id="no weights"),
        pytest.param({"--weights": "notes.mp4"}, "no checkpoint", id="other weights"),
        pytest.param({"--out": "drive.mp4"}, "must be different files", id="source"),
        pytest.param({"--out": "notes.mp4/out.mp4"}, "notes.mp4", id="no folder"),
        pytest.param({"--out": "out.gif"}, "must end in .mp4", id="no clip"),
        pytest.param({"--device": "gpu"}, "There is no device 'gpu'", id="device"),
        pytest.param(
            {"--device": "meta"}, "device 'meta' here. There is cpu", id="meta"
        ),
        pytest.param({"--batch-size": "0"}, "must be at least 1", id="batch size"),
    ],
)
def test_a_user_error_is_one_line(
    args: dict[str, str | None],
    message: str,
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(clip.parent)
    Path("empty").mkdir()
    Path("notes.mp4").write_text("Not a film.\n" * 99)
    before = clip.read_bytes()
    given = {"--weights": weights.name, "--out": "out.mp4"} | args
    source = given.pop("source", clip.name)
    options = [part for item in given.items() for part in item if part is not None]
    assert run_tool(source, *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert clip.read_bytes() == before
    assert not Path("out.mp4").exists()


def test_predictions_of_a_generated_tree_are_scored_by_its_own_labels(
    load_tool: LoadTool, run_main: RunMain, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    write_scene_tree(tree, num_scenes=4, seed=5, shape=(360, 640))
    labels, pred, score = (tmp_path / f"{name}.json" for name in ("gt", "pred", "f1"))
    files = sorted(tree.glob("*label*.json"))
    labels.write_text("".join(file.read_text() for file in files))
    assert run_main(load_tool("video"), tree, "--tusimple", pred) == 0
    # On a busy machine the benchmark would give nothing for so slow a network.
    lines = [json.loads(line) | {"run_time": 0} for line in pred.open()]
    pred.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    scored = ["--pred", pred, "--gt", labels, "--shape", "360x640", "--json", score]
    assert run_main(load_tool("evaluate"), "tusimple", *scored) == 0
    # The package's own model sees such scenes well. No lanes would score 0.
    assert json.loads(score.read_text())["accuracy"] > 0.5


@pytest.mark.skipif(sys.platform != "linux", reason="Only Linux has /proc.")
@pytest.mark.parametrize("option", ["--out", "--json", "--tusimple", "--culane"])
def test_an_unwritable_folder(
    option: str,
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Where not even root may write.
    name = "/proc/lanes.mp4" if option == "--out" else "/proc/lanes"
    assert run_tool(clip, "--weights", weights, option, name) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert name.rpartition("/")[2].partition(".")[0] in line


def test_pictures_at_an_uneven_rate(
    run_tool: RunMain, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "drive").mkdir()
    for number in range(3):
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        write_image(tmp_path / "drive" / f"{number}.png", image)
    log = tmp_path / "lanes.jsonl"
    options = ["--weights", weights, "--json", log, "--fps", "29.97"]
    assert run_tool(tmp_path / "drive", *options) == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["time"] for line in lines] == [0, 0.033367, 0.066733]
    assert [line["name"] for line in lines] == ["0.png", "1.png", "2.png"]


def test_a_stretch_behind_the_end_harms_nothing(
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, log = tmp_path / "late.mp4", tmp_path / "late.jsonl"
    log.write_text("of an earlier run\n")
    made = ["--out", out, "--json", log, "--start", "1:40"]
    assert run_tool(clip, "--weights", weights, *made) == 1
    printed = capsys.readouterr()
    assert "must begin at 100 s, but it is only 1.20 s long" in printed.err
    assert "Wrote" not in printed.out
    assert not out.exists()
    assert log.read_text() == "of an earlier run\n"


def test_a_calibration_of_other_pictures_harms_nothing(
    run_tool: RunMain, clip: Path, weights: Path, tmp_path: Path
) -> None:
    calibration = tmp_path / "camera.yaml"
    calibration.write_text(
        "image_size: [64, 64]\ncamera: {focal_px: 50, height_m: 1.4, pitch_deg: 2}\n"
    )
    made = {"--json": tmp_path / "a.jsonl", "--tusimple": tmp_path / "a.json"}
    for path in made.values():
        path.write_text("of an earlier run\n")
    options = [part for item in made.items() for part in item]
    calibrated = ["--weights", weights, "--calibration", calibration]
    assert run_tool(clip, *calibrated, *options) == 1
    for path in made.values():
        assert path.read_text() == "of an earlier run\n"


def test_a_shape_that_the_network_does_not_know_is_one_line(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = tmp_path / "portrait.mp4"
    with VideoWriter(clip, 10) as writer:
        for _ in range(2):
            writer.write(np.zeros((160, 32, 3), dtype=np.uint8))
    log = tmp_path / "lanes.jsonl"
    assert run_tool(clip, "--weights", weights, "--json", log) == 0
    printed = capsys.readouterr()
    warning = "warning: An image of 32x160 is far from the shape"
    assert [warning in line for line in printed.err.splitlines()].count(True) == 1
    assert ".py" not in printed.err
    assert "far from the shape" not in printed.out


@pytest.mark.parametrize("option", ["--stall", "--max-wait"])
@pytest.mark.parametrize("value", ["0", "-1", "often", "1/0", "nan"])
def test_waits_are_numbers_above_0(
    option: str, value: str, run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("drive", "--show", f"{option}={value}") == 2
    err = capsys.readouterr().err
    assert "a number above 0" in err
    assert f"got {value!r}" in err


def test_all_options_at_once(
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calibration = tmp_path / "camera.yaml"
    calibration.write_text(
        "image_size: [64, 48]\ncamera: {focal_px: 50, height_m: 1.4, pitch_deg: 2}\n"
    )
    made = {
        "--out": tmp_path / "out.mkv",
        "--json": tmp_path / "lanes.jsonl",
        "--tusimple": tmp_path / "tusimple.json",
        "--culane": tmp_path / "culane",
        "--event-clips": tmp_path / "events",
    }
    options = {"--start": "0.2", "--end": "0:01", "--every": "2"} | made
    options |= {"--calibration": calibration, "--weights": weights}
    flags = ["--threads", "--no-tracking", "--attention", "--bev"]
    words = [word for option in options.items() for word in option]
    assert run_tool(clip, *flags, *words) == 0
    log = made["--json"].read_text().splitlines()
    assert [json.loads(line)["frame"] for line in log] == [2, 4, 6, 8]
    with VideoReader(made["--out"]) as reader:
        assert reader.width > 64  # the maps stand beside the road
        assert [frame.time_s for frame in reader] == [0, 0.2, 0.4, 0.6]
    assert len(made["--tusimple"].read_text().splitlines()) == 4
    assert len(list(made["--culane"].rglob("*.lines.txt"))) == 4
    assert "4 frames, 0.8 s long" in capsys.readouterr().out


def test_a_video_that_breaks_off(
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    content = clip.read_bytes()
    clip.write_bytes(content[: int(len(content) * 0.8)])
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    assert run_tool(clip, "--weights", weights, "--out", out, "--json", log) == 1
    _, _, reported = capsys.readouterr().err.rpartition("error: ")
    error, summary, *_, note = reported.splitlines()
    num_kept = _num_frames(out)
    assert 0 < num_kept < 12
    assert error.startswith(f"{str(clip)!r} breaks off after {num_kept} of 12")
    assert summary.startswith(f"{num_kept} frames, ")
    assert note.startswith(f"Whole and kept, with {num_kept} frames: {out}, {log}")
    assert len(log.read_text().splitlines()) == num_kept


def _check_whole_files(err: str, out: Path, log: Path, num_frames: int) -> None:
    """Check what a run has left that was stopped among so many frames."""
    assert "Traceback" not in err
    assert f"Whole and kept, with {_num_frames(out)} frames: {out}, {log}." in err
    lines = log.read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(len(lines)))
    assert 5 <= len(lines) < num_frames
    assert _num_frames(out) == len(lines)


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_stopped_run_leaves_whole_files(
    number: signal.Signals,
    status: int,
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write = LaneLog.write

    def write_until_stopped(log: LaneLog, index: int, *args: Any, **state: Any) -> None:
        write(log, index, *args, **state)
        if index == 4:
            signal.raise_signal(number)

    monkeypatch.setattr(LaneLog, "write", write_until_stopped)
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    run = [clip, "--weights", weights, "--out", out, "--json", log]
    assert run_tool(*run) == status
    _check_whole_files(capsys.readouterr().err, out, log, 12)


def test_ctrl_c_stops_the_process(tmp_path: Path) -> None:
    clip = _write_clip(tmp_path / "long.mp4", 1000)
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    command = [sys.executable, TOOL, clip]  # with the package's model, soon at work
    process = subprocess.Popen(
        [str(part) for part in [*command, "--out", out, "--json", log]],
        cwd=REPOSITORY,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not (log.exists() and log.read_text().count("\n") >= 5):
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.02)  # leaves the core to the process
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    _check_whole_files(err, out, log, 1000)


def test_two_pictures_of_one_stem_are_refused(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "drive").mkdir()
    for name in ("0001.jpg", "0001.png", "0002.png"):
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        write_image(tmp_path / "drive" / name, image)
    options = ["--weights", weights, "--culane", tmp_path / "lanes"]
    assert run_tool(tmp_path / "drive", *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "must have an output of its own" in line
    assert "0001.jpg" in line
    assert "0001.png" in line
    assert not (tmp_path / "lanes").exists()
    # Where names keep their endings there is nothing to refuse.
    options = ["--weights", weights, "--tusimple", tmp_path / "lanes.json"]
    assert run_tool(tmp_path / "drive", *options) == 0
    assert len((tmp_path / "lanes.json").read_text().splitlines()) == 3


@pytest.mark.parametrize("more", [[], ["--end", "0.2"]])
def test_the_lanes_of_two_runs_are_not_mixed(
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    """Of another clip of the same name, or fewer of the same clip."""
    lanes, log = tmp_path / "lanes", tmp_path / "lanes.jsonl"
    other = tmp_path / "other" / clip.name
    other.parent.mkdir()
    other.write_bytes(clip.read_bytes())
    options = ["--weights", weights, "--culane", lanes]
    assert run_tool(clip, *options) == 0
    written = {path: path.read_bytes() for path in lanes.rglob("*.lines.txt")}
    assert len(written) == 12
    capsys.readouterr()
    assert run_tool(clip if more else other, *options, *more, "--json", log) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert f"and from other lanes, got '{lanes / clip.stem}'" in line
    assert not log.exists()
    assert {p: p.read_bytes() for p in lanes.rglob("*.lines.txt")} == written
    # Beside them there is room for a clip of another name.
    renamed = other.rename(other.with_stem("second"))
    assert run_tool(renamed, *options) == 0
    assert len(list((lanes / "second").iterdir())) == 12


def test_the_lanes_of_two_folders_of_pictures_are_not_mixed(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for drive in ("monday", "tuesday"):
        (tmp_path / drive / "front").mkdir(parents=True)
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        write_image(tmp_path / drive / "front" / f"{drive}.png", image)
    options = ["--weights", weights, "--culane", tmp_path / "lanes"]
    assert run_tool(tmp_path / "monday", *options) == 0
    assert run_tool(tmp_path / "tuesday", *options) == 1
    assert "holds 'monday.lines.txt' already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "name"),
    [
        ("--out", "out.mp4"),
        ("--json", "lanes.jsonl"),
        ("--tusimple", "lanes.json"),
        ("--culane", "lanes"),
        ("--event-clips", "events"),
    ],
)
def test_an_output_of_another_run_is_refused(
    option: str,
    name: str,
    run_tool: RunMain,
    clip: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    is_folder = option in ("--culane", "--event-clips")
    options = ["--weights", weights, option, tmp_path / name]
    if option == "--event-clips":
        options += ["--out", tmp_path / "other.mp4"]
    claim = claim_folder if is_folder else claim_file
    with claim(tmp_path / name):
        before = sorted(tmp_path.rglob("*"))
        assert run_tool(clip, *options) == 1
        error = capsys.readouterr().err.splitlines()[0]
        assert "Only one process at a time may write" in error
        assert name in error
        assert sorted(tmp_path.rglob("*")) == before
    assert run_tool(clip, *options) == 0
    assert not list(tmp_path.rglob("*.lock"))


@pytest.mark.parametrize(
    "stem", ["12:30:00", "-x", "a%03d", "a*[1]?", "a b\n", os.fsdecode(b"\xb5\xe9\xff")]
)
def test_sources_and_outputs_of_any_name(
    run_tool: RunMain, clip: Path, weights: Path, tmp_path: Path, stem: str
) -> None:
    source = clip.rename(tmp_path / f"{stem}.mp4")
    out, folder = tmp_path / f"{stem} out.mp4", tmp_path / stem
    texts = [tmp_path / f"{stem}.{suffix}" for suffix in ("jsonl", "json")]
    made = ["--out", out, "--json", texts[0], "--tusimple", texts[1]]
    made += ["--culane", folder, "--event-clips", tmp_path / f"{stem} events"]
    assert run_tool(source, "--weights", weights, *made) == 0
    assert _num_frames(out) == 12
    assert [len(path.read_bytes().splitlines()) for path in texts] == [12, 12]
    assert len(list((folder / stem).iterdir())) == 12


def test_a_bare_stream_gets_the_rate_that_is_given(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = write_clip(tmp_path, "clip.hevc", rate=50, codec_options=NO_RATE)
    log = tmp_path / "lanes.jsonl"
    options = ["--weights", weights, "--json", log]
    for more, length in (([], "1.2 s"), (["--fps", "50"], "0.6 s")):
        assert run_tool(source, *options, *more) == 0
        printed = capsys.readouterr()
        assert f"30 frames, {length} long" in printed.out
        both = printed.err + printed.out
        assert both.count("is a bare stream without time stamps") == 1
        assert ("is a guess" in printed.err) == (not more)


@pytest.mark.parametrize(("gap", "length"), [(3600, 3601.2), (9 * 3600, 1.2)])
@pytest.mark.parametrize("name", ["clip.mp4", "clip.ts", "clip.mkv"])
def test_a_clip_with_a_gap_is_whole(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    gap: int,
    length: float,
) -> None:
    source = write_clip(
        tmp_path, name, time_of=lambda n: Fraction(n, 25) + gap * (n >= 10)
    )
    out = tmp_path / "out.mp4"
    assert run_tool(source, "--weights", weights, "--out", out) == 0
    assert f"30 frames, {length} s long" in capsys.readouterr().out
    with VideoReader(out) as reader:
        assert reader.duration_s == pytest.approx(length, abs=1e-3)
        assert len(list(reader)) == 30


def test_lost_frames_end_with_an_error_and_all_others(
    run_tool: RunMain,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = write_clip(tmp_path, "clip.mkv")
    parts = source.read_bytes().split(bytes.fromhex("1F43B675"))
    damaged = bytes(4).join([bytes.fromhex("1F43B675").join(parts[:4]), parts[4]])
    source.write_bytes(bytes.fromhex("1F43B675").join([damaged, *parts[5:]]))
    out = tmp_path / "out.mp4"
    assert run_tool(source, "--weights", weights, "--out", out) == 1
    error = capsys.readouterr().err
    assert "is damaged: frames are missing from 0." in error
    assert 20 <= _num_frames(out) < 30
    assert f"Whole and kept, with {_num_frames(out)} frames" in error
