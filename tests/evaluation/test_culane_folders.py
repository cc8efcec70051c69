"""Folders of one's own, which are not as the benchmark's are.

What the benchmark's give is in test_culane_metric.py.
"""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.evaluator import Evaluator

from lanedet.evaluation import CULaneMetric, evaluate_culane
from lanedet.evaluation.culane_folders import CULaneReport
from lanedet.evaluation.functional.culane import (
    ContinuousRule,
    CULaneRule,
    OfficialRule,
)
from lanedet.formats import write_culane_labels
from lanedet.structures import LaneSample

HD = (1080, 1920)
LABEL = "850 1070 860 900 900 700 930 600\n"
PREDICTION = "852 1070 862 900 902 700 932 600\n"


def write(root: Path, folder: str, text: str, name: str = "d/0") -> None:
    path = root / folder / f"{name}.lines.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def score(
    root: Path, rule: CULaneRule | None = None, names: tuple[str, ...] = ("d/0.jpg",)
) -> CULaneReport:
    rule = OfficialRule() if rule is None else rule
    options = {"rule": rule, "num_workers": 1, "show_progress": False}
    return evaluate_culane(root / "pred", root / "gt", names, **options)


@pytest.mark.parametrize(
    "rule",
    [
        OfficialRule(image_shape=HD),
        ContinuousRule(image_shape=HD),
        OfficialRule(HD, 35),
        ContinuousRule(HD, 35),
    ],
)
def test_lanes_of_larger_images_are_met(tmp_path: Path, rule: CULaneRule) -> None:
    write(tmp_path, "gt", LABEL)
    write(tmp_path, "pred", PREDICTION)
    assert score(tmp_path, rule).counts[0] == (1, 0, 0)


@pytest.mark.parametrize("folder", ["gt", "pred"])
@pytest.mark.parametrize(
    "text",
    [
        LABEL,
        "850 300 860 290\n850 719 900 700\n",
        "100 -20 120 300\n",
        "1900 500 1800 470 1700 450 1650 440 1640 430 1850 420\n",
        "-400 500 -300 470 40 450\n",
        "1e9 500 800 450\n",
    ],
)
def test_lanes_outside_of_the_image_stop(
    tmp_path: Path, folder: str, text: str
) -> None:
    for each in ("gt", "pred"):
        write(tmp_path, each, text if each == folder else "800 580 810 300\n")
    line = text.count("\n")  # the last lane is the one outside
    expected = rf"{folder}/d/0.lines.txt:{line}: .*--shape HEIGHTxWIDTH"
    with pytest.raises(ValueError, match=expected):
        score(tmp_path)


def test_what_the_benchmarks_files_do_is_allowed(tmp_path: Path) -> None:
    lanes = "-20.4 580 19.3 570 58.1 560\n1679.8 560 1626.2 550 1574.1 540\n"
    write(tmp_path, "gt", lanes + "700 590 720 580\n")
    # One wild prediction among many is the detector's fault, not the size's.
    write(tmp_path, "pred", lanes)
    names = ["d/0.jpg"]
    for number in range(1, 60):
        write(tmp_path, "gt", "700 590 800 300\n" * 2, f"d/{number}")
        wild = "2000 500 1950 480\n" if number == 7 else "700 590 800 300\n"
        write(tmp_path, "pred", "700 590 800 300\n" + wild, f"d/{number}")
        names.append(f"d/{number}.jpg")
    report = score(tmp_path, names=tuple(names))
    assert report.counts[0] == (119, 1, 2)


def test_the_picture_beside_a_label_tells_the_size(tmp_path: Path) -> None:
    small = "400 310 420 200\n"
    for folder in ("gt", "pred"):
        write(tmp_path, folder, small, "d/a b")
    picture = np.zeros((320, 800, 3), np.uint8)
    (tmp_path / "gt/d/a b.jpg").write_bytes(cv2.imencode(".jpg", picture)[1])
    names = ("d/a b.jpg",)
    with pytest.raises(ValueError, match=r"a b.jpg' is 800 wide.*--shape 320x800"):
        score(tmp_path, names=names)
    rule = OfficialRule(image_shape=(320, 800))
    assert score(tmp_path, rule, names).counts[0] == (1, 0, 0)
    # Pictures that were resized, beside labels that were not.
    for folder in ("gt", "pred"):
        write(tmp_path, folder, "400 590 420 200\n", "d/a b")
    rule = OfficialRule(image_shape=(590, 1640))
    with pytest.warns(UserWarning, match="as was said, though"):
        assert score(tmp_path, rule, names).counts[0] == (1, 0, 0)
    # A picture that is none says nothing.
    (tmp_path / "gt/d/a b.jpg").write_bytes(b"no picture")
    assert score(tmp_path, names=names).counts[0] == (1, 0, 0)


# What is drawn in 640x480, and the same in 960x540, 1024x576 and 800x600.
SMALL = ["640 300 400 200", "0 300 250 200", "500 470 340 200", "120 479 300 200"]
SCALES = [(1, 1), (1.5, 1.125), (1.6, 1.2), (1.25, 1.25)]


def scaled(lines: list[str], scale: tuple[float, float]) -> str:
    numbers = [[float(word) for word in line.split()] for line in lines]
    return "".join(
        " ".join(str(n * scale[i % 2]) for i, n in enumerate(line)) + "\n"
        for line in numbers
    )


@pytest.mark.parametrize("scale", SCALES)
def test_labels_of_smaller_images_stop(
    tmp_path: Path, scale: tuple[float, float]
) -> None:
    height, width = round(480 * scale[1]), round(640 * scale[0])
    names = tuple(f"d/{number}.jpg" for number in range(4))
    for name in names:
        write(tmp_path, "gt", scaled(SMALL, scale), name.removesuffix(".jpg"))
        write(tmp_path, "pred", scaled(SMALL, scale), name.removesuffix(".jpg"))
    hint = rf"gt/d/0.lines.txt:1, ends at .*--shape {height}x{width}; if .*590x1640"
    with pytest.raises(ValueError, match=hint):
        score(tmp_path, names=names)
    report = score(tmp_path, OfficialRule(image_shape=(height, width)), names)
    assert report.counts[0] == (16, 0, 0)
    # Whoever says that they are in images of CULane's size is only doubted.
    with pytest.warns(UserWarning, match="look whether --shape 590x1640 is right"):
        score(tmp_path, OfficialRule(image_shape=(590, 1640)), names)


def test_a_picture_of_the_benchmarks_size_proves_it(tmp_path: Path) -> None:
    for folder in ("gt", "pred"):
        write(tmp_path, folder, scaled(SMALL, (1, 1)))
    picture = np.zeros((590, 1640, 3), np.uint8)
    (tmp_path / "gt/d/0.jpg").write_bytes(cv2.imencode(".jpg", picture)[1])
    assert score(tmp_path).counts[0] == (4, 0, 0)


def test_a_few_labels_that_end_high_are_reported(tmp_path: Path) -> None:
    for folder in ("gt", "pred"):
        write(tmp_path, folder, "400 310 420 200\n")
    with pytest.warns(UserWarning, match="None of 1 labelled lanes ends at the bottom"):
        score(tmp_path)


@pytest.mark.parametrize("shape", [(1080, 1920), (320, 800), (720, 720)])
@pytest.mark.parametrize("rule_name", ["official", "continuous"])
def test_files_score_as_the_metric_does(
    tmp_path: Path, shape: tuple[int, int], rule_name: str
) -> None:
    rng = np.random.default_rng(3)
    height, width = shape
    samples = []
    for number in range(12):
        sample = LaneSample(
            metainfo={"raw_file": f"d/{number}.jpg", "ori_shape": shape}
        )
        xs = rng.uniform(0.1, 0.9, (3, 2)) * width
        lanes = [np.stack([x, [height - 1, height / 2]], axis=1) for x in xs]
        sample.gt_lanes = [np.round(lane, 3) for lane in lanes]
        offsets = rng.normal(0, width / 200, 3)
        sample.pred_lanes = [
            lane + np.array([x, 0.0]) for lane, x in zip(lanes, offsets, strict=True)
        ]
        samples.append(sample)
    metric = CULaneMetric(rule=rule_name, out_dir=tmp_path / "pred")
    evaluator = Evaluator(metric)
    evaluator.process(samples)
    numbers = evaluator.evaluate(len(samples))
    write_culane_labels(tmp_path / "gt", samples)
    rule = {"official": OfficialRule, "continuous": ContinuousRule}[rule_name]
    names = tuple(sample.raw_file for sample in samples)
    report = score(tmp_path, rule(image_shape=shape), names)
    prefix = "culane" if rule_name == "official" else "culane_continuous"
    assert 0 < report.mean_f1 < 1
    assert report.mean_f1 == pytest.approx(numbers[f"{prefix}/mf1"], abs=1e-12)


@pytest.mark.parametrize("rule", [OfficialRule(), ContinuousRule()])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "800 500 700 400\n" * 60,
            "2,500 pairs of a label and a prediction, got 3,600",
        ),
        ("8 5 " * 20_001, "20,000 points .* got 20,001"),
    ],
)
def test_what_would_take_minutes_is_refused(
    tmp_path: Path, rule: CULaneRule, text: str, message: str
) -> None:
    for folder in ("gt", "pred"):
        write(tmp_path, folder, "800 580 810 300\n")
        write(tmp_path, folder, text, "d/1")
    with pytest.raises(ValueError, match=rf"pred/d/1.lines.txt' .*{message}"):
        score(tmp_path, rule, ("d/0.jpg", "d/1.jpg"))


def test_a_lane_that_goes_back_and_forth_is_refused_where_it_takes_minutes(
    tmp_path: Path,
) -> None:
    zigzag = " ".join(f"{400 + 9 * (n % 2)} {580 - n / 10}" for n in range(400))
    for folder in ("gt", "pred"):
        write(tmp_path, folder, f"{zigzag}\n")
    assert score(tmp_path).counts[0] == (1, 0, 0)
    with pytest.raises(ValueError, match="right angle 300 times, got 398"):
        score(tmp_path, ContinuousRule())


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lane_width": 201}, "from 2 to 200, got 201"),
        ({"lane_width": 1}, "from 2 to 200, got 1"),
        ({"shape": (590, 20_000)}, "from 1 to 10000"),
        ({"image_shape": (590, 10**9)}, "from 16 to 65535"),
    ],
)
@pytest.mark.parametrize("rule", [OfficialRule, ContinuousRule])
def test_sizes_are_bounded(
    rule: type[OfficialRule | ContinuousRule], values: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        rule(**values)


def test_masks_of_all_lanes_must_fit_into_memory(tmp_path: Path) -> None:
    for folder in ("gt", "pred"):
        write(tmp_path, folder, "800 580 100 300\n" * 40)
    rule = OfficialRule((9000, 9000))
    with pytest.raises(ValueError, match="1,073,741,824 lanes times pixels"):
        score(tmp_path, rule)


def test_a_lane_file_is_no_gigabyte(tmp_path: Path) -> None:
    write(tmp_path, "gt", "800 580 810 300\n")
    write(tmp_path, "pred", "")
    path = tmp_path / "pred" / "d" / "0.lines.txt"
    os.truncate(path, 1 << 30)
    with pytest.raises(ValueError, match=r"0.lines.txt': lane files have up to"):
        score(tmp_path)


def test_a_folder_in_a_files_place_is_named(tmp_path: Path) -> None:
    write(tmp_path, "gt", "800 580 810 300\n")
    (tmp_path / "pred" / "d" / "0.lines.txt").mkdir(parents=True)
    with pytest.raises(OSError, match=r"0.lines.txt"):
        score(tmp_path)
