"""The tools around data sets and predictions, as a user starts them."""

import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from lanedet.formats import read_tusimple_labels
from lanedet.structures import LaneSample
from lanedet.video import LaneLog, VideoWriter

LoadTool = Callable[[str], ModuleType]
RunMain = Callable[..., int]

REPOSITORY = Path(__file__).resolve().parents[2]
SCENES_CONFIG = REPOSITORY / "configs/sad/enet_sad_scenes.py"

FIXTURES = REPOSITORY / ".." / "shared" / "fixtures" / "culane"


@pytest.fixture
def run_tool(load_tool: LoadTool, run_main: RunMain) -> RunMain:
    """Run a tool's main in this process and return its exit status."""
    return lambda name, *args: run_main(load_tool(name), *args)


@pytest.fixture
def drawn(tmp_path: Path) -> Path:
    """A folder with four pictures and labelme files: two, one and no lanes, broken."""
    folder = tmp_path / "drawn"
    folder.mkdir()
    for number, num_lanes in enumerate((2, 1, 0)):
        cv2.imwrite(str(folder / f"{number}.png"), np.zeros((90, 160, 3), np.uint8))
        shapes = [
            {"label": "lane", "shape_type": "linestrip", "points": [[10, 80], [60, 20]]}
        ] * num_lanes
        record = {"shapes": shapes, "imagePath": f"{number}.png"}
        (folder / f"{number}.json").write_text(json.dumps(record))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "convert_labels",
        "prelabel",
        "check_dataset",
        "browse_dataset",
        "evaluate_predictions",
    ],
)
def test_help_has_examples(
    run_tool: RunMain, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool(name, "--help") == 0
    assert "examples:" in capsys.readouterr().out


def test_labels_become_a_tree(
    run_tool: RunMain, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = [drawn, "--from", "labelme", "--to", "tusimple", "--out", out]
    assert run_tool("convert", *arguments) == 0
    printed = capsys.readouterr().out
    assert "2 pictures with 3 lanes\n1 pictures without lanes\n" in printed
    assert "say --keep-empty" in printed
    assert "1 to train on, 1 to validate on" in printed
    assert "_num_lanes = 4" in printed
    assert run_tool("check", "tusimple", out) == 0
    assert run_tool("convert", *arguments) == 1
    assert "nothing is overwritten" in capsys.readouterr().err


def test_labels_become_a_tree_of_culane(
    run_tool: RunMain, drawn: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = [drawn, "--from", "labelme", "--to", "culane", "--out", out]
    assert run_tool("convert", *arguments) == 0
    assert run_tool("check", "culane", out) == 0


def test_empty_pictures_on_demand_and_links(
    run_tool: RunMain, drawn: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["--from", "labelme", "--to", "tusimple", "--out", out]
    options = ["--keep-empty", "--link", "--val", "0.4"]
    assert run_tool("convert", drawn, *arguments, *options) == 0
    samples = [
        sample
        for name in ("train_label.json", "val_label.json")
        for sample in read_tusimple_labels(out / name, out)
    ]
    assert sorted(len(sample.gt_lanes) for sample in samples) == [0, 1, 2]
    assert (out / "images" / "0.png").samefile(drawn / "0.png")


def test_a_broken_label_stops_or_is_skipped(
    run_tool: RunMain, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (drawn / "3.json").write_text("{")
    arguments = [drawn, "--from", "labelme", "--to", "tusimple"]
    arguments += ["--out", tmp_path / "out"]
    assert run_tool("convert", *arguments) == 1
    assert "3.json:1: this is not valid JSON" in capsys.readouterr().err
    assert run_tool("convert", *arguments, "--on-error", "skip") == 0
    assert "1 broken labels skipped" in capsys.readouterr().out


def write_clip(folder: Path, num_logged: int) -> tuple[Path, Path]:
    """Write a clip of 12 frames, and the log of some frames with a lane each."""
    clip, log = folder / "clip.mp4", folder / "lanes.jsonl"
    sample = LaneSample()
    sample.pred_lanes = [np.array([[30.0, 60.0], [50.0, 20.0]])]
    sample.pred_scores, sample.pred_slots = [0.9], [2]
    with VideoWriter(clip, 25) as writer:
        for number in range(12):
            writer.write(np.full((64, 96, 3), 20 * number, np.uint8))
    with LaneLog(log) as lanes:
        for number in range(num_logged):
            lanes.write(number, number / 25, sample)
    return clip, log


@pytest.mark.parametrize("tool", ["labelme", "cvat", "via"])
def test_lanes_of_a_clip_go_out_and_come_back(
    run_tool: RunMain, tmp_path: Path, tool: str
) -> None:
    clip, log = write_clip(tmp_path, 12)
    drawn, out = tmp_path / "drawn", tmp_path / "out"
    options = ["--to", tool, "--out", drawn, "--every", "5"]
    assert run_tool("prelabel", log, "--video", clip, *options) == 0
    options = ["--from", tool, "--to", "tusimple", "--out", out]
    assert run_tool("convert", drawn, *options) == 0
    samples = read_tusimple_labels(out / "train_label.json", out)
    assert [Path(s.raw_file).name for s in samples] == sorted(
        Path(s.raw_file).name for s in samples
    )
    assert len(samples) == 2
    np.testing.assert_array_equal(
        samples[0].gt_lanes[0], [[50, 20], [45, 30], [40, 40], [35, 50], [30, 60]]
    )


@pytest.mark.parametrize("tool", ["labelme", "cvat", "via"])
def test_an_export_that_fails_leaves_nothing_and_can_be_done_again(
    run_tool: RunMain, tmp_path: Path, tool: str, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, log = write_clip(tmp_path, 13)  # more than the clip has
    out = tmp_path / "drawn"
    options = ["--video", clip, "--to", tool, "--out", out, "--every", "5"]
    assert run_tool("prelabel", log, *options) == 1
    assert "must be the log of" in capsys.readouterr().err
    assert list(out.iterdir()) == []
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:12]))
    assert run_tool("prelabel", log, *options) == 0
    assert len(list(out.glob("*.jpg"))) == 3


def test_a_zip_file_of_cvat_becomes_a_tree(
    run_tool: RunMain, drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lane = '<polyline label="lane" points="10,80;60,20"/>'
    subsets = ("train", "val")
    images = "".join(
        f'<image name="0.png" subset="{subset}" width="160" height="90">{lane}</image>'
        for subset in subsets
    )
    export, out = tmp_path / "export.zip", tmp_path / "out"
    with zipfile.ZipFile(export, "w") as archive:
        archive.writestr("annotations.xml", f"<annotations>{images}</annotations>")
        for subset in subsets:
            archive.write(drawn / "0.png", f"images/{subset}/0.png")
    arguments = [export, "--from", "cvat", "--to", "culane", "--out", out]
    assert run_tool("convert", *arguments, "--link") == 1
    assert "cannot be linked" in capsys.readouterr().err
    assert run_tool("convert", *arguments) == 0
    assert run_tool("check", "culane", out) == 0
    for subset in subsets:
        copied = out / "images" / subset / "0.png"
        assert copied.read_bytes() == (drawn / "0.png").read_bytes()


def test_a_clip_whose_name_cvat_cannot_hold_is_refused_before(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip, out = tmp_path / os.fsdecode(b"\xff.mp4"), tmp_path / "out"
    options = ["--video", clip, "--to", "cvat", "--out", out]
    assert run_tool("prelabel", tmp_path / "lanes.jsonl", *options) == 1
    assert "CVAT's files hold Unicode text" in capsys.readouterr().err
    assert not out.exists()


def test_an_incomplete_tree_is_told_by_the_status(
    run_tool: RunMain,
    scenes_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "scenes"
    shutil.copytree(scenes_root, root)
    assert run_tool("check", "tusimple", root, "--images") == 0
    next(root.glob("clips/*/*/20.jpg")).unlink()
    assert run_tool("check", "tusimple", root) == 1
    assert "1 labelled images missing" in capsys.readouterr().out


def test_samples_are_drawn(
    run_tool: RunMain, scenes_root: Path, tmp_path: Path
) -> None:
    out = tmp_path / "drawn"
    options = ["--data-root", scenes_root, "--num", "2", "--out", out]
    assert run_tool("browse", SCENES_CONFIG, *options) == 0
    assert len(list(out.glob("*.jpg"))) == 2
    assert run_tool("browse", SCENES_CONFIG) == 2  # neither --out nor --show


def test_labels_that_are_left_out_are_told_in_one_line(
    run_tool: RunMain,
    scenes_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = tmp_path / "scenes"
    shutil.copytree(scenes_root, root)
    for labels in root.glob("label_data_*.json"):
        labels.write_text("{\n" + labels.read_text())
    options = ["--data-root", root, "--num", "1", "--out", tmp_path / "drawn"]
    options += ["--cfg-options", "train_dataloader.dataset.on_error=skip"]
    assert run_tool("browse", SCENES_CONFIG, *options) == 0
    reported = [
        line for line in capsys.readouterr().err.splitlines() if "broken" in line
    ]
    assert reported
    assert all(line.startswith("warning: ") for line in reported)


def test_a_warning_of_culane_is_told_in_one_line(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, name in (("gt", "a"), ("gt", "b"), ("pred", "a")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / f"{name}.lines.txt").write_text("800 580 800 300\n")
    paths = ["--pred", tmp_path / "pred", "--gt", tmp_path / "gt"]
    assert run_tool("evaluate", "culane", *paths) == 0
    printed = capsys.readouterr()
    assert "warning: 1 of 2 images have no prediction file." in printed.err
    assert "no prediction" not in printed.out


def test_predictions_of_tusimple(
    run_tool: RunMain,
    scenes_root: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    labels = scenes_root / "test_label.json"
    lines = [json.loads(line) for line in labels.read_text().splitlines()]
    pred, score = tmp_path / "pred.json", tmp_path / "new" / "score.json"
    pred.write_text("".join(json.dumps(o | {"run_time": 9}) + "\n" for o in lines))
    arguments = ["tusimple", "--pred", pred, "--gt", labels]
    assert run_tool("evaluate", *arguments) == 1
    assert "pictures beside the labels have 180x320" in capsys.readouterr().err
    arguments += ["--shape", "180x320"]
    assert run_tool("evaluate", *arguments, "--json", score) == 0
    expected = {"accuracy": 1.0, "fp": 0.0, "fn": 0.0, "f1": 1.0}
    assert json.loads(score.read_text()) == expected
    assert "No published results" in capsys.readouterr().out
    assert run_tool("evaluate", *arguments, "--list", labels) == 2


def test_predictions_of_culane(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, text in (("gt", "800 580 800 300\n"), ("pred", "808 580 808 300\n")):
        for clip in ("driver_37/1.MP4", "driver_37/2.MP4"):
            path = tmp_path / folder / clip / "00000.lines.txt"
            path.parent.mkdir(parents=True)
            path.write_text(text)
    lists = tmp_path / "gt" / "list" / "test_split"
    lists.mkdir(parents=True)
    (lists / "test8_night.txt").write_text("driver_37/1.MP4/00000.jpg \n")
    score = tmp_path / "score.json"
    paths = ["--pred", tmp_path / "pred", "--gt", tmp_path / "gt", "--json", score]
    assert run_tool("evaluate", "culane", *paths) == 0
    numbers = json.loads(score.read_text())
    # Shifted by 8 of 30 pixels, they overlap by 22 / 38.
    assert numbers["iou"]["0.50"]["tp"] == 2
    assert numbers["iou"]["0.60"]["fp"] == 2
    assert numbers["categories"]["night"]["f1"] == 1.0
    (row,) = (o for o in capsys.readouterr().out.splitlines() if o.startswith("night"))
    assert row.split() == ["night", "1", "0", "0", "1.0000", "1.0000"]
    options = ["--list", lists / "test8_night.txt", "--rule", "continuous"]
    assert run_tool("evaluate", "culane", *paths, *options) == 0
    numbers = json.loads(score.read_text())
    assert numbers["rule"] == "continuous"
    assert numbers["iou"]["0.50"]["tp"] == 1
    assert "by the continuous rule" in capsys.readouterr().out


@pytest.mark.skipif(
    not FIXTURES.is_dir(), reason="the benchmark's files are not at ../shared"
)
def test_culanes_official_counts(run_tool: RunMain, tmp_path: Path) -> None:
    score = tmp_path / "score.json"
    paths = ["--pred", FIXTURES / "pred", "--gt", FIXTURES / "anno"]
    names = ["--list", FIXTURES / "list.txt", "--json", score]
    assert run_tool("evaluate", "culane", *paths, *names) == 0
    ours = json.loads(score.read_text())["iou"]
    official = json.loads((FIXTURES / "official.json").read_text())
    for threshold, counts in official["totals_tp_fp_fn"].items():
        if threshold in ours:
            assert [ours[threshold][name] for name in ("tp", "fp", "fn")] == counts


def test_predictions_of_bdd100k(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mask = np.zeros((720, 1280), np.uint8)
    mask[300:700, 600:602] = 255
    for folder in ("pred", "gt"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            cv2.imwrite(str(tmp_path / folder / f"{name}.png"), mask)
    (tmp_path / "list.txt").write_text("/val_img/val/a.jpg /val_label/a.png 1 1 1 1\n")
    score = tmp_path / "score.json"
    paths = ["--pred", tmp_path / "pred", "--gt", tmp_path / "gt", "--json", score]
    names = ["--list", tmp_path / "list.txt"]
    assert run_tool("evaluate", "bdd100k", *paths, *names) == 0
    numbers = json.loads(score.read_text())
    assert (numbers["num_images"], numbers["sad_iou"]) == (1, 1.0)
    assert "No boundary F-scores" in capsys.readouterr().out


def test_lanes_of_ones_own_images_are_scored_with_their_size(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder, shift in (("gt", 0), ("pred", 2)):
        (tmp_path / folder).mkdir()
        lane = [850, 1070, 860, 900, 900, 700, 930, 600]
        text = " ".join(str(n + shift * (i % 2 == 0)) for i, n in enumerate(lane))
        (tmp_path / folder / "0.lines.txt").write_text(text + "\n")
    score = tmp_path / "score.json"
    paths = ["culane", "--pred", tmp_path / "pred", "--gt", tmp_path / "gt"]
    assert run_tool("evaluate", *paths, "--json", score) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert "0.lines.txt:1: there is a point at (850, 1070)" in error
    assert "--shape 1080x1920" in error
    assert not score.exists()
    for options in (
        ["--shape", "1080x1920"],
        ["--shape", "1080x1920", "--lane-width", "35"],
    ):
        arguments = [*paths, *options, "--json", score]
        assert run_tool("evaluate", *arguments) == 0
        assert json.loads(score.read_text())["iou"]["0.50"]["f1"] == 1.0
    assert run_tool("evaluate", *paths, "--shape", "1080") == 2
    assert run_tool("evaluate", *paths, "--lane-width", "900") == 1


def test_submissions_of_ones_own_images_are_scored_with_their_size(
    run_tool: RunMain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = list(range(400, 1080, 10))
    for name, x in (("gt", 900), ("pred", 925)):
        record = {"raw_file": "0.jpg", "lanes": [[x] * len(rows)], "h_samples": rows}
        record |= {"run_time": 250} if name == "pred" else {}
        (tmp_path / name).write_text(json.dumps(record) + "\n")
    score = tmp_path / "score.json"
    paths = ["tusimple", "--pred", tmp_path / "pred", "--gt", tmp_path / "gt"]
    assert run_tool("evaluate", *paths) == 1
    assert "--shape 1080x1920" in capsys.readouterr().err
    arguments = [*paths, "--shape", "1080x1920", "--json", score]
    assert run_tool("evaluate", *arguments) == 0
    assert (
        "warning: 1 of 1 predictions have a run_time above" in capsys.readouterr().err
    )
    assert json.loads(score.read_text())["fn"] == 1.0
    text = (tmp_path / "pred").read_text().replace("250", "10")
    (tmp_path / "pred").write_text(text)
    # 25 px are within the tolerance, which is 30 of 1920 and 20 of 1280.
    assert run_tool("evaluate", *arguments) == 0
    assert json.loads(score.read_text())["accuracy"] == 1.0
    assert run_tool("evaluate", *paths, "--shape", "2160x3840") == 0
    assert "warning: No row of the labels lies below" in capsys.readouterr().err
    assert run_tool("evaluate", *paths, "--lane-width", "30") == 2


def test_a_score_that_cannot_be_written_leaves_the_old_one(
    run_tool: RunMain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("gt", "pred"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "0.lines.txt").write_text("800 580 800 300\n")
    score = tmp_path / "score.json"
    score.write_text("old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    paths = ["culane", "--pred", tmp_path / "pred", "--gt", tmp_path / "gt"]
    assert run_tool("evaluate", *paths, "--json", score) == 1
    assert score.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["score.json"]
