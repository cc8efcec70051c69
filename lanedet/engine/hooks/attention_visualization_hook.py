"""Draws where the network looks, while it is trained."""

from collections.abc import Sequence
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lanedet.images import read_image
from lanedet.models import stage_energies
from lanedet.ops import map_to_original
from lanedet.structures import LaneSample
from lanedet.visualization import draw_attention_grid


class AttentionVisualizationHook(Hook):
    """Draw the attention maps of the first validation image, the same one every time.

    The picture goes to the visualizer, and so to TensorBoard, as ``val/attention``:
    its slider shows how attention forms and what distillation does to it. It costs one
    more pass of the backbone over one image at each validation that draws, and nothing
    while training.

    Args:
        interval: Draw at every so many validations, at least 1.
        stages: Names of the backbone's stages; those of its encoder if not given.

    Raises:
        ValueError: If ``interval`` is below 1.
    """

    def __init__(self, interval: int = 1, stages: Sequence[str] | None = None) -> None:
        if interval < 1:
            raise ValueError(f"interval must be at least 1, got {interval}.")
        self.interval = interval
        self.stages = stages
        self._num_validations = 0

    def before_val(self, runner: Runner) -> None:
        """Count the validation."""
        self._num_validations += 1

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[LaneSample] | None = None,
    ) -> None:
        """Draw the first image of the first batch.

        Raises:
            ValueError: If the backbone has no such stage.
        """
        is_due = (self._num_validations - 1) % self.interval == 0
        if batch_idx > 0 or not is_due or not outputs or not is_main_process():
            return
        sample = outputs[0]
        model = getattr(runner.model, "module", runner.model)
        with torch.inference_mode():
            batch = model.data_preprocessor({"inputs": data_batch["inputs"][:1]})
            energies = stage_energies(
                model.extract_features(batch["inputs"]), self.stages
            )
        picture = draw_attention_grid(
            read_image(sample.img_path),
            {
                stage: map_to_original(energy[0].double().cpu().numpy(), sample.view)
                for stage, energy in energies.items()
            },
            lanes=sample.pred_lanes,
            slots=sample.pred_slots,
            num_slots=model.head.num_slots,
            caption="predicted",
        )
        runner.visualizer.add_image("val/attention", picture, step=runner.iter)
