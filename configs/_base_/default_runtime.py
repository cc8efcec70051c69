"""How every experiment logs, saves, validates and draws."""

from mmengine.hooks import LoggerHook
from mmengine.runner import LogProcessor, TestLoop, ValLoop
from mmengine.visualization import TensorboardVisBackend

from lanedet.engine import (
    AcceleratorHook,
    AttentionVisualizationHook,
    ConsoleHook,
    DistillationHook,
    LaneVisualizationHook,
    NonFiniteHook,
    PlainCheckpointHook,
    ProgressBarHook,
    UninterruptedCheckpointHook,
    WeightsHook,
)
from lanedet.visualization import ImageFolderBackend, LaneVisualizer

default_scope = None
randomness = dict(seed=0)
env_cfg = dict(cudnn_benchmark=True, mp_cfg=dict(mp_start_method="fork"))

val_cfg = dict(type=ValLoop)
test_cfg = dict(type=TestLoop)

default_hooks = dict(
    logger=dict(type=LoggerHook, interval=20, log_metric_by_epoch=False),
    checkpoint=dict(
        type=UninterruptedCheckpointHook,
        by_epoch=False,
        interval=500,
        max_keep_ckpts=2,
        save_best="tusimple/accuracy",
        rule="greater",
        backend_args=dict(backend="lanedet_atomic"),
    ),
)
custom_hooks = [
    dict(type=PlainCheckpointHook),
    dict(type=AcceleratorHook),
    dict(type=DistillationHook),
    dict(type=LaneVisualizationHook),
    dict(type=AttentionVisualizationHook),
    dict(type=NonFiniteHook),
    dict(type=ConsoleHook),
    dict(type=ProgressBarHook),
    dict(type=WeightsHook),
]

log_processor = dict(type=LogProcessor, window_size=20, by_epoch=False)
visualizer = dict(
    type=LaneVisualizer,
    vis_backends=[dict(type=ImageFolderBackend), dict(type=TensorboardVisBackend)],
)
