"""The benchmarks' metrics beside plain re-implementations of the official programs.

Label and prediction files are generated in the forms of CULane and TuSimple and scored
with file reading included. The plain programs are those that the tests compare with,
tests/oracles in a checkout. Both must give the same counts, or there is no report.
"""

import argparse
import importlib.util
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import NamedTuple

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

_ORACLES = Path(__file__).resolve().parents[2] / "tests" / "oracles"
_BEYOND = 100  # pixels that lanes go on beyond the sides of an image


class _Case(NamedTuple):
    """A benchmark to measure: what to run on how many images."""

    name: str
    fast: Callable[[int], tuple[float, ...]]
    plain: Callable[[int], tuple[float, ...]]
    num_plain: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument("--images", type=int, default=2000, help="default: 2000")
    parser.add_argument(
        "--plain-images",
        type=int,
        default=20,
        help="images for the plain CULane program, which is slow (default: 20)",
    )
    parser.add_argument(
        "--workers", type=int, help="threads for CULane (default: one per core)"
    )
    parser.add_argument(
        "--oracles",
        type=Path,
        default=_ORACLES,
        help="folder of the plain programs (default: that of this checkout)",
    )
    add_common_arguments(parser, rounds=5)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If the plain programs are not there.
        ValueError: If a number is out of its range, or the programs disagree.
    """
    if not 1 <= args.plain_images <= args.images:
        raise ValueError(
            f"--plain-images must lie in [1, {args.images}], got {args.plain_images}."
        )
    workers = args.workers or num_usable_cores()
    rows, report = [], {}
    with TemporaryDirectory() as folder:
        for case in (
            _culane_case(Path(folder), args, workers),
            _tusimple_case(Path(folder), args),
        ):
            found, expected = case.fast(case.num_plain), case.plain(case.num_plain)
            if not np.allclose(found, expected, rtol=0, atol=1e-9):
                raise ValueError(
                    f"{case.name}: the plain program must find the same as the fast "
                    f"one, {found}, but found {expected}."
                )
            timings = time_in_turns(
                {
                    "fast": partial(case.fast, args.images),
                    "plain": partial(case.plain, case.num_plain),
                },
                args.rounds,
            )
            fast = timings["fast"].per(args.images)
            plain = timings["plain"].per(case.num_plain)
            rows.append(
                [
                    case.name,
                    f"{1 / fast.median_s:.0f}",
                    f"{fast.median_s * 1e3:.4f} ({fast.min_s * 1e3:.4f})",
                    f"{plain.median_s * 1e3:.2f} ({plain.min_s * 1e3:.2f})",
                    f"{plain.median_s / fast.median_s:.0f}",
                ]
            )
            report[case.name] = {"fast": fast._asdict(), "plain": plain._asdict()}
    print(f"{args.images} images, {workers} threads for CULane; {hardware_line()}")
    header = ["benchmark", "images/s", "ms/image", "plain program", "ratio"]
    print(format_table(header, rows))
    write_json(args.json, {"images": args.images, "s_per_image": report})


def _culane_case(folder: Path, args: argparse.Namespace, workers: int) -> _Case:
    oracle = _load(args.oracles / "culane.py")
    rng = np.random.default_rng(0)
    names = [f"driver_0/{n // 500}.MP4/{n:05d}.jpg" for n in range(args.images)]
    roots = folder / "pred", folder / "anno"
    for name in names:
        gt = _lanes(rng, np.arange(590.0, rng.integers(270, 340), -10.0))
        pred = [lane[1::2] + rng.normal(0, 6, 2) for lane in gt if rng.random() < 0.9]
        for root, lanes in zip(roots, (pred, gt), strict=True):
            path = culane_label_path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(format_culane_lanes(lanes))

    def fast(number: int) -> tuple[float, ...]:
        report = evaluate_culane(
            *roots,
            names[:number],
            thresholds=[0.5],
            num_workers=workers,
            show_progress=False,
        )
        return tuple(report.counts[0])

    def plain(number: int) -> tuple[float, ...]:
        counts = np.zeros(3)
        for name in names[:number]:
            texts = [culane_label_path(root, name).read_text() for root in roots]
            counts += oracle.count(*(oracle.read_lanes(text) for text in texts))
        return tuple(counts)

    return _Case("culane", fast, plain, args.plain_images)


def _tusimple_case(folder: Path, args: argparse.Namespace) -> _Case:
    oracle = _load(args.oracles / "tusimple.py")
    rng = np.random.default_rng(0)
    rows = tusimple_rows(TUSIMPLE_SHAPE[0])
    gt_lines, pred_lines = [], []
    for number in range(args.images):
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
    files: dict[int, tuple[Path, Path]] = {}

    def files_of(number: int) -> tuple[Path, Path]:
        if number not in files:
            pair = folder / f"pred{number}.json", folder / f"gt{number}.json"
            for path, lines in zip(pair, (pred_lines, gt_lines), strict=True):
                path.write_text("\n".join(lines[:number]) + "\n")
            files[number] = pair
        return files[number]

    def fast(number: int) -> tuple[float, ...]:
        pred, gt = (read_tusimple_lines(path) for path in files_of(number))
        return tuple(evaluate_submission(pred, gt))

    def plain(number: int) -> tuple[float, ...]:
        return tuple(oracle.evaluate(*files_of(number)))

    return _Case("tusimple", fast, plain, min(args.images, 10 * args.plain_images))


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


def _load(path: Path) -> ModuleType:
    """Load a plain program by its path: tests are no package."""
    spec = importlib.util.spec_from_file_location(f"oracle_{path.stem}", path)
    if not path.is_file() or spec is None or spec.loader is None:
        raise FileNotFoundError(
            f"There is no plain program at '{path}'. It comes with a checkout, not "
            "with the installed package: run this from a checkout, or set --oracles."
        )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
