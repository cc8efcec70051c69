"""Damaged files of every kind that evaluators read: a score, or an error that says why.

A score of damaged predictions is a score: numbers that were swapped are numbers.
"""

import contextlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from fuzzing import mutations

from lanedet.evaluation import evaluate_bdd100k, evaluate_culane
from lanedet.evaluation.functional.culane import ContinuousRule, OfficialRule
from lanedet.evaluation.functional.tusimple import evaluate_submission
from lanedet.evaluation.functional.tusimple_lines import check_image_size
from lanedet.formats import read_tusimple_lines
from lanedet.formats.bdd100k_splits import read_bdd100k_list
from lanedet.formats.culane_lists import read_culane_categories, read_culane_list

FAST = [pytest.param(seed, 150) for seed in range(2)]
SLOW = [pytest.param(seed, 3000, marks=pytest.mark.slow) for seed in range(2, 6)]
amounts = pytest.mark.parametrize(("seed", "count"), [*FAST, *SLOW])

CULANE_LANES = (
    b"-20.4835 580 19.3893 570 58.1682 560 98.1783 550 137.929 540 177.709 530\n"
    b"532.893 590 542.567 580 553.704 570 564.84 560 575.977 550 587.139 540\n"
    b"1679.87 560 1626.23 550 1574.15 540 1520.62 530 1467.55 520 1414.57 510\n"
)
CULANE_LIST = (
    b"/driver_23/1.MP4/00000.jpg /laneseg_label_w16/driver_23/1.MP4/00000.png 1 1 1 1\n"
    b"/driver_23/1.MP4/00030.jpg /laneseg_label_w16/driver_23/1.MP4/00030.png 0 1 1 0\n"
    b"driver_23/2.MP4/00000.jpg \n"
)
BDD100K_LIST = (
    b"/val_img/val/a.jpg /val_label/final_val/a.png 1 1 1 1\nb1.jpg\nc.d.png\n"
)


def tusimple_lines(run_time: float | None) -> bytes:
    rows = list(range(560, 720, 40))
    lines = []
    for number in range(3):
        lanes = [[600 + 40 * number, 610, 620, -2], [900, 890, 870, 850]]
        record = {"lanes": lanes, "h_samples": rows, "raw_file": f"{number}/20.jpg"}
        extra = {} if run_time is None else {"run_time": run_time}
        lines.append(json.dumps(record | extra).encode() + b"\n")
    return b"".join(lines)


@contextlib.contextmanager
def errors_for_users(path: Path) -> Iterator[None]:
    """Allow errors that name the file, and warnings that are for users."""
    message = str(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (ValueError, OSError) as error:
        message = str(error)
    assert str(path) in message


@amounts
def test_tusimple_submissions(tmp_path: Path, seed: int, count: int) -> None:
    labels = tmp_path / "gt.json"
    labels.write_bytes(tusimple_lines(None))
    path = tmp_path / "pred.json"
    for content in mutations(tusimple_lines(10.0), seed, count):
        path.write_bytes(content)
        lines = []
        with errors_for_users(path):
            lines = read_tusimple_lines(path)
        with contextlib.suppress(ValueError), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            check_image_size(lines, read_tusimple_lines(labels))
            score = evaluate_submission(lines, read_tusimple_lines(labels))
            assert np.isfinite(score).all()


@amounts
def test_tusimple_labels(tmp_path: Path, seed: int, count: int) -> None:
    predictions = tmp_path / "pred.json"
    predictions.write_bytes(tusimple_lines(10.0))
    path = tmp_path / "gt.json"
    for content in mutations(tusimple_lines(None), seed, count):
        path.write_bytes(content)
        lines = []
        with errors_for_users(path):
            lines = read_tusimple_lines(path)
        with contextlib.suppress(ValueError):
            check_image_size(read_tusimple_lines(predictions), lines)
            score = evaluate_submission(read_tusimple_lines(predictions), lines)
            assert np.isfinite(score).all()


@amounts
@pytest.mark.parametrize("rule", [OfficialRule(), ContinuousRule()], ids=repr)
@pytest.mark.parametrize("folder", ["gt", "pred"])
def test_culane_lanes(
    tmp_path: Path, folder: str, rule: OfficialRule, seed: int, count: int
) -> None:
    for each in ("gt", "pred"):
        (tmp_path / each).mkdir()
        (tmp_path / each / "0.lines.txt").write_bytes(CULANE_LANES)
    path = tmp_path / folder / "0.lines.txt"
    options = {"rule": rule, "num_workers": 1, "show_progress": False}
    for content in mutations(CULANE_LANES, seed, count):
        path.write_bytes(content)
        with errors_for_users(path):
            report = evaluate_culane(
                tmp_path / "pred", tmp_path / "gt", ["0.jpg"], **options
            )
            tp, fp, fn = report.counts[0]
            assert min(tp, fp, fn) >= 0
            if folder == "gt":
                assert tp + fp == 3
            else:
                assert tp + fn == 3


@amounts
def test_culane_lists(tmp_path: Path, seed: int, count: int) -> None:
    path = tmp_path / "test_split" / "test8_night.txt"
    path.parent.mkdir()
    for content in mutations(CULANE_LIST, seed, count):
        path.write_bytes(content)
        with errors_for_users(path):
            names = [entry.name for entry in read_culane_list(path)]
            assert read_culane_categories(tmp_path) == dict.fromkeys(names, "night")
            assert not any(".." in Path(name).parts for name in names)


@amounts
def test_bdd100k_lists(tmp_path: Path, seed: int, count: int) -> None:
    path = tmp_path / "list.txt"
    for content in mutations(BDD100K_LIST, seed, count):
        path.write_bytes(content)
        with errors_for_users(path):
            assert all("/" not in name for _, name in read_bdd100k_list(path))


@amounts
@pytest.mark.parametrize("folder", ["gt", "pred"])
@pytest.mark.parametrize("is_bytes", [False, True])
def test_bdd100k_masks(
    tmp_path: Path, folder: str, is_bytes: bool, seed: int, count: int
) -> None:
    mask = np.full((36, 64), 255 if is_bytes else 0, np.uint8)
    mask[10:30, 20:22] = 6 if is_bytes else 255
    content = cv2.imencode(".png", mask)[1].tobytes()
    for each in ("gt", "pred"):
        (tmp_path / each).mkdir()
        (tmp_path / each / "a.png").write_bytes(content)
    path = tmp_path / folder / "a.png"
    for damaged in mutations(content, seed, count):
        path.write_bytes(damaged)
        with errors_for_users(path):
            scores = evaluate_bdd100k(
                tmp_path / "pred", tmp_path / "gt", shape=mask.shape
            )
            assert np.isfinite(list(scores.as_dict().values())).all()
