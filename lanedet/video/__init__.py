"""Everything between a video, pictures or a camera and an annotated clip."""

from lanedet.video.container_reader import ContainerReader
from lanedet.video.image_source import ImageSource
from lanedet.video.lane_filter import FilterConfig
from lanedet.video.lane_log import LaneLog, LoggedFrame, read_lane_log
from lanedet.video.lane_tracker import LaneTracker, TrackerConfig
from lanedet.video.live_source import LiveSource
from lanedet.video.open_source import open_source
from lanedet.video.pipeline import VideoSummary, annotate_video
from lanedet.video.pseudo_labels import extract_pseudo_labels
from lanedet.video.selection import Selection, parse_time
from lanedet.video.source import Source, VideoBreakError, VideoFrame
from lanedet.video.video_reader import VideoReader
from lanedet.video.video_writer import VideoWriter

__all__ = [
    "ContainerReader",
    "FilterConfig",
    "ImageSource",
    "LaneLog",
    "LaneTracker",
    "LiveSource",
    "LoggedFrame",
    "Selection",
    "Source",
    "TrackerConfig",
    "VideoBreakError",
    "VideoFrame",
    "VideoReader",
    "VideoSummary",
    "VideoWriter",
    "annotate_video",
    "extract_pseudo_labels",
    "open_source",
    "parse_time",
    "read_lane_log",
]
