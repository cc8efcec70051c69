"""Draw docs/scenes_*.jpg: run `python docs/draw_scenes.py`."""

from pathlib import Path

import cv2
import numpy as np

from lanedet.arrays import ByteArray
from lanedet.images import write_image
from lanedet.simulation import make_scene
from lanedet.simulation.sampling.categories import CATEGORIES
from lanedet.visualization import draw_lanes

SHEETS = {
    "roads": ("highway", "normal", "crowded", "no_line"),
    "shapes": ("curve", "arrow", "crossroad", "road_works"),
    "light": ("shadow", "dazzle", "night", "tunnel"),
    "weather": ("rain", "wet_road", "fog", "snow_edge"),
}
SEED = 2026
NUM = 4  # scenes of each category; on the last one the labels are drawn
SHAPE = (180, 320)
DRAWN_SHAPE = (360, 640)
GAP = 4
CAPTION = 22
QUALITY = 82


def row(category: str) -> ByteArray:
    """Return a caption above some scenes of a category."""
    width = NUM * SHAPE[1] + (NUM - 1) * GAP
    picture = np.full((CAPTION + SHAPE[0], width, 3), 255, dtype=np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(picture, category, (2, 16), font, 0.5, (40,) * 3, 1, cv2.LINE_AA)
    for number in range(NUM):
        index = list(CATEGORIES).index(category) * NUM + number
        image, sample = make_scene(SEED, index, DRAWN_SHAPE, category)
        if number == NUM - 1:
            image = draw_lanes(image, sample.gt_lanes)
        left = number * (SHAPE[1] + GAP)
        small = cv2.resize(image, SHAPE[::-1], interpolation=cv2.INTER_AREA)
        picture[CAPTION:, left : left + SHAPE[1]] = small
    return picture


def main() -> None:
    """Draw every category."""
    drawn = [category for categories in SHEETS.values() for category in categories]
    if sorted(drawn) != sorted(CATEGORIES):
        raise SystemExit("SHEETS must name every category once; mend it first.")
    for name, categories in SHEETS.items():
        sheet = np.concatenate([row(category) for category in categories])
        path = Path(__file__).parent / f"scenes_{name}.jpg"
        write_image(path, sheet, QUALITY)


if __name__ == "__main__":
    main()
