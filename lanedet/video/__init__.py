"""Everything between a video file and an annotated clip."""

from lanedet.video.lane_log import LaneLog
from lanedet.video.video_reader import VideoBreakError, VideoFrame, VideoReader
from lanedet.video.video_writer import VideoWriter

__all__ = ["LaneLog", "VideoBreakError", "VideoFrame", "VideoReader", "VideoWriter"]
