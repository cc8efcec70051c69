"""Lanes as lines: a sketch of proposals, refined along the lines themselves.

Two steps as in SRLane (https://arxiv.org/abs/2401.14729) and Polar R-CNN
(https://arxiv.org/abs/2411.01499): a coarse map proposes straight lines, features are
pooled along them, and they are judged and bent. Here they are refined once more, and
features are then pooled along the *bent* lines: straight ones miss a sharp bend by
more than a cell. The sketch may be curved itself. There are any number of lanes and no
slots while training; names are given to what was found, by where it lies.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.formats import CULANE_SHAPE
from lanedet.models.backbones import StageFeatures, channels_of
from lanedet.models.heads.base_head import LaneHead
from lanedet.models.heads.line.pyramid import (
    FeaturePyramid,
    Level,
    PyramidStage,
    input_size,
)
from lanedet.models.heads.line.refinement import Refinement
from lanedet.models.heads.line.sketch import (
    Sketch,
    SketchOutputs,
    bend_targets,
    sketch_lines,
    sketch_targets,
)
from lanedet.models.heads.readers import Reader, Readings
from lanedet.models.losses.line_criterion import LabelledLines, LineCriterion, Lines
from lanedet.ops import (
    MAX_LANES,
    LineDecoder,
    ViewTransform,
    add_lanes,
    check_count,
    rasterize_lanes,
)
from lanedet.structures import LaneSample

_MAX_PROPOSALS = 4096
_MAX_CHANNELS = 4096


class LineOutputs(NamedTuple):
    """Raw outputs of :class:`LineHead`, for S refinements of A proposals on R rows.

    All float32. Rows are counted from the bottom (:mod:`lanedet.ops.line_targets`).
    """

    logits: Tensor
    """Whether a line shows a lane, (B, S, A)."""

    ends: Tensor
    """Start and end of the lines as rows, (B, S, A, 2)."""

    xs: Tensor
    """x on the rows in pixels of the network input, (B, S, A, R)."""

    sketch: SketchOutputs
    """What the proposals were made of."""


class LineHead(LaneHead):
    """Propose lines, judge and bend them, and keep the best of each lane.

    Args:
        num_slots: K, most lanes of an image and number of their names.
        num_rows: R, rows on which a line has an x.
        stages: Of the backbone, each of another stride: by name the ``stride`` of a
            stage and the ``offset`` of its first cell, see
            :class:`~lanedet.models.heads.line.PyramidStage`.
        input_shape: (H, W) of the network input, H at least R.
        stage_channels: Channels of the backbone's stages by name.
        num_extra_levels: Levels of the pyramid beyond these stages.
        sketch_shape: (rows, columns) of the grid of proposals.
        curved_sketch: Whether proposals bend, see
            :class:`~lanedet.models.heads.line.sketch.Sketch`; else they are straight.
        channels: Channels of every level.
        hidden_channels: Width of the layers of a refinement.
        num_points: Rows on which a refinement takes features.
        num_refinements: How often lines are refined, at least 1.
        min_score: Smallest score of a lane, in (0, 1). Choose it on a validation set.
        min_distance: Mean distance below which two lines show the same lane, as a
            share of the input's width, see :func:`~lanedet.ops.suppress_lines`.
        drawn_width: Width of the lanes in ``pred_class_map``, as a share of the image's
            width. CULane draws lanes as wide as the default.
        sketch_weight: Weight of the sketch's losses, one for its classes and one for
            its angles and offsets.
        criterion: Arguments of the :class:`~lanedet.models.LineCriterion` that differ
            from its defaults.

    Raises:
        ValueError: If an argument is out of its range, a stage is read that is not
            there, or two have one stride.
    """

    num_lanes = 1
    """Labels beside the lines, if there are any, are of one class: lane."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        num_slots: int,
        num_rows: int,
        stages: Mapping[str, Mapping[str, Any]],
        input_shape: tuple[int, int],
        stage_channels: Mapping[str, int],
        num_extra_levels: int = 0,
        sketch_shape: tuple[int, int] = (4, 10),
        curved_sketch: bool = False,
        channels: int = 64,
        hidden_channels: int = 192,
        num_points: int = 36,
        num_refinements: int = 2,
        min_score: float = 0.4,
        min_distance: float = 0.0625,
        drawn_width: float = 30 / 1640,
        sketch_weight: float = 5.0,
        criterion: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_count("num_slots", num_slots, MAX_LANES)
        check_count("num_rows", num_rows, input_shape[0])
        check_count("channels", channels, _MAX_CHANNELS)
        check_count("hidden_channels", hidden_channels, _MAX_CHANNELS)
        check_count("num_refinements", num_refinements, 16)
        grid_shape = (
            check_count("sketch_shape: rows", sketch_shape[0], _MAX_PROPOSALS),
            check_count("sketch_shape: columns", sketch_shape[1], _MAX_PROPOSALS),
        )
        check_count(
            "cells of sketch_shape", grid_shape[0] * grid_shape[1], _MAX_PROPOSALS
        )
        if not 0 < drawn_width <= 1:
            raise ValueError(f"drawn_width must lie in (0, 1], got {drawn_width}.")
        self.decode = LineDecoder(
            num_slots=num_slots, min_score=min_score, min_distance=min_distance
        )
        self.num_slots = num_slots
        self.num_rows = num_rows
        self.drawn_width = drawn_width
        self.sketch_weight = sketch_weight
        self.pyramid = FeaturePyramid(
            stages={
                name: PyramidStage(
                    channels=channels_of(stage_channels, name, "The head"), **stage
                )
                for name, stage in sorted(
                    stages.items(), key=lambda item: float(item[1]["stride"])
                )
            },
            channels=channels,
            num_extra=num_extra_levels,
        )
        self.sketch = Sketch(
            channels=channels, grid_shape=grid_shape, curved=curved_sketch
        )
        self.refinements = nn.ModuleList(
            Refinement(
                num_levels=self.pyramid.num_levels,
                channels=channels,
                num_rows=num_rows,
                num_points=num_points,
                hidden_channels=hidden_channels,
            )
            for _ in range(num_refinements)
        )
        self.criterion = LineCriterion(**(criterion or {}))
        self._warned_of_many = False

    def forward(self, features: StageFeatures) -> LineOutputs:
        """Return the sketch, and the lines after each refinement.

        Raises:
            ValueError: If the size of a stage is not what its stride says.
        """
        return self._lines(self.pyramid(features))

    def _lines(self, levels: Sequence[Level]) -> LineOutputs:
        height, width = input_size(levels)
        # Made here in float32: a model of half precision would keep them so.
        ys = row_ys(height, self.num_rows, levels[0].features.device)
        sketch = self.sketch(levels[-1].features)
        xs = sketch_lines(sketch, self.sketch.grid_shape, (height, width), ys)
        refined = []
        for refinement in self.refinements:
            refined.append(refinement(levels, xs, ys, width))
            xs = refined[-1][2]
        logits, ends, all_xs = (
            torch.stack(each, dim=1) for each in zip(*refined, strict=True)
        )
        return LineOutputs(logits, ends, all_xs, sketch)

    def loss(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> dict[str, Tensor]:
        """Return the losses of the lines, means over refinements, and of the sketch.

        ``loss_cls``, ``loss_line``, ``loss_ends``, ``loss_sketch_cls`` and
        ``loss_sketch_line``.

        Args:
            features: Stage features of the backbone.
            data_samples: With ``gt_lines`` and the meta information ``view``.

        Raises:
            ValueError: If the labels have another number of rows than the head.
        """
        levels = self.pyramid(features)
        outputs, shape = self._lines(levels), input_size(levels)
        device = outputs.logits.device
        labels = [self._label(sample, shape, device) for sample in data_samples]
        lines = zip(*outputs[:3], strict=True)
        losses = self.criterion([Lines(*each) for each in lines], labels)
        return losses | self._sketch_losses(outputs.sketch, labels, shape)

    def _label(
        self, sample: LaneSample, shape: tuple[int, int], device: torch.device
    ) -> LabelledLines:
        lines = torch.from_numpy(sample.gt_lines).to(device)
        if lines.shape[1] != self.num_rows + 2:
            raise ValueError(
                f"The head has num_rows={self.num_rows}, but the labels were made for "
                f"{lines.shape[1] - 2}. Use one number in the model and in the data "
                "pipeline."
            )
        num_proposals = self.sketch.grid_shape[0] * self.sketch.grid_shape[1]
        if len(lines) > num_proposals and not self._warned_of_many:
            self._warned_of_many = True
            print_log(
                f"{sample.get('img_path')!r} has {len(lines)} lanes, more than the "
                f"head's {num_proposals} proposals: not all can be learned. Choose a "
                "finer sketch_shape.",
                logger="current",
                level=logging.WARNING,
            )
        view: ViewTransform = sample.view
        # LaneIoU is meant in images of CULane's size.
        scale_x, scale_y = view.scale * view.ori_shape[::-1] / CULANE_SHAPE[::-1]
        row_step = (shape[0] - 1) / (self.num_rows - 1) / scale_y
        return LabelledLines(lines, 1 / scale_x, row_step)

    def _sketch_losses(
        self,
        sketch: SketchOutputs,
        labels: Sequence[LabelledLines],
        shape: tuple[int, int],
    ) -> dict[str, Tensor]:
        ys = row_ys(shape[0], self.num_rows, sketch.angles.device)
        targets = [
            sketch_targets(label.lines, self.sketch.grid_shape, shape, ys)
            for label in labels
        ]
        positive, angles, offsets, _ = (
            torch.stack(each) for each in zip(*targets, strict=True)
        )
        classes = F.binary_cross_entropy_with_logits(
            sketch.objectness, positive.float()
        )
        misses = (sketch.angles - angles).abs() + (sketch.offsets - offsets).abs()
        if sketch.bends is not None:
            bends = [
                bend_targets(label.lines, target, self.sketch.grid_shape, shape, ys)
                for label, target in zip(labels, targets, strict=True)
            ]
            for own, learned in zip(
                sketch.bends, zip(*bends, strict=True), strict=True
            ):
                misses = misses + (own - torch.stack(learned)).abs()
        # A mean over each image's cells, so that a batch is the mean of its images.
        line = (misses * positive).sum(dim=1) / positive.sum(dim=1).clamp_min(1)
        return {
            "loss_sketch_cls": self.sketch_weight * classes,
            "loss_sketch_line": self.sketch_weight * line.mean(),
        }

    @torch.no_grad()
    def predict(
        self, features: StageFeatures, data_samples: Sequence[LaneSample]
    ) -> list[LaneSample]:
        """Return the samples with their predicted lanes, leftmost first.

        Each also gets a class map, ``pred_class_map``: the lanes drawn
        ``drawn_width`` wide, each in the class of its slot.

        Args:
            features: Stage features of the backbone.
            data_samples: With the meta information ``view``.
        """
        scores, lines = last_lines(self(features))
        for sample, own_scores, own_lines in zip(
            data_samples, scores.cpu().numpy(), lines.cpu().numpy(), strict=True
        ):
            view: ViewTransform = sample.view
            lanes = self.decode(own_scores, own_lines, view)
            add_lanes(sample, lanes, self.num_slots)
            place_width = view.place[3] - view.place[2]
            class_map = rasterize_lanes(
                [view.to_input(lane) for lane in sample.pred_lanes],
                sample.pred_slots,
                view.input_shape,
                self.drawn_width * place_width,
            )
            sample.pred_class_map = class_map
        return list(data_samples)

    def reader(self, *, raw: bool = False) -> "LineReader":  # noqa: ARG002
        """Return what reads lines. They are all that the head predicts.

        Args:
            raw: Makes no difference.
        """
        return LineReader()


class LineReader(Reader):
    """The lines after the last refinement."""

    kind = "lines"

    def forward(self, outputs: Any, place: Tensor) -> Readings:  # noqa: ARG002
        """Return ``scores`` and ``lines``.

        Args:
            outputs: :class:`LineOutputs` of B images.
            place: Not needed.

        Returns:
            What :class:`~lanedet.ops.LineDecoder` takes, of each image: scores (B, A)
            and lines (B, A, R + 2), float32.
        """
        scores, lines = last_lines(outputs)
        return {"scores": scores, "lines": lines}


def last_lines(outputs: LineOutputs) -> tuple[Tensor, Tensor]:
    """Return scores (B, A) in [0, 1] and lines (B, A, R + 2) of the last refinement."""
    lines = torch.cat([outputs.ends[:, -1], outputs.xs[:, -1]], dim=-1)
    return outputs.logits[:, -1].sigmoid(), lines


def row_ys(height: int, num_rows: int, device: torch.device) -> Tensor:
    """Return y of the rows of a network input, (R,), as :func:`line_rows` does."""
    rows = torch.arange(num_rows - 1, -1, -1, device=device)
    return rows.float() * ((height - 1) / (num_rows - 1))
