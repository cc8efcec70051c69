"""Training and testing with mmengine."""

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
from lanedet.engine.loops import LaneTrainLoop
from lanedet.engine.provenance import source_commit
from lanedet.engine.run import (
    Evaluation,
    evaluate,
    set_resume,
    train,
    use_amp,
    use_scaled_lr,
    use_sync_batch_norm,
)
from lanedet.engine.runner import LaneRunner
from lanedet.engine.work_dir import set_work_dir

__all__ = [
    "AcceleratorHook",
    "AttentionVisualizationHook",
    "ConsoleHook",
    "DistillationHook",
    "Evaluation",
    "LaneRunner",
    "LaneTrainLoop",
    "LaneVisualizationHook",
    "NonFiniteError",
    "NonFiniteHook",
    "PlainCheckpointHook",
    "ProgressBarHook",
    "UninterruptedCheckpointHook",
    "WeightsHook",
    "evaluate",
    "latest_checkpoint",
    "load_config",
    "set_resume",
    "set_work_dir",
    "source_commit",
    "train",
    "use_amp",
    "use_scaled_lr",
    "use_sync_batch_norm",
]
