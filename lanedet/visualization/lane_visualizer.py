"""mmengine's way to drawn lanes: files, TensorBoard and other backends."""

from pathlib import Path
from typing import Any

import numpy as np
from mmengine.dist import master_only
from mmengine.visualization import Visualizer

from lanedet.arrays import ByteArray
from lanedet.images import write_image
from lanedet.structures import LaneSample
from lanedet.visualization.draw import draw_caption, draw_lanes


class LaneVisualizer(Visualizer):
    """Draw samples with :func:`draw_lanes` and hand them to the backends.

    Args:
        name: Name of this visualizer among all of the process.
        options: Further arguments of mmengine's ``Visualizer``, above all
            ``vis_backends`` and ``save_dir``.

    Attributes:
        num_slots: Number of slots K in which the model's head names lanes. A run sets
            it.
    """

    def __init__(self, name: str = "visualizer", **options: Any) -> None:
        super().__init__(name, **options)
        self.num_slots = 6

    @master_only
    def add_datasample(  # noqa: PLR0913 - mmengine's signature
        self,
        name: str,
        image: ByteArray,
        data_sample: LaneSample | None = None,
        draw_gt: bool = True,
        draw_pred: bool = True,
        show: bool = False,
        wait_time: float = 0,
        out_file: Path | str | None = None,
        pred_score_thr: float = 0.0,
        step: int = 0,
    ) -> None:
        """Draw the lanes of an image, the annotated above the predicted ones.

        What the sample does not have is not drawn; without any lanes to draw the
        image is recorded as it is.

        Args:
            name: What the backends call the picture.
            image: (H, W, 3) uint8, RGB, the original image.
            data_sample: Lanes in pixels of ``image``.
            draw_gt: Whether to draw ``gt_lanes``.
            draw_pred: Whether to draw ``pred_lanes``.
            show: Whether to open a window.
            wait_time: How long the window waits for a key, in seconds, 0 for ever.
            out_file: Image file to write instead of passing it to the backends.
            pred_score_thr: Predicted lanes that score less are left out.
            step: Iteration that the picture belongs to.

        Raises:
            ValueError: If ``out_file`` does not end as an image file does.
            OSError: If ``out_file`` cannot be written.
        """
        sample = LaneSample() if data_sample is None else data_sample
        pictures = []
        if draw_gt and hasattr(sample, "gt_lanes"):
            truth = draw_lanes(image, sample.gt_lanes, num_slots=self.num_slots)
            pictures.append(draw_caption(truth, "annotated"))
        if draw_pred and hasattr(sample, "pred_lanes"):
            pictures.append(self._draw_predicted(image, sample, pred_score_thr))
        drawn = np.concatenate(pictures or [image])
        if show:
            self.show(drawn, win_name=name, wait_time=wait_time)
        if out_file is None:
            self.add_image(name, drawn, step)
        else:
            write_image(Path(out_file), drawn)

    def _draw_predicted(
        self, image: ByteArray, sample: LaneSample, min_score: float
    ) -> ByteArray:
        kept = [i for i, score in enumerate(sample.pred_scores) if score >= min_score]
        drawn = draw_lanes(
            image,
            [sample.pred_lanes[i] for i in kept],
            slots=[sample.pred_slots[i] for i in kept],
            scores=[sample.pred_scores[i] for i in kept],
            num_slots=self.num_slots,
        )
        return draw_caption(drawn, "predicted")
