"""The tool that makes scenes, as a user starts it."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import pytest

from lanedet.formats import read_tusimple_labels
from lanedet.video import VideoReader

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]


@pytest.fixture
def tool(load_tool: LoadTool) -> ModuleType:
    return load_tool("scenes")


@pytest.fixture
def run_tool(tool: ModuleType, run_main: RunMain) -> RunMain:
    """Run the tool's main in this process and return its exit status."""
    return partial(run_main, tool)


def shapes_of(clip: Path) -> list[tuple[int, ...]]:
    with VideoReader(clip) as reader:
        return [frame.image.shape for frame in reader]


def test_help_shows_examples(
    run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("--help") == 0
    assert "examples:" in capsys.readouterr().out


def test_help_tells_what_is_replaced_and_the_limits(
    run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("--help") == 0
    reported = " ".join(capsys.readouterr().out.split())
    assert "earlier run made in it are replaced" in reported
    assert "from 0 to 4294967295" in reported
    assert "not 20001, 20002, 20003, which are RoadScenes' own" in reported
    assert "at least 96x72" in reported


def test_real_images_survive_a_second_run(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "images/100k/train/0000f77c-6257be58.jpg"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"precious")
    for _ in range(2):
        options = ["--num", "3", "--size", "96x72", "--format", "bdd100k"]
        assert run_tool(tmp_path, *options) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert "it has images/100k/train/0000f77c-6257be58.jpg but no" in line
    assert image.read_bytes() == b"precious"


def test_the_limits_that_help_tells(run_tool: RunMain, tmp_path: Path) -> None:
    options = ["--num", "4", "--size", "96x72", "--seed", "4294967295"]
    assert run_tool(tmp_path, *options) == 0


@pytest.mark.parametrize("seed", ["20001", "20002", "20003"])
def test_seeds_of_the_benchmark_are_refused(
    seed: str,
    run_tool: RunMain,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = tmp_path / "drive.mp4"
    for args in ([tmp_path / "out", "--num", "4"], ["--clip", clip, "--seconds", "1"]):
        assert run_tool(*args, "--size", "96x72", "--seed", seed) == 1
        [line] = capsys.readouterr().err.splitlines()
        assert f"seed must not be {seed}: those scenes are the" in line
        assert "split of the benchmark RoadScenes" in line
    assert not list(tmp_path.iterdir())


def test_a_small_data_set(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "scenes"
    options = ["--num", "5", "--seed", "3", "--format", "tusimple"]
    assert run_tool(out, *options, "--size", "320x180") == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"5 scenes in {out}:\n")
    assert "  label_data_0601.json: 2\n" in printed
    samples = read_tusimple_labels(out / "label_data_0601.json", out)
    assert [Path(sample.img_path).is_file() for sample in samples] == [True, True]


def test_a_clip_needs_no_data_set(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "drive.mp4"
    assert run_tool("--clip", clip, "--seconds", "0.2", "--size", "320x180") == 0
    assert capsys.readouterr().out == f"5 frames of a drive in {clip}\n"
    assert shapes_of(clip) == [(180, 320, 3)] * 5
    assert list(tmp_path.iterdir()) == [clip]


def test_no_scenes_and_a_clip(run_tool: RunMain, tmp_path: Path) -> None:
    out, clip = tmp_path / "out", tmp_path / "out" / "drive.mp4"
    options = ["--seconds", "0.1", "--size", "320x180"]
    assert run_tool(out, "--num", "0", "--seed", "6", "--clip", clip, *options) == 0
    assert list(out.iterdir()) == [clip]


def test_a_data_set_and_a_clip(run_tool: RunMain, tmp_path: Path) -> None:
    out, clip = tmp_path / "scenes", tmp_path / "drive.mp4"
    options = ["--seconds", "0.1", "--size", "320x180"]
    assert run_tool(out, "--num", "4", "--clip", clip, *options) == 0
    assert (out / "test_tasks_0627.json").is_file()
    assert clip.is_file()


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        pytest.param([], 7, id="1000 scenes"),
        pytest.param(["--num", "199"], 1, id="few scenes"),
        pytest.param(["--num", "200"], 7, id="many scenes"),
        pytest.param(["--num", "200", "--workers", "3"], 3, id="many, as asked"),
        pytest.param(["--num", "9", "--workers", "3"], 3, id="few, as asked"),
    ],
)
def test_many_scenes_are_shared_by_all_cores(
    options: list[str],
    workers: int,
    tool: ModuleType,
    run_tool: RunMain,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def write(*args: object) -> dict[str, int]:
        asked.append(args[4])
        return {}

    monkeypatch.setattr(tool, "write_scene_tree", write)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(7)), raising=False)
    assert run_tool("scenes", *options) == 0
    assert asked == [workers]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param([], "nothing to make: give the folder OUT, --clip", id="nothing"),
        pytest.param(["--num", "9"], "nothing to make", id="no folder"),
        pytest.param(
            ["--clip", "a.mp4", "--part", "1/2"], "give its folder", id="part of a clip"
        ),
        pytest.param(
            ["--clip", "a.mp4", "--num", "9"], "give its folder OUT", id="num of a clip"
        ),
        pytest.param(["out", "--size", "640"], "must be WIDTHxHEIGHT", id="size"),
        pytest.param(["out", "--size", "axb"], "must be WIDTHxHEIGHT", id="letters"),
        pytest.param(
            ["--clip", "x.mp4", "--seconds", "inf"], "must be seconds", id="endless"
        ),
        pytest.param(
            ["--clip", "x.mp4", "--seconds", "nan"], "must be seconds", id="no time"
        ),
    ],
)
def test_wrong_usage(
    args: list[str],
    message: str,
    run_tool: RunMain,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_tool(*args) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--num", "0"], "each split, must be from 4", id="no scene"),
        pytest.param(["--size", "20x10"], "at least", id="too small"),
        pytest.param([], "Choose another folder", id="a real data set"),
    ],
)
def test_a_user_error_is_one_line(
    options: list[str],
    message: str,
    run_tool: RunMain,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    labels = tmp_path / "label_data_0313.json"
    labels.write_text("precious")
    assert run_tool(tmp_path, *options) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert labels.read_text() == "precious"


def test_parts_of_a_data_set(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--num", "5", "--size", "96x72"]
    assert run_tool(tmp_path, *options, "--part", "2/2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"part 2 of 2 (3 scenes) in {tmp_path}. Not there yet: 1"
    assert lines[1].startswith("Make these in the same folder, or copy their folders")
    assert run_tool(tmp_path, *options, "--part", "1/2") == 0
    printed = capsys.readouterr().out
    assert printed == f"part 1 of 2 (2 scenes) in {tmp_path}: all 5 scenes are there.\n"
    assert (tmp_path / "test_tasks_0627.json").is_file()


@pytest.mark.parametrize("part", ["0/2", "3/2", "2", "a/b", "1/", "-1/2"])
def test_a_part_that_there_is_not(
    part: str, run_tool: RunMain, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool("out", f"--part={part}") == 2
    assert "must be K/N, K from 1 to N, got" in capsys.readouterr().err
