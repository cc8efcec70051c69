"""A predictor where mmengine expects a model: to score what was exported."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config, ConfigDict
from mmengine.model import BaseModel
from torch import Tensor

from lanedet.engine import Evaluation, evaluate
from lanedet.inference.find_lanes import find_lanes
from lanedet.inference.predictors import Predictor, open_predictor
from lanedet.structures import LaneSample


class PredictorModel(BaseModel):
    """A network in any runtime, as a model that can be tested and not trained.

    Args:
        predictor: The network.
        path: Its file.

    Attributes:
        num_slots: Number of slots K in which it places lanes.
        facts: What to tell about it, by name.
    """

    def __init__(self, predictor: Predictor, path: Path) -> None:
        super().__init__()
        self.predictor = predictor
        self.num_slots = predictor.parts.num_slots
        self.facts = {
            "model": str(path),
            "device": f"{predictor.device}, in {predictor.runtime}",
        }

    def forward(
        self,
        inputs: Sequence[Tensor],
        data_samples: Sequence[LaneSample] | None = None,
        mode: str = "tensor",
    ) -> Any:
        """Find the lanes (the contract of mmengine's ``BaseModel``).

        Args:
            inputs: Network inputs (3, H, W) uint8, RGB.
            data_samples: One for each, with its view.
            mode: ``predict``, for the samples with predicted lanes.

        Raises:
            ValueError: If ``mode`` is another, or there are no samples.
        """
        if mode != "predict" or data_samples is None:
            raise ValueError(
                f"An exported network predicts only, got mode={mode!r}. Train its "
                "weights."
            )
        images = [np.moveaxis(each.cpu().numpy(), 0, -1) for each in inputs]
        return find_lanes(self.predictor, images, data_samples)


def evaluate_exported(
    config: Config,
    path: Path,
    *,
    runtime: str | None = None,
    device: str | None = None,
    half: bool = False,
    out: Path | str | None = None,
    show_dir: Path | str | None = None,
) -> Evaluation:
    """Score an exported file on the config's test set.

    It is scored as it will run: its own view and decoder count, not the config's.

    Args:
        config: Config of the data and the metric.
        path: What ``lanedet export`` wrote.
        runtime: As for :func:`~lanedet.inference.open_predictor`.
        device: Likewise.
        half: Likewise.
        out: As for :func:`lanedet.engine.evaluate`.
        show_dir: Likewise.

    Raises:
        FileNotFoundError: If there is no such file, or no data set where the config
            says.
        ValueError: If it cannot be run, as for
            :func:`~lanedet.inference.open_predictor`.
        OSError: If another run is at work in the work directory.
    """
    predictor = open_predictor(path, runtime=runtime, device=device, half=half)
    view = predictor.parts.view
    # Of the class that was made of the file's text: a stranger's may name any.
    name = f"lanedet.ops.{type(view).__name__}"
    config.model.view = ConfigDict(type=name, **vars(view))
    return evaluate(
        config, path, model=PredictorModel(predictor, path), out=out, show_dir=show_dir
    )
