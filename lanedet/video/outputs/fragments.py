"""MP4 files that can be played while they grow, and what becomes of them.

A fragmented file has its index in pieces, one before each second of pictures and sound
(ISO/IEC 14496-12, 8.8): whatever ends the writing, all whole fragments can be played.
An ordinary file, with one index at its front, is read by more programs, tells its
length, and can be searched at once.
"""

import os
from pathlib import Path

import av

from lanedet.video.sources.damage.mp4 import end_of_fragments
from lanedet.video.sources.media_errors import MEDIA_ERRORS

FRAGMENTED = {
    # The first index waits for the first fragment, as that tells where streams begin.
    "movflags": "+frag_keyframe+empty_moov+delay_moov+default_base_moof",
    "frag_duration": "1000000",  # microseconds
    "flush_packets": "1",  # to the disk, not only when 256 KiB have piled up
}
"""Options of FFmpeg's muxer for MP4 and MOV, to write a fragmented file."""

_INDEX_FIRST = {"movflags": "+faststart"}


def write_ordinary(fragmented: Path, out: Path) -> int:
    """Copy a fragmented file to one with its index at the front.

    Returns:
        How many frames the copy has.

    Raises:
        OSError: If it cannot be written.
        av.error.FFmpegError: If there is nothing whole to copy.
    """
    with (
        av.open(f"file:{fragmented}") as source,
        av.open(f"file:{out}", "w", options=_INDEX_FIRST) as copy,
    ):
        streams, num_frames = {}, 0
        for stream in source.streams:
            streams[stream.index] = copy.add_stream_from_template(stream)
            streams[stream.index].time_base = stream.time_base
        for packet in source.demux():
            if packet.size:  # the last ones of the streams are empty
                num_frames += packet.stream.type == "video"
                packet.stream = streams[packet.stream.index]
                copy.mux(packet)
    return num_frames


def cut_to_fragments(path: Path) -> None:
    """Cut a fragmented file behind its last whole fragment."""
    os.truncate(path, end_of_fragments(path))


def count_frames(path: Path) -> int:
    """Return how many frames a video file holds; 0 if it cannot be read."""
    try:
        with av.open(f"file:{path}") as container:
            return sum(packet.size > 0 for packet in container.demux(video=0))
    except MEDIA_ERRORS:  # not even the beginning is there
        return 0
