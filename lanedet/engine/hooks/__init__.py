"""What happens around training and testing."""

from lanedet.engine.hooks.accelerator_hook import AcceleratorHook
from lanedet.engine.hooks.attention_visualization_hook import (
    AttentionVisualizationHook,
)
from lanedet.engine.hooks.console_hook import ConsoleHook
from lanedet.engine.hooks.distillation_hook import DistillationHook
from lanedet.engine.hooks.lane_visualization_hook import LaneVisualizationHook
from lanedet.engine.hooks.non_finite_hook import NonFiniteError, NonFiniteHook
from lanedet.engine.hooks.plain_checkpoint_hook import PlainCheckpointHook
from lanedet.engine.hooks.progress_bar_hook import ProgressBarHook
from lanedet.engine.hooks.uninterrupted_checkpoint_hook import (
    LAST_VALIDATION,
    UninterruptedCheckpointHook,
    find_checkpoint_hook,
)
from lanedet.engine.hooks.weights_hook import WeightsHook

__all__ = [
    "LAST_VALIDATION",
    "AcceleratorHook",
    "AttentionVisualizationHook",
    "ConsoleHook",
    "DistillationHook",
    "LaneVisualizationHook",
    "NonFiniteError",
    "NonFiniteHook",
    "PlainCheckpointHook",
    "ProgressBarHook",
    "UninterruptedCheckpointHook",
    "WeightsHook",
    "find_checkpoint_hook",
]
