"""JPEG files, walked as libjpeg walks them.

ITU-T T.81, annex B. libjpeg passes over stray bytes between segments, and so does this.
"""

import re
from typing import NamedTuple

from lanedet.images.header import (
    MAX_DENSE_PIXELS,
    MAX_PIXELS,
    ImageError,
    ImageHeader,
    cut_off,
    number,
    unreadable,
)

START = b"\xff\xd8\xff"
_BEGIN, _END = b"\xff\xd8", b"\xff\xd9"
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA
_BARE = (0x01, *range(0xD0, 0xD8))  # markers without a length
_NO_FRAME = (0xC4, 0xC8, 0xCC)  # tables, among the markers C0 to CF of frames
_PROGRESSIVE, _ARITHMETIC = (0xC2, 0xC6, 0xCA, 0xCE), range(0xC9, 0xD0)
_MARKER = re.compile(rb"\xff[^\x00\xff]")
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
# Each block of 8x8 takes at least one bit of a Huffman code; colors may be stored at
# a quarter of the resolution in each direction.
_MOST_PIXELS_PER_BYTE = 8 * 64 * 4
_MAX_SCANS = 100  # each costs a pass over all blocks; encoders write about ten


class _Frame(NamedTuple):
    marker: int
    height: int
    width: int
    num_components: int


def read_jpeg_header(data: bytes) -> ImageHeader:
    """Return what a JPEG file tells of its first image, which must be there to its end.

    What follows the end does not matter: cameras put previews and videos there.

    Raises:
        ImageError: If the file is cut off, or is no JPEG that libjpeg reads.
    """
    frame, scan = _find_scan(data)
    is_progressive = frame.marker in _PROGRESSIVE
    has_scans = is_progressive or data[scan + 4] < frame.num_components
    # A file of one scan whose first end is its last bytes need not be walked, which
    # takes a twentieth of the time of decoding; nor does it then begin anew.
    ends = data.find(_END, scan) == len(data) - len(_END)
    if has_scans or not ends or data.find(_BEGIN, scan) >= 0:
        _walk_scans(data, scan)
    pixels = frame.height * frame.width
    is_dense = frame.marker in _ARITHMETIC
    return ImageHeader(
        frame.height,
        frame.width,
        least_bytes=0 if is_dense else pixels // _MOST_PIXELS_PER_BYTE,
        max_pixels=MAX_DENSE_PIXELS if is_dense else MAX_PIXELS,
    )


def _find_scan(data: bytes) -> tuple[_Frame, int]:
    """Return the frame, and where the marker of its first scan is.

    The segments before it are walked by their lengths: a preview picture inside one
    has an end of its own.
    """
    frame = None
    position = 2
    while found := _MARKER.search(data, position):
        position, marker = found.start(), data[found.start() + 1]
        if marker in (_START_OF_IMAGE, _END_OF_IMAGE):
            raise unreadable()
        if marker == _START_OF_SCAN:
            if frame is None:
                raise unreadable()
            number(data, position + 4, 1)
            return frame, position
        if frame is None and 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            frame = _Frame(
                marker,
                height=number(data, position + 5, 2),
                width=number(data, position + 7, 2),
                num_components=number(data, position + 9, 1),
            )
        position = _behind(data, position)
    raise cut_off(len(data))


def _walk_scans(data: bytes, position: int) -> None:
    """Walk from the first scan to the end of the image."""
    num_scans = 0
    while True:
        marker = data[position + 1]
        if marker == _END_OF_IMAGE:
            return
        if marker == _START_OF_IMAGE:  # the next one, before this one's end
            raise cut_off(len(data))
        num_scans += marker == _START_OF_SCAN
        if num_scans > _MAX_SCANS:
            raise ImageError(
                f"has more than {_MAX_SCANS} scans, which would take too long to read. "
                "Store it anew, or leave it out."
            )
        found = _MARKER_IN_SCAN.search(data, _behind(data, position))
        if found is None:
            raise cut_off(len(data))
        position = found.start()


def _behind(data: bytes, position: int) -> int:
    """Return the position behind the segment whose marker is at a position."""
    if data[position + 1] in _BARE:
        return position + 2
    length = number(data, position + 2, 2)
    if length < 2:
        raise unreadable()
    return position + 2 + length
