"""CULane's official evaluator, done plainly: a whole image is drawn for every pair.

The steps are those of https://github.com/XingangPan/SCNN, tools/lane_evaluation. Lines
of a few pixels are OpenCV's, all versions of which draw them alike; long ones are drawn
by ``paint_lane``, which has tests of its own against OpenCV 4.

It knows nothing of the fast code's bits and intervals. Tests compare with it.
"""

import math
from itertools import pairwise

import cv2
import numpy as np

from lanedet.evaluation.functional.culane.paint import paint_lane

SHAPE = (590, 1640)
WIDTH = 30
SAMPLES = 50
SAME_IN_ALL_VERSIONS = 4  # pixels


def read_lanes(text):
    """Read a lane file as a C++ stream does: up to what is no number."""
    lanes = []
    for line in text.split("\n")[: text.count("\n") + (not text.endswith("\n"))]:
        numbers = []
        for word in line.split():
            try:
                number = float(word)
            except ValueError:
                break
            if not math.isfinite(number):
                break
            numbers.append(number)
        pairs = numbers[: len(numbers) // 2 * 2]
        lanes.append(np.array(pairs).reshape(-1, 2))
    return lanes if text else []


def natural_spline(h, values):
    """Return the second derivatives of a natural spline, by elimination."""
    n = len(values)
    steps = np.diff(values).astype(np.float64)
    upper, right = [0.0] * (n - 2), [0.0] * (n - 2)
    for i in range(n - 2):
        below = h[i] if i else 0.0
        diagonal = 2 * (h[i] + h[i + 1]) - below * (upper[i - 1] if i else 0.0)
        bend = 6 * (steps[i + 1] / h[i + 1] - steps[i] / h[i])
        upper[i] = h[i + 1] / diagonal
        right[i] = (bend - below * (right[i - 1] if i else 0.0)) / diagonal
    moments = np.zeros(n)
    for i in range(n - 3, -1, -1):
        moments[i + 1] = right[i] - upper[i] * moments[i + 2] if i < n - 3 else right[i]
    return moments


def curve(lane):
    """Return the samples of a lane, (S, 2) float32."""
    points = np.asarray(lane, dtype=np.float32)
    if len(points) <= 2:
        return points
    steps = np.diff(points, axis=0).astype(np.float64)
    h = np.sqrt(steps[:, 0] ** 2 + steps[:, 1] ** 2)
    columns = []
    with np.errstate(invalid="ignore", divide="ignore"):
        for axis in range(2):
            m = natural_spline(h, points[:, axis])
            t = (h / SAMPLES)[:, None] * np.arange(SAMPLES)
            a = points[:-1, axis].astype(np.float64)[:, None]
            slope = steps[:, axis] / h - (2 * h * m[:-1] + h * m[1:]) / 6
            cubic = (m[1:] - m[:-1]) / (6 * h)
            bent = a + slope[:, None] * t + (m[:-1] / 2)[:, None] * (t * t)
            samples = bent + cubic[:, None] * (t * t * t)
            columns.append(np.append(samples.ravel(), points[-1, axis]))
    return np.stack(columns, axis=1).astype(np.float32)


def pixel(value):
    """Round half to even; what does not fit in 32 bits becomes the least integer."""
    return round(float(value)) if abs(value) < 2**31 else -(2**31)


def paint_line(shape, start, end, width):
    """Return an image with a thick line as OpenCV 4 paints it, (H, W) of 0 and 1."""
    return unpacked(paint_lane(np.array([start, end], np.int32), shape, width), shape)


def unpacked(mask, shape):
    """Return the image of a mask of bits, (H, W) of 0 and 1."""
    bits = np.unpackbits(mask.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    return bits[:, : shape[1]]


def draw(lane):
    """Return the image of a lane, (H, W) of 0 and 1."""
    image = np.zeros(SHAPE, np.uint8)
    samples = [(pixel(x), pixel(y)) for x, y in curve(lane)]
    for start, end in pairwise(samples):
        length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
        if length <= SAME_IN_ALL_VERSIONS and max(map(abs, start)) < 2**15:
            cv2.line(image, start, end, 1, WIDTH)
        else:
            image |= paint_line(SHAPE, start, end, WIDTH)
    return image


def similarity(lane1, lane2):
    """Return the overlap of two lanes. NaN if neither is in the image."""
    if len(lane1) < 2 or len(lane2) < 2:
        return 0.0
    image1, image2 = draw(lane1), draw(lane2)
    shared = int((image1 * image2).sum())
    either = int(image1.sum()) + int(image2.sum()) - shared
    return shared / either if either else math.nan


def match(table):  # noqa: C901  (as the official program has it, in one piece)
    """Return the column of each row by Kuhn and Munkres, edges tight within 0.01."""
    num_u, num_v = len(table), len(table[0])
    if num_u > num_v:
        columns = match([list(column) for column in zip(*table, strict=True)])
        return [columns.index(u) if u in columns else -1 for u in range(num_u)]
    v_price, owner = [0.0] * num_v, [-1] * num_v
    u_price = [max([-1e5, *(g for g in row if g == g)]) for row in table]

    def augment(u, seen_u, seen_v):
        seen_u.add(u)
        for v in range(num_v):
            if v in seen_v or not abs(u_price[u] + v_price[v] - table[u][v]) < 1e-2:
                continue
            seen_v.add(v)
            if owner[v] == -1 or augment(owner[v], seen_u, seen_v):
                owner[v] = u
                return True
        return False

    for u in range(num_u):
        while True:
            seen_u, seen_v = set(), set()
            if augment(u, seen_u, seen_v):
                break
            slacks = [
                u_price[i] + v_price[j] - table[i][j]
                for i in seen_u
                for j in set(range(num_v)) - seen_v
            ]
            least = min((slack for slack in slacks if slack < 1e10), default=None)
            if least is None:
                return [owner.index(i) if i in owner else -1 for i in range(num_u)]
            for i in seen_u:
                u_price[i] -= least
            for j in seen_v:
                v_price[j] += least
    return [owner.index(i) if i in owner else -1 for i in range(num_u)]


def count(pred_lanes, gt_lanes, threshold=0.5):
    """Return tp, fp and fn of an image."""
    tp = 0
    if len(pred_lanes) and len(gt_lanes):
        table = [[similarity(gt, pred) for pred in pred_lanes] for gt in gt_lanes]
        for row, column in zip(table, match(table), strict=True):
            tp += column >= 0 and row[column] > threshold
    return tp, len(pred_lanes) - tp, len(gt_lanes) - tp
