"""Everything between a video file and an annotated clip."""

from lanedet.video.lane_log import LaneLog
from lanedet.video.pipeline import VideoSummary, annotate_video
from lanedet.video.video_reader import VideoBreakError, VideoFrame, VideoReader
from lanedet.video.video_writer import VideoWriter

__all__ = [
    "LaneLog",
    "VideoBreakError",
    "VideoFrame",
    "VideoReader",
    "VideoSummary",
    "VideoWriter",
    "annotate_video",
]
