"""Everything between a video, pictures or a camera and an annotated clip."""

from lanedet.video.annotation import AnnotatedFrame
from lanedet.video.driving.calibration import Calibration
from lanedet.video.driving.monitor import DrivingMonitor, DrivingSummary
from lanedet.video.outputs.event_clips import cut_event_clips
from lanedet.video.outputs.log import LaneLog, LineFile, LoggedFrame, read_lane_log
from lanedet.video.outputs.outputs import VideoOutputs
from lanedet.video.outputs.painter import FramePainter, Paint
from lanedet.video.outputs.predictions import CULanePredictions, TuSimplePredictions
from lanedet.video.outputs.writer import VideoWriter
from lanedet.video.pipeline import VideoOptions, annotate_video, threads_pay
from lanedet.video.pseudo_labels import extract_pseudo_labels
from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.file import VideoReader
from lanedet.video.sources.images import ImageSource
from lanedet.video.sources.live import LiveSource
from lanedet.video.sources.open import open_source
from lanedet.video.sources.selection import Selection, parse_time
from lanedet.video.sources.source import Source, VideoBreakError, VideoFrame
from lanedet.video.step_times import STEPS, StepTimes
from lanedet.video.summary import VideoSummary
from lanedet.video.threads import FrameQueue, ReadAhead, WriteBehind
from lanedet.video.tracking.filter import FilterConfig
from lanedet.video.tracking.tracker import LaneTracker, TrackerConfig

__all__ = [
    "STEPS",
    "AnnotatedFrame",
    "CULanePredictions",
    "Calibration",
    "ContainerReader",
    "DrivingMonitor",
    "DrivingSummary",
    "FilterConfig",
    "FramePainter",
    "FrameQueue",
    "ImageSource",
    "LaneLog",
    "LaneTracker",
    "LineFile",
    "LiveSource",
    "LoggedFrame",
    "Paint",
    "ReadAhead",
    "Selection",
    "Source",
    "StepTimes",
    "TrackerConfig",
    "TuSimplePredictions",
    "VideoBreakError",
    "VideoFrame",
    "VideoOptions",
    "VideoOutputs",
    "VideoReader",
    "VideoSummary",
    "VideoWriter",
    "WriteBehind",
    "annotate_video",
    "cut_event_clips",
    "extract_pseudo_labels",
    "open_source",
    "parse_time",
    "read_lane_log",
    "threads_pay",
]
