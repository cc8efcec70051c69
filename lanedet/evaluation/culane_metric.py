"""CULane's benchmark as a metric of mmengine's evaluator."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric

from lanedet.evaluation.culane_folders import CULaneReport
from lanedet.evaluation.functional.culane import (
    RULES,
    THRESHOLDS,
    CULaneCounts,
    checked_thresholds,
)
from lanedet.evaluation.label_pixels import in_label_pixels
from lanedet.files import replace_file
from lanedet.formats import (
    CULANE_SHAPE,
    culane_label_path,
    culane_prediction,
    culane_rows,
)
from lanedet.formats.culane import CULANE_ROW_STEP, parse_culane_lane
from lanedet.ops import is_beyond_rows
from lanedet.structures import LaneSample

_NEEDED = ("pred_lanes", "gt_lanes", "raw_file")


@dataclass(frozen=True)
class _Record:
    """What is kept of one image."""

    # Not a NamedTuple: mmengine rebuilds tuples in the results as plain ones.

    counts: list[list[int]]
    """Tp, fp and fn at each threshold."""

    category: str | None


class CULaneMetric(BaseMetric):
    """Score predicted lanes by the rules of the CULane benchmark.

    Predictions are scored as their files would be: continued to the border, as the
    benchmark's labels are, on rows of the image, to a thousandth of a pixel, without
    lanes that cross fewer than two rows.

    It reports ``tp``, ``fp``, ``fn``, ``precision``, ``recall`` and ``f1`` at an
    overlap of 0.5, ``f1_75`` at 0.75 and ``mf1``, the mean F1 from 0.5 to 0.95. Where
    samples name their ``category``, the first six follow for each, as in
    ``f1_night``, and for the crossroads, which have no labels, ``fp_cross`` alone.
    It reads of each sample ``pred_lanes``, ``gt_lanes`` and ``raw_file`` and, where it
    is not that of the benchmark, ``ori_shape``; and where labels were made for another
    size than the image's, ``label_shape``: then files hold pixels of that size.

    Args:
        rule: How to decide, ``"official"`` or ``"continuous"`` (see
            ``lanedet.evaluation.functional.culane``). The numbers of another rule than
            the official one have its name in their prefix: ``culane_continuous/f1``.
        shape: (H, W) at which lanes are drawn and compared, in pixels. Lanes of an
            image of another size are scaled to it.
        lane_width: Width at which lanes are compared, in pixels at that shape. The
            benchmark's 30 is made for images 1640 pixels wide.
        row_step: Distance of the rows on which predictions are written, in pixels at
            that shape, counted from the lowest row. SCNN's program takes every 20th;
            the labels have every 10th.
        to_border: Whether predicted lanes are continued straight to the lower edge or
            a side of the image. CULane's labels run through the bonnet to the edge,
            where a network that knows what it sees finds no line. Leave it out where
            labels end with what is seen, as in generated scenes.
        out_dir: Folder to write the prediction files to, one per image. None writes
            nothing.
        collect_device: As of ``BaseMetric``.
        prefix: As of ``BaseMetric``.
        collect_dir: As of ``BaseMetric``.

    Raises:
        ValueError: If a value is out of range.
    """

    default_prefix = "culane"

    def __init__(
        self,
        rule: str = "official",
        shape: tuple[int, int] = CULANE_SHAPE,
        lane_width: int = 30,
        row_step: int = CULANE_ROW_STEP,
        to_border: bool = True,
        out_dir: Path | str | None = None,
        **options: Any,
    ) -> None:
        if rule not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, got {rule!r}.")
        if rule != "official" and options.get("prefix") is None:
            # Published results are not by this rule: none may stand beside it.
            options["prefix"] = f"{self.default_prefix}_{rule}"
        super().__init__(**options)
        if row_step < 1:
            raise ValueError(f"row_step must be at least 1, got {row_step}.")
        height, width = shape  # a list in configs that come from a file
        self.rule = RULES[rule]((height, width), lane_width)
        self.shape = (height, width)
        self.row_step = row_step
        self.to_border = to_border
        self.out_dir = None if out_dir is None else Path(out_dir)

    def process(self, data_batch: Any, data_samples: Sequence[LaneSample]) -> None:
        """Keep one record per image, and write its file.

        Args:
            data_batch: Not used.
            data_samples: Samples with predictions.

        Raises:
            ValueError: If a sample lacks something that the metric reads.
        """
        thresholds = checked_thresholds(THRESHOLDS)
        for sample in data_samples:
            _check(sample, self.shape)
            ori_shape = tuple(sample.get("ori_shape", self.shape))
            shape = tuple(sample.get("label_shape", ori_shape))
            gt_lanes = in_label_pixels(sample.gt_lanes, ori_shape, shape)
            lanes = in_label_pixels(sample.pred_lanes, ori_shape, shape)
            rows = culane_rows(shape[0], self.row_step, self.shape[0])
            text = culane_prediction(lanes, shape, rows, to_border=self.to_border)
            # Back from the text, to the bit that a reader of the file would get.
            written = [parse_culane_lane(line) for line in text.splitlines()]
            rule = replace(self.rule, image_shape=shape)
            counts = rule.count(written, gt_lanes, thresholds)
            self.results.append(_Record(counts.tolist(), sample.get("category")))
            if self.out_dir is not None:
                path = culane_label_path(self.out_dir, sample.raw_file)
                path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, text)

    def compute_metrics(self, results: Sequence[_Record]) -> dict[str, float]:
        """Return the benchmark's numbers over all images.

        Args:
            results: One record per image.

        Raises:
            ValueError: If there is no record.
        """
        if not results:
            raise ValueError("At least one image must be scored, got none.")
        report = CULaneReport(THRESHOLDS, _sums(results), {}, num_images=len(results))
        named = {each.category for each in results if each.category is not None}
        for category in sorted(named):
            part = [record for record in results if record.category == category]
            report.categories[category] = _sums(part)[THRESHOLDS.index(0.5)]
        return {name: float(number) for name, number in report.metrics().items()}


def _check(sample: LaneSample, shape: tuple[int, int]) -> None:
    missing = [name for name in _NEEDED if name not in sample]
    if missing:
        raise ValueError(
            f"CULaneMetric needs {', '.join(missing)} in every sample, got "
            f"{sorted(sample.keys())}. Let the dataset keep them through its pipeline."
        )
    if "ori_shape" in sample:
        return
    for lane in (*sample.gt_lanes, *sample.pred_lanes):
        if is_beyond_rows(lane[:, 1], shape).any():
            raise ValueError(
                f"Lanes of {sample.raw_file!r} lie outside of an image of the "
                f"metric's shape {shape}, got y = {lane[:, 1].max():.6g}. Keep "
                "ori_shape in the sample: it says how large the image is."
            )


def _sums(results: Sequence[_Record]) -> list[CULaneCounts]:
    sums = np.sum([record.counts for record in results], axis=0).tolist()
    return [CULaneCounts(*each) for each in sums]
