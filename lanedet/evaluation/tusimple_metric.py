"""TuSimple's benchmark as a metric of mmengine's evaluator."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import print_log

from lanedet.arrays import FloatArray
from lanedet.evaluation.functional.tusimple import (
    MAX_LABELS,
    TuSimpleRules,
    evaluate_image,
    f1_of_rates,
    lane_tolerances,
    mean_score,
    point_accuracy,
    rules_of_width,
)
from lanedet.evaluation.label_pixels import in_label_pixels
from lanedet.files import replace_file
from lanedet.formats import TuSimpleLine, format_tusimple_line, tusimple_prediction
from lanedet.ops import assign_slots, xs_at_rows
from lanedet.structures import LaneSample

_RUN_TIME_MS = 0


@dataclass(frozen=True)
class _Record:
    """What is kept of one image: its lanes as a submission would hold them."""

    # Not a NamedTuple: mmengine rebuilds tuples in the results as plain ones.

    raw_file: str
    width: int  # of the image, in pixels
    rows: FloatArray
    pred_xs: FloatArray  # (P, R), whole numbers, NaN where absent
    gt_xs: FloatArray  # (G, R), NaN where absent

    def submitted(self) -> TuSimpleLine:
        return TuSimpleLine(self.raw_file, self.pred_xs, self.rows, _RUN_TIME_MS)


class TuSimpleMetric(BaseMetric):
    """Score predicted lanes by the rules of the TuSimple benchmark.

    Predictions are scored as a submission would be: on the benchmark's rows, rounded
    to whole pixels, absent outside the image, without lanes that cross no row. The
    running time is not judged.

    It reports ``accuracy``, ``fp``, ``fn`` (see
    :class:`~lanedet.evaluation.functional.tusimple.TuSimpleScore`), ``f1`` (see
    :func:`~lanedet.evaluation.functional.tusimple.f1_of_rates`) and, which is no part
    of the benchmark either, ``ego_recall``: in what share of the images the lines that
    bound the driver's own lane are found, all that are labelled, by the rule that
    matches a label. The own lane's are those of
    :func:`~lanedet.ops.lane_slots.assign_slots`.

    It reads of each sample ``pred_lanes`` and ``gt_lanes`` and the meta information
    ``raw_file``, ``rows`` and ``ori_shape``, and where labels were made for another
    size than the image's, ``label_shape``: all is then scored in pixels of that size.

    Args:
        pixel_threshold: Horizontal distance below which a vertical lane is met, in
            pixels of the original image. None is the benchmark's 20 in images 1280
            pixels wide, and the same share of the width in others.
        out_file: Where to write the predictions as a submission (JSON lines, running
            time 0). None writes nothing.
        collect_device: As of ``BaseMetric``.
        prefix: As of ``BaseMetric``.
        collect_dir: As of ``BaseMetric``.

    Raises:
        ValueError: If ``pixel_threshold`` is not positive.
    """

    default_prefix = "tusimple"

    def __init__(
        self,
        pixel_threshold: float | None = None,
        out_file: Path | str | None = None,
        collect_device: str = "cpu",
        prefix: str | None = None,
        collect_dir: str | None = None,
    ) -> None:
        super().__init__(collect_device, prefix, collect_dir)
        self.rules = (
            None
            if pixel_threshold is None
            else TuSimpleRules(pixel_threshold=pixel_threshold)
        )
        self.out_file = None if out_file is None else Path(out_file)

    def process(self, data_batch: Any, data_samples: Sequence[LaneSample]) -> None:
        """Keep one record per image.

        Args:
            data_batch: Not used.
            data_samples: Samples with predictions.

        Raises:
            ValueError: If a sample lacks something that the metric reads.
        """
        self.results.extend(_record(sample) for sample in data_samples)

    def compute_metrics(self, results: Sequence[_Record]) -> dict[str, float]:
        """Return the benchmark's numbers over all images, and write the submission.

        Args:
            results: One record per image.

        Raises:
            ValueError: If there is no record.
        """
        num_crowded = sum(len(record.gt_xs) > MAX_LABELS for record in results)
        if num_crowded:
            print_log(
                f"{num_crowded} images have more than {MAX_LABELS} labelled lanes. "
                "TuSimple's rules are not made for that: accuracy and fn can exceed 1.",
                logger="current",
                level=logging.WARNING,
            )
        score = mean_score(
            evaluate_image(
                record.pred_xs, record.gt_xs, record.rows, rules=self._rules_of(record)
            )
            for record in results
        )
        if self.out_file is not None:
            self.out_file.parent.mkdir(parents=True, exist_ok=True)
            lines = [format_tusimple_line(record.submitted()) for record in results]
            replace_file(self.out_file, "".join(f"{line}\n" for line in lines))
        found = [_has_ego_lane(record, self._rules_of(record)) for record in results]
        return {
            **score._asdict(),
            "f1": f1_of_rates(score.fp, score.fn),
            "ego_recall": float(np.mean(found)),
        }

    def _rules_of(self, record: _Record) -> TuSimpleRules:
        return rules_of_width(record.width) if self.rules is None else self.rules


def _record(sample: LaneSample) -> _Record:
    needed = ("pred_lanes", "gt_lanes", "raw_file", "rows", "ori_shape")
    missing = [name for name in needed if name not in sample]
    if missing:
        raise ValueError(
            f"TuSimpleMetric needs {', '.join(missing)} in every sample, got "
            f"{sorted(sample.keys())}. Let the dataset keep them through its pipeline."
        )
    rows = np.asarray(sample.rows, dtype=np.float64)
    shape = sample.get("label_shape", sample.ori_shape)
    width = int(shape[1])
    pred_lanes = in_label_pixels(sample.pred_lanes, sample.ori_shape, shape)
    gt_lanes = in_label_pixels(sample.gt_lanes, sample.ori_shape, shape)
    submitted = tusimple_prediction(
        sample.raw_file, pred_lanes, rows, width, _RUN_TIME_MS
    )
    return _Record(
        raw_file=sample.raw_file,
        width=width,
        rows=rows,
        pred_xs=submitted.xs,
        gt_xs=_lanes_at_rows(gt_lanes, rows),
    )


def _has_ego_lane(record: _Record, rules: TuSimpleRules) -> bool:
    """Return whether all labelled lines beside the driver's own lane are matched."""
    lanes = [np.stack([xs, record.rows], axis=1)[~np.isnan(xs)] for xs in record.gt_xs]
    is_ego = [slot is not None for slot in assign_slots(lanes, num_slots=2)]
    ego_xs = record.gt_xs[np.array(is_ego, dtype=bool)]
    tolerances = lane_tolerances(ego_xs, record.rows, rules.pixel_threshold)
    best = point_accuracy(record.pred_xs, ego_xs, tolerances).max(axis=1, initial=0.0)
    return bool((best >= rules.match_threshold).all())


def _lanes_at_rows(lanes: Sequence[FloatArray], rows: FloatArray) -> FloatArray:
    """Return x of each lane on each row, (K, R), NaN where absent."""
    xs = [xs_at_rows(lane, rows) for lane in lanes]
    return np.array(xs, dtype=np.float64).reshape(len(lanes), len(rows))
