"""Everything between a video file and an annotated clip."""

from lanedet.video.lane_log import LaneLog, LoggedFrame, read_lane_log
from lanedet.video.pipeline import VideoSummary, annotate_video
from lanedet.video.pseudo_labels import extract_pseudo_labels
from lanedet.video.video_reader import VideoBreakError, VideoFrame, VideoReader
from lanedet.video.video_writer import VideoWriter

__all__ = [
    "LaneLog",
    "LoggedFrame",
    "VideoBreakError",
    "VideoFrame",
    "VideoReader",
    "VideoSummary",
    "VideoWriter",
    "annotate_video",
    "extract_pseudo_labels",
    "read_lane_log",
]
