"""Everything between a video, pictures or a camera and an annotated clip."""

from lanedet.video.annotated_frame import AnnotatedFrame
from lanedet.video.calibration import Calibration
from lanedet.video.container_reader import ContainerReader
from lanedet.video.driving_monitor import DrivingMonitor, DrivingSummary
from lanedet.video.event_clips import cut_event_clips
from lanedet.video.frame_painter import FramePainter
from lanedet.video.frame_queue import FrameQueue, ReadAhead, WriteBehind
from lanedet.video.image_source import ImageSource
from lanedet.video.lane_filter import FilterConfig
from lanedet.video.lane_log import LaneLog, LineFile, LoggedFrame, read_lane_log
from lanedet.video.lane_tracker import LaneTracker, TrackerConfig
from lanedet.video.live_source import LiveSource
from lanedet.video.open_source import open_source
from lanedet.video.pipeline import (
    VideoOptions,
    VideoSummary,
    annotate_video,
    threads_pay,
)
from lanedet.video.prediction_files import CULanePredictions, TuSimplePredictions
from lanedet.video.pseudo_labels import extract_pseudo_labels
from lanedet.video.selection import Selection, parse_time
from lanedet.video.source import Source, VideoBreakError, VideoFrame
from lanedet.video.stage_times import STAGES, StageTimes
from lanedet.video.video_outputs import VideoOutputs
from lanedet.video.video_reader import VideoReader
from lanedet.video.video_writer import VideoWriter

__all__ = [
    "STAGES",
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
    "ReadAhead",
    "Selection",
    "Source",
    "StageTimes",
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
