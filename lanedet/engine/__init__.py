"""Training and testing with mmengine."""

from lanedet.engine.config import load_config
from lanedet.engine.hooks import (
    AcceleratorHook,
    DistillationHook,
    LaneVisualizationHook,
    PlainCheckpointHook,
    ProgressBarHook,
    UninterruptedCheckpointHook,
    WeightsHook,
)
from lanedet.engine.loops import LaneTrainLoop
from lanedet.engine.runner import evaluate, set_resume, set_work_dir, train, use_amp

__all__ = [
    "AcceleratorHook",
    "DistillationHook",
    "LaneTrainLoop",
    "LaneVisualizationHook",
    "PlainCheckpointHook",
    "ProgressBarHook",
    "UninterruptedCheckpointHook",
    "WeightsHook",
    "evaluate",
    "load_config",
    "set_resume",
    "set_work_dir",
    "train",
    "use_amp",
]
