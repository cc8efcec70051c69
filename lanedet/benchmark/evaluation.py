"""How fast the benchmarks' metrics score.

Label and prediction files are generated in the forms of CULane and TuSimple and scored
with file reading included.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.benchmark.timing import (
    add_common_arguments,
    format_table,
    hardware_line,
    time_in_turns,
    write_json,
)
from lanedet.evaluation import evaluate_culane
from lanedet.evaluation.functional.tusimple import evaluate_submission
from lanedet.formats import (
    CULANE_SHAPE,
    TUSIMPLE_SHAPE,
    TuSimpleLine,
    culane_label_path,
    format_culane_lanes,
    format_tusimple_line,
    read_tusimple_lines,
    sample_tusimple_lanes,
    tusimple_prediction,
    tusimple_rows,
)
from lanedet.runtime import num_usable_cores

_BEYOND = 100  # pixels that lanes go on beyond the sides of an image


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--images", type=int, default=2000, help="default: 2000")
    parser.add_argument(
        "--workers", type=int, help="threads for CULane (default: one per core)"
    )
    add_common_arguments(parser, rounds=5)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        ValueError: If a number is out of its range.
    """
    if args.images < 1:
        raise ValueError(f"--images must be at least 1, got {args.images}.")
    workers = args.workers or num_usable_cores()
    with TemporaryDirectory() as name:
        folder = Path(name)
        names = _write_culane_files(folder, args.images)
        _write_tusimple_files(folder, args.images)
        subjects = {
            "culane": partial(_score_culane, folder, names, workers),
            "tusimple": partial(_score_tusimple, folder),
        }
        timings = time_in_turns(subjects, args.rounds)
    rows, report = [], {}
    for name, timing in timings.items():
        image = timing.per(args.images)
        times = f"{image.median_s * 1e3:.4f} ({image.min_s * 1e3:.4f})"
        rows.append([name, f"{1 / image.median_s:.0f}", times])
        report[name] = image._asdict()
    print(f"{args.images} images, {workers} threads for CULane; {hardware_line()}")
    print(format_table(["benchmark", "images/s", "ms/image"], rows))
    write_json(args.json, {"images": args.images, "s_per_image": report})


def _write_culane_files(folder: Path, num_images: int) -> list[str]:
    """Write labels and predictions; return the names of the images."""
    rng = np.random.default_rng(0)
    names = [f"driver_0/{n // 500}.MP4/{n:05d}.jpg" for n in range(num_images)]
    for name in names:
        gt = _lanes(rng, np.arange(590.0, rng.integers(270, 340), -10.0))
        pred = [lane[1::2] + rng.normal(0, 6, 2) for lane in gt if rng.random() < 0.9]
        for root, lanes in (("pred", pred), ("gt", gt)):
            path = culane_label_path(folder / root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(format_culane_lanes(lanes))
    return names


def _score_culane(folder: Path, names: Sequence[str], workers: int) -> None:
    evaluate_culane(
        folder / "pred",
        folder / "gt",
        names,
        thresholds=[0.5],
        num_workers=workers,
        show_progress=False,
    )


def _write_tusimple_files(folder: Path, num_images: int) -> None:
    rng = np.random.default_rng(0)
    rows = tusimple_rows(TUSIMPLE_SHAPE[0])
    gt_lines, pred_lines = [], []
    for number in range(num_images):
        name = f"clips/0/{number}/20.jpg"
        gt = _lanes(rng, rows[::-1])
        pred = [
            lane + np.array([rng.normal(0, 12), 0.0])
            for lane in gt
            if rng.random() < 0.9
        ]
        label = TuSimpleLine(name, sample_tusimple_lanes(gt, rows), rows, None)
        gt_lines.append(format_tusimple_line(label))
        submitted = tusimple_prediction(name, pred, rows, TUSIMPLE_SHAPE[1], 10.0)
        pred_lines.append(format_tusimple_line(submitted))
    for name, lines in (("pred.json", pred_lines), ("gt.json", gt_lines)):
        (folder / name).write_text("\n".join(lines) + "\n")


def _score_tusimple(folder: Path) -> None:
    pred, gt = (read_tusimple_lines(folder / name) for name in ("pred.json", "gt.json"))
    evaluate_submission(pred, gt)


def _lanes(rng: np.random.Generator, rows: FloatArray) -> list[FloatArray]:
    """Return up to four lanes that meet near the top of the image."""
    away = (rows[0] - rows) / (rows[0] - 200)
    vanishing = rng.uniform(600, 1000)
    lanes = []
    for bottom in (-300.0, 400.0, 1100.0, 1900.0)[: rng.integers(2, 5)]:
        start, bend = bottom + rng.normal(0, 80), rng.normal(0, 60)
        xs = start + (vanishing - start) * away + bend * away**2
        seen = (xs > -_BEYOND) & (xs < CULANE_SHAPE[1] + _BEYOND)
        lanes.append(np.stack([xs, rows], axis=1)[seen])
    return lanes
