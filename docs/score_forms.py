"""What a perfect network would score with each head: run `python docs/score_forms.py`.

Labels go into the form that a head learns and come back through its decoder, and are
scored by CULane's rule: those of RoadScenes' validation scenes, and of 300 bends of a
collection of their own, which are drawn where they are missing.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets import RoadScenesDataset
from lanedet.evaluation import CULaneMetric
from lanedet.ops import (
    LaneDecoder,
    StretchView,
    ViewTransform,
    assign_slots,
    decode_line,
    encode_lines,
    rasterize_lanes,
)
from lanedet.simulation.export.scene_files import BENCHMARK_SEEDS
from lanedet.structures import LaneSample

SHAPE = (288, 800)
COLLECTIONS = {  # where, split, seed, category, number of scenes
    "mixed": ("data/roadscenes-3", "val", BENCHMARK_SEEDS["val"], "culane", 500),
    "bends": ("data/bends", "test", 777_001, "curve", 300),
}
Lanes = list[FloatArray]


def labelled_samples(
    data_root: str, split: str, seed: int, category: str, num: int
) -> list[LaneSample]:
    """Return scenes with their labels, as the files have them."""
    dataset = RoadScenesDataset(
        data_root=data_root,
        split=split,
        seed=seed,
        num_scenes=num,
        shape=SHAPE,
        category=category,
        pipeline=[],
    )
    return [dataset[i]["data_samples"] for i in range(num)]


def through_lines(lanes: Lanes, view: ViewTransform, num_rows: int) -> Lanes:
    """Return what a perfect line head would say."""
    shape = view.input_shape
    lines = encode_lines([view.to_input(lane) for lane in lanes], shape, num_rows)
    decoded = [decode_line(line, shape) for line in lines]
    return [view.to_original(points) for points in decoded if len(points) >= 2]


def through_classes(
    lanes: Lanes, view: ViewTransform, num_slots: int, width: float, decode: LaneDecoder
) -> Lanes:
    """Return what a perfect segmentation head would say."""
    in_input = [view.to_input(lane) for lane in lanes]
    slots = assign_slots(in_input, num_slots)
    class_map = rasterize_lanes(in_input, slots, view.input_shape, width)
    probs = np.stack([class_map == slot + 1 for slot in range(num_slots)])
    existence = probs.any(axis=(1, 2)).astype(np.float32)
    found = decode(probs.astype(np.float32), existence, view)
    return [lane.points for lane in found]


def score(labelled: Sequence[LaneSample], predict: Callable[[Lanes], Lanes]) -> str:
    """Return F1 at 0.5, at 0.75 and mF1, in percent."""
    metric = CULaneMetric()
    for each in labelled:
        sample = each.clone()
        sample.set_metainfo({"ori_shape": SHAPE})
        sample.pred_lanes = predict(each.gt_lanes)
        metric.process(None, [sample])
    numbers = metric.compute_metrics(metric.results)
    return " / ".join(f"{100 * numbers[key]:.1f}" for key in ("f1", "f1_75", "mf1"))


def main() -> None:
    """Print a line for each collection and form."""
    large, small = (StretchView(shape)(SHAPE) for shape in (SHAPE, (64, 176)))
    decoders = {
        large: (8, LaneDecoder()),
        small: (3, LaneDecoder(smoothing=3, row_step=1)),
    }
    for name, collection in COLLECTIONS.items():
        labelled = labelled_samples(*collection)
        lanes = sum(len(each.gt_lanes) for each in labelled)
        print(f"{name}: {len(labelled)} scenes, {lanes} lanes")
        print("  labels", score(labelled, lambda lanes: lanes))
        for view, num_rows in ((large, 72), (small, 36)):
            size = "x".join(map(str, view.input_shape))
            as_lines = partial(through_lines, view=view, num_rows=num_rows)
            print(f"  {num_rows} rows, {size}", score(labelled, as_lines))
            width, decode = decoders[view]
            for num_slots in (4, 6):
                as_classes = partial(
                    through_classes,
                    view=view,
                    num_slots=num_slots,
                    width=width,
                    decode=decode,
                )
                print(f"  {num_slots} slots, {size}", score(labelled, as_classes))


if __name__ == "__main__":
    main()
