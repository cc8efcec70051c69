"""Training and testing with mmengine."""

from lanedet.engine.ablation import (
    Ablation,
    checkpoint_before,
    first_test_image,
    run_ablation,
)
from lanedet.engine.ablation_table import format_category_table, format_table
from lanedet.engine.checkpoint_files import latest_checkpoint
from lanedet.engine.config import load_config
from lanedet.engine.hooks import (
    AcceleratorHook,
    AttentionVisualizationHook,
    ConsoleHook,
    DistillationHook,
    LaneVisualizationHook,
    NonFiniteError,
    NonFiniteHook,
    PlainCheckpointHook,
    ProgressBarHook,
    UninterruptedCheckpointHook,
    WeightsHook,
)
from lanedet.engine.lane_runner import LaneRunner
from lanedet.engine.loops import LaneTrainLoop
from lanedet.engine.provenance import source_commit
from lanedet.engine.runner import evaluate, set_resume, train, use_amp
from lanedet.engine.work_dir import set_work_dir

__all__ = [
    "Ablation",
    "AcceleratorHook",
    "AttentionVisualizationHook",
    "ConsoleHook",
    "DistillationHook",
    "LaneRunner",
    "LaneTrainLoop",
    "LaneVisualizationHook",
    "NonFiniteError",
    "NonFiniteHook",
    "PlainCheckpointHook",
    "ProgressBarHook",
    "UninterruptedCheckpointHook",
    "WeightsHook",
    "checkpoint_before",
    "evaluate",
    "first_test_image",
    "format_category_table",
    "format_table",
    "latest_checkpoint",
    "load_config",
    "run_ablation",
    "set_resume",
    "set_work_dir",
    "source_commit",
    "train",
    "use_amp",
]
