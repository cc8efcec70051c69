"""Draw docs/bdd100k_pairing.png: run `python docs/draw_bdd100k_pairing.py`."""

from pathlib import Path

import cv2
import numpy as np

from lanedet.formats.bdd100k_curves import LaneMark, centre_lines, flatten_curve
from lanedet.images import write_image
from lanedet.ops import draw_polyline

SIZE = (340, 460)  # (H, W) of one panel
EDGE = (60, 120, 220)
OTHER_KIND = (225, 140, 30)
CENTRE = (200, 30, 60)
FAINT = (190, 205, 230)
TEXT = (40, 40, 40)


def mark(number: int, points: list[list[float]], types: str, category: str) -> LaneMark:
    """Return a label of the picture."""
    curve = flatten_curve(np.array(points, dtype=np.float64), types)
    return LaneMark(curve, category, "solid", "parallel", number)


MARKS = [
    mark(11, [[40, 320], [60, 230], [100, 120], [170, 50]], "LCCL", "single white"),
    mark(12, [[182, 50], [118, 126], [86, 236], [70, 320]], "LCCL", "single white"),
    mark(13, [[205, 320], [215, 50]], "LL", "double yellow"),
    mark(14, [[238, 320], [227, 50]], "LL", "double yellow"),
    mark(15, [[300, 320], [248, 50]], "LL", "single white"),
    mark(20, [[400, 320], [268, 50]], "LL", "road curb"),
    mark(21, [[425, 320], [278, 50]], "LL", "road curb"),
]


def panel(title: str) -> np.ndarray:
    """Return a white picture with a title."""
    picture = np.full((*SIZE, 3), 255, dtype=np.uint8)
    write(picture, title, (10, 22), 0.5)
    return picture


def write(picture: np.ndarray, text: str, at: tuple[int, int], scale: float) -> None:
    """Write a line of text."""
    cv2.putText(
        picture, text, at, cv2.FONT_HERSHEY_SIMPLEX, scale, TEXT, 1, cv2.LINE_AA
    )


def arrow(picture: np.ndarray, points: np.ndarray, color: tuple[int, ...]) -> None:
    """Draw a head in the middle of a polyline, pointing along it."""
    middle = len(points) // 2
    start, end = points[middle - 1], points[middle]
    if len(points) == 2:
        end = (start + end) / 2
    step = (end - start) / np.hypot(*(end - start))
    side = np.array([-step[1], step[0]])
    corners = np.array(
        [end + 7 * step, end - 5 * step + 5 * side, end - 5 * step - 5 * side]
    )
    cv2.fillPoly(picture, [np.rint(corners).astype(np.int32)], color, cv2.LINE_AA)


def labels() -> np.ndarray:
    """Draw what a label file holds."""
    picture = panel("labels: both edges, numbered, in either direction")
    for each in MARKS:
        color = EDGE if each.category == "single white" else OTHER_KIND
        draw_polyline(picture, each.points, color, 2, cv2.LINE_AA)
        arrow(picture, each.points, color)
        low = each.points[np.argmax(each.points[:, 1])]
        write(picture, str(each.number), (int(low[0]) - 9, 335), 0.38)
    return picture


def lanes() -> np.ndarray:
    """Draw what the reader makes of it."""
    picture = panel("lanes: pairs become one line, the rest stays")
    for each in MARKS:
        draw_polyline(picture, each.points, FAINT, 1, cv2.LINE_AA)
    named = ["11 + 12", "13 + 14", "15", "20", "21"]
    for name, lane in zip(named, centre_lines(MARKS), strict=True):
        draw_polyline(picture, lane, CENTRE, 3, cv2.LINE_AA)
        low = lane[np.argmax(lane[:, 1])]
        write(picture, name, (int(low[0]) - 5 * len(name), 335), 0.38)
    return picture


def main() -> None:
    """Write the picture beside this file."""
    rule = np.full((SIZE[0], 2, 3), 200, dtype=np.uint8)
    picture = np.hstack([labels(), rule, lanes()])
    path = Path(__file__).with_name("bdd100k_pairing.png")
    write_image(path, picture)


if __name__ == "__main__":
    main()
