"""TuSimple's official evaluator, done plainly: lane by lane and point by point.

The steps are those of https://github.com/TuSimple/tusimple-benchmark, evaluate/lane.py.
Its linear regression is the closed form of least squares here. Tests compare with it.
"""

import json
import math

import numpy as np


def angle(xs, rows):
    """Return a lane's lean against the vertical, in radians."""
    points = [(x, y) for x, y in zip(xs, rows, strict=True) if x >= 0]
    if len(points) < 2:
        return 0.0
    (slope, _), *_ = np.linalg.lstsq(
        np.array([(y, 1.0) for _, y in points]),
        np.array([x for x, _ in points]),
        rcond=None,
    )
    return math.atan(slope)


def line_accuracy(pred, gt, threshold):
    """Return the share of rows on which two lanes agree."""
    pred = np.array([x if x >= 0 else -100 for x in pred])
    gt = np.array([x if x >= 0 else -100 for x in gt])
    return np.sum(np.where(np.abs(pred - gt) < threshold, 1.0, 0.0)) / len(gt)


def bench(pred, gt, rows, run_time):
    """Return accuracy, FP and FN of an image."""
    if run_time > 200 or len(gt) + 2 < len(pred):
        return 0.0, 0.0, 1.0
    best = []
    for xs in gt:
        threshold = 20 / math.cos(angle(xs, rows))
        best.append(max((line_accuracy(p, xs, threshold) for p in pred), default=0.0))
    matched = sum(accuracy >= 0.85 for accuracy in best)
    missed, total = len(gt) - matched, sum(best)
    if len(gt) > 4:
        missed = max(missed - 1, 0)
        total -= min(best)
    counted = max(min(4, len(gt)), 1)
    fp = (len(pred) - matched) / len(pred) if pred else 0.0
    return total / counted, fp, missed / counted


def evaluate(pred_file, gt_file):
    """Return accuracy, FP and FN of a submission."""
    with gt_file.open() as lines:
        labels = {label["raw_file"]: label for label in map(json.loads, lines)}
    sums = np.zeros(3)
    with pred_file.open() as lines:
        for pred in map(json.loads, lines):
            gt = labels[pred["raw_file"]]
            sums += bench(pred["lanes"], gt["lanes"], gt["h_samples"], pred["run_time"])
    return tuple(sums / len(labels))
