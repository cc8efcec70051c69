"""Whether the structure of a video file shows that something of it is lost.

FFmpeg passes over what it cannot make sense of, and goes on with the next piece. That
is the best for who wants the rest, but nothing then says that frames are missing:
a gap in time stamps alone may as well be a pause of the recorder. These functions walk
through a file from element to element, without decoding anything.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from lanedet.video.sources.damage.asf import is_asf_cut, is_asf_damaged
from lanedet.video.sources.damage.flv import is_flv_cut, is_flv_damaged
from lanedet.video.sources.damage.gif import is_gif_cut, is_gif_damaged
from lanedet.video.sources.damage.matroska import is_matroska_damaged
from lanedet.video.sources.damage.mp4 import ends_in_fragment, has_lost_fragments
from lanedet.video.sources.damage.program_stream import (
    is_program_stream_cut,
    is_program_stream_damaged,
)
from lanedet.video.sources.damage.transport_stream import (
    is_transport_stream_cut,
    is_transport_stream_damaged,
)

__all__ = ["is_cut", "is_damaged"]

_Checks = Mapping[str, Callable[[Path], bool]]  # by FFmpeg's format
_MP4 = "mov,mp4,m4a,3gp,3g2,mj2"

_CUT: _Checks = {
    "asf": is_asf_cut,
    "flv": is_flv_cut,
    "gif": is_gif_cut,
    _MP4: ends_in_fragment,
    "mpeg": is_program_stream_cut,
    "mpegts": is_transport_stream_cut,
}
_DAMAGED: _Checks = {
    "asf": is_asf_damaged,
    "flv": is_flv_damaged,
    "gif": is_gif_damaged,
    "matroska,webm": is_matroska_damaged,
    _MP4: has_lost_fragments,
    "mpeg": is_program_stream_damaged,
    "mpegts": is_transport_stream_damaged,
}
_WITHOUT_GAP = (_MP4, "gif", "mpeg")  # where times go on over what is lost


def is_cut(path: Path, container_format: str) -> bool:
    """Return whether a video file ends before it should, as far as that can be seen.

    Args:
        path: The file.
        container_format: FFmpeg's name of its format. Of one without a check nothing is
            said.
    """
    check = _CUT.get(container_format)
    return check is not None and check(path)


def is_damaged(path: Path, container_format: str, *, has_gap: bool) -> bool:
    """Return whether a video file has lost something in the middle.

    Args:
        path: The file.
        container_format: As in :func:`is_cut`.
        has_gap: Whether frames seem to be missing, which may as well be a pause of the
            recorder. If not, only formats are looked at in which that would not show.
    """
    check = _DAMAGED.get(container_format)
    if check is None or not (has_gap or container_format in _WITHOUT_GAP):
        return False
    return check(path)
