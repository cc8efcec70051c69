"""What happens around training and testing."""

from lanedet.engine.hooks.accelerator_hook import AcceleratorHook
from lanedet.engine.hooks.checkpoint_hook import (
    PlainCheckpointHook,
    UninterruptedCheckpointHook,
    latest_checkpoint,
)
from lanedet.engine.hooks.distillation_hook import DistillationHook
from lanedet.engine.hooks.lane_visualization_hook import LaneVisualizationHook
from lanedet.engine.hooks.progress_bar_hook import ProgressBarHook
from lanedet.engine.hooks.weights_hook import WeightsHook

__all__ = [
    "AcceleratorHook",
    "DistillationHook",
    "LaneVisualizationHook",
    "PlainCheckpointHook",
    "ProgressBarHook",
    "UninterruptedCheckpointHook",
    "WeightsHook",
    "latest_checkpoint",
]
