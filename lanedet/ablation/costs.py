"""What a row of an ablation costs: when it predicts, and when it is trained."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import MODELS

from lanedet.ablation.results import Cost
from lanedet.ablation.run import Ablation, row_configs
from lanedet.benchmark.memory import peak_bytes
from lanedet.benchmark.models import count_macs, resized
from lanedet.benchmark.timing import time_in_turns
from lanedet.engine.shared_values import build_dataset
from lanedet.models import LaneDetector, build_model, describe_model
from lanedet.runtime import progress_bar

LARGE_SIZE = (288, 800)
"""(H, W) of CULane's usual network input: there attention shows what it costs."""

_ROUNDS = 15  # of a prediction
_STEPS = 3  # of training, that are timed
_CPU = "cpu"


def measure_costs(ablation: Ablation) -> dict[str, Cost]:
    """Measure every row, by title.

    Predictions of all rows are timed in turns. Processor time is what this process
    itself computes, whatever else the machine does; what shares its caches slows it.

    Args:
        ablation: Whose data set is there, for the batch of the training step.

    Raises:
        FileNotFoundError: If the data set is not where the config says.
        ValueError: If the config's rows do not fit.
    """
    configs = row_configs(ablation)
    num_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        passes = {title: _prediction(config) for title, config in configs.items()}
        timings = time_in_turns(passes, _ROUNDS, time.process_time)
        return {
            title: Cost(
                predict_ms=1e3 * timings[title].median_s,
                predict_bytes=peak_bytes(passes[title], _CPU),
                **_size(config),
                **_training(config),
            )
            for title, config in progress_bar(configs.items(), desc="costs", unit="row")
        }
    finally:
        torch.set_num_threads(num_threads)


def _prediction(config: Config) -> Callable[[], object]:
    detector = build_model(describe_model(config.model)).fuse()
    inputs = torch.zeros(1, 3, *detector.view.input_shape)
    inputs = inputs.contiguous(memory_format=torch.channels_last)
    return partial(_predict, detector, inputs)


@torch.inference_mode()
def _predict(detector: LaneDetector, inputs: torch.Tensor) -> None:
    detector(inputs)


def _size(config: Config) -> dict[str, Any]:
    """Return the parameters, and the multiplications at both sizes."""
    description = describe_model(config.model)
    own = build_model(description).eval()
    large = build_model(resized(description, LARGE_SIZE)).eval()
    return {
        "parameters": sum(each.numel() for each in own.parameters()),
        "macs": {
            f"{size[0]}x{size[1]}": count_macs(network, torch.zeros(1, 3, *size))
            for network, size in ((own, own.view.input_shape), (large, LARGE_SIZE))
        },
    }


def _training(config: Config) -> dict[str, Any]:
    """Return time and memory of a training step."""
    detector: LaneDetector = MODELS.build(config.model)
    detector.train()
    for distiller in detector.distillers:
        distiller.progress = 1.0
    dataset = build_dataset(config, "train")
    size = config.train_dataloader.batch_size
    batch = pseudo_collate([dataset[number] for number in range(size)])
    data = detector.data_preprocessor(batch, training=True)
    step = partial(_step, detector, data)
    timing = time_in_turns({"": step}, _STEPS, time.process_time)[""]
    return {"step_ms": 1e3 * timing.min_s, "step_bytes": peak_bytes(step, _CPU)}


def _step(detector: LaneDetector, data: Mapping[str, Any]) -> None:
    losses = detector(**data, mode="loss")
    total, _ = detector.parse_losses(losses)
    detector.zero_grad()
    total.backward()
