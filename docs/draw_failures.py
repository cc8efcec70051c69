"""Draw docs/failures.jpg: run `python docs/draw_failures.py TREE`.

The package's model looks at RoadScenes' test set, which is made where it is missing.
Its scores are printed, and of each category the scene is drawn in which it errs most:
the labels in white, the lanes that it found in colors. Below are the real frames in
which it errs most, of TREE, a TuSimple tree with frames that no training has seen.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np
from mmengine.config import Config
from mmengine.registry import DATASETS

from lanedet.arrays import ByteArray, FloatArray
from lanedet.datasets import LaneDataset, TuSimpleDataset
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


def predicted(dataset: LaneDataset) -> list[LaneSample]:
    """Return the samples of a data set with what the package's model finds."""
    samples = [dataset.results_of(n)["data_samples"] for n in range(len(dataset))]
    found = LaneInferencer().predict([sample.img_path for sample in samples])
    for sample, image in zip(samples, found, strict=True):
        sample.pred_lanes = image.pred_lanes
        sample.set_metainfo({"ori_shape": image.ori_shape})
    return samples


def count(sample: LaneSample) -> CULaneCounts:
    """Return what CULane's rule finds right and wrong in one image."""
    scale = CULANE_WIDTH / sample.ori_shape[1]
    pred, gt = (
        [lane * scale for lane in lanes]
        for lanes in (sample.pred_lanes, sample.gt_lanes)
    )
    return evaluate_image(pred, gt)[0]


def tile(caption: str, sample: LaneSample) -> ByteArray:
    """Return a scene under a caption that says what is wrong."""
    picture = read_image(sample.img_path)
    picture = draw_lanes(picture, sample.pred_lanes)
    thickness = max(2, picture.shape[1] // 400)
    for lane in sample.gt_lanes:
        cv2.polylines(
            picture, [points(lane)], False, (255, 255, 255), thickness, cv2.LINE_AA
        )
    height = round(WIDTH * picture.shape[0] / picture.shape[1])
    picture = cv2.resize(picture, (WIDTH, height), interpolation=cv2.INTER_AREA)
    strip = np.full((CAPTION, WIDTH, 3), 255, dtype=np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(strip, caption, (2, 14), font, 0.45, (40,) * 3, 1, cv2.LINE_AA)
    return np.concatenate([strip, picture])


def points(lane: FloatArray) -> np.ndarray:
    """Return a lane as OpenCV wants it."""
    return np.rint(lane).astype(np.int32)


def worst_scenes() -> list[ByteArray]:
    """Score the model on RoadScenes' test set and draw each category's worst scene."""
    config = Config.fromfile(DEFINITION)["test_dataloader"].dataset
    samples = predicted(DATASETS.build({**config, "pipeline": []}))
    for metric in (CULaneMetric(to_border=False), TuSimpleMetric(pixel_threshold=12.5)):
        metric.process(None, samples)
        numbers = metric.compute_metrics(metric.results)
        print("\n".join(f"{name} {value:.4f}" for name, value in numbers.items()))
    counts = [count(sample) for sample in samples]
    tiles = []
    for category in dict.fromkeys(sample.category for sample in samples):
        mine = [n for n, s in enumerate(samples) if s.category == category]
        worst = max(mine, key=lambda n: (-counts[n].f1, counts[n].fp + counts[n].fn))
        tp, fp, fn = counts[worst]
        caption = f"{category}: {fn} of {tp + fn} missed, {fp} wrong"
        tiles.append(tile(caption, samples[worst]))
    return tiles


def worst_frames(tree: Path) -> list[ByteArray]:
    """Draw the worst frames of a TuSimple tree, one of each drive."""
    dataset = TuSimpleDataset(
        data_root=str(tree), ann_files="test_label.json", pipeline=[]
    )
    worst: dict[str, tuple[float, ByteArray]] = {}
    for sample in predicted(dataset):
        metric = TuSimpleMetric()
        metric.process(None, [sample])
        accuracy = metric.compute_metrics(metric.results)["accuracy"]
        drive = sample.raw_file.split("/")[1]
        if accuracy < worst.get(drive, (1.0, None))[0]:
            caption = f"TuSimple, {drive}: accuracy {accuracy:.2f}"
            worst[drive] = accuracy, tile(caption, sample)
    return [picture for _, picture in sorted(worst.values(), key=lambda pair: pair[0])]


def main() -> None:
    """Score the model and draw its worst scenes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, metavar="TREE")
    tiles = worst_scenes() + worst_frames(parser.parse_args().tree)[:COLUMNS]
    rows = []
    for start in range(0, len(tiles), COLUMNS):
        several = tiles[start : start + COLUMNS]
        side = np.full((len(several[0]), GAP, 3), 255, dtype=np.uint8)
        parts = [part for each in several for part in (each, side)]
        rows.append(np.concatenate(parts[:-1], axis=1))
    path = Path(__file__).parent / "failures.jpg"
    write_image(path, np.concatenate(rows), QUALITY)


if __name__ == "__main__":
    main()
