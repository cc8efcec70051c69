"""PNG files, walked chunk by chunk.

https://www.w3.org/TR/png-3/, sections 5 and 11.
"""

from lanedet.images.header import ImageHeader, cut_off, number, unreadable

START = b"\x89PNG\r\n\x1a\n"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a pixel, by color type
_INFLATION = 1032  # most bytes that one byte of deflate stands for


def read_png_header(data: bytes) -> ImageHeader:
    """Return what a PNG file tells of its image, which must be there to its end.

    What follows the end does not matter.

    Raises:
        ImageError: If the file is cut off or damaged.
    """
    if data[12:16] not in (b"", b"IHDR"):
        raise unreadable()
    width, height = number(data, 16, 4), number(data, 20, 4)
    depth, color = number(data, 24, 1), number(data, 25, 1)
    num_frames = _walk(data)
    row = 1 + -(-width * depth * _SAMPLES.get(color, 1) // 8)
    return ImageHeader(
        height, width, least_bytes=height * row // _INFLATION, is_series=num_frames > 1
    )


def _walk(data: bytes) -> int:
    """Return the number of frames, from the first chunk to the last."""
    num_frames = 1
    position = len(START)
    while position + 12 <= len(data):
        length, kind = number(data, position, 4), data[position + 4 : position + 8]
        if not kind.isalpha():
            raise unreadable()
        if kind == b"IEND":
            return num_frames
        if kind == b"acTL":
            num_frames = number(data, position + 8, 4)
        position += 12 + length
    raise cut_off(len(data))
