"""Draw docs/failures.jpg: run `python docs/draw_failures.py`.

The package's model looks at RoadScenes' test set, which is made where it is missing.
Its scores are printed, and of each category the scene is drawn in which it errs most:
the labels in white, the lanes that it found in colors.
"""

from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS

from lanedet.arrays import ByteArray, FloatArray
from lanedet.evaluation import CULaneMetric, TuSimpleMetric
from lanedet.evaluation.functional.culane import CULaneCounts, evaluate_image
from lanedet.images import read_image, write_image
from lanedet.inference import LaneInferencer
from lanedet.structures import LaneSample
from lanedet.visualization import draw_lanes

REPO = Path(__file__).resolve().parents[1]
DEFINITION = REPO / "configs/_base_/datasets/roadscenes.py"
CULANE_WIDTH = 1640
COLUMNS, GAP, CAPTION, WIDTH = 3, 4, 20, 420
QUALITY = 85


def test_samples() -> list[LaneSample]:
    """Return the test set with the lanes that the package's model finds in it."""
    config = Config.fromfile(DEFINITION)["test_dataloader"].dataset
    dataset = DATASETS.build({**config, "pipeline": []})
    samples = [dataset[n]["data_samples"] for n in range(len(dataset))]
    found = LaneInferencer().predict([sample.img_path for sample in samples])
    for sample, predicted in zip(samples, found, strict=True):
        sample.pred_lanes = predicted.pred_lanes
        sample.set_metainfo({"ori_shape": predicted.ori_shape})
    return samples


def count(sample: LaneSample) -> CULaneCounts:
    """Return what CULane's rule finds right and wrong in one image."""
    scale = CULANE_WIDTH / sample.ori_shape[1]
    pred, gt = (
        [lane * scale for lane in lanes]
        for lanes in (sample.pred_lanes, sample.gt_lanes)
    )
    return evaluate_image(pred, gt)[0]


def tile(category: str, sample: LaneSample, counts: CULaneCounts) -> ByteArray:
    """Return a scene under a caption that says what is wrong."""
    picture = read_image(sample.img_path)
    picture = draw_lanes(picture, sample.pred_lanes)
    for lane in sample.gt_lanes:
        cv2.polylines(picture, [points(lane)], False, (255, 255, 255), 2, cv2.LINE_AA)
    height = round(WIDTH * picture.shape[0] / picture.shape[1])
    picture = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
    strip = np.full((CAPTION, WIDTH, 3), 255, dtype=np.uint8)
    text = (
        f"{category}: {counts.fn} of {counts.tp + counts.fn} missed, {counts.fp} wrong"
    )
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(strip, text, (2, 14), font, 0.45, (40,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([strip, picture])


def points(lane: FloatArray) -> np.ndarray:
    """Return a lane as OpenCV wants it."""
    return np.rint(lane).astype(np.int32)


def main() -> None:
    """Score the model and draw its worst scenes."""
    samples = test_samples()
    for metric in (CULaneMetric(to_border=False), TuSimpleMetric(pixel_threshold=12.5)):
        metric.process(None, samples)
        numbers = metric.compute_metrics(metric.results)
        print("\n".join(f"{name} {value:.4f}" for name, value in numbers.items()))
    counts = [count(sample) for sample in samples]

    categories = list(dict.fromkeys(sample.category for sample in samples))
    tiles = []
    for category in categories:
        mine = [n for n, s in enumerate(samples) if s.category == category]
        worst = max(mine, key=lambda n: (-counts[n].f1, counts[n].fp + counts[n].fn))
        tiles.append(tile(category, samples[worst], counts[worst]))
    side = np.full((len(tiles[0]), GAP, 3), 255, dtype=np.uint8)
    rows = []
    for start in range(0, len(tiles), COLUMNS):
        parts = [
            part for each in tiles[start : start + COLUMNS] for part in (each, side)
        ]
        rows.append(np.concatenate(parts[:-1], axis=1))
    sheet = np.concatenate(rows)
    path = Path(__file__).parent / "failures.jpg"
    write_image(path, sheet, QUALITY)


if __name__ == "__main__":
    main()
