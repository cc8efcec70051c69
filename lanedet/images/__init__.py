"""Image files to arrays and back, never half a file."""

from lanedet.images.find import (
    IMAGE_SUFFIXES,
    VIDEO_SUFFIXES,
    find_images,
    find_videos,
    image_root,
    plan_outputs,
)
from lanedet.images.header import ImageError
from lanedet.images.reading import (
    decode_image,
    read_image,
    read_image_shape,
    read_shrunk_image,
    read_stored_image,
)
from lanedet.images.writing import (
    check_image_path,
    encode_image,
    has_image_suffix,
    write_image,
)

__all__ = [
    "IMAGE_SUFFIXES",
    "VIDEO_SUFFIXES",
    "ImageError",
    "check_image_path",
    "decode_image",
    "encode_image",
    "find_images",
    "find_videos",
    "has_image_suffix",
    "image_root",
    "plan_outputs",
    "read_image",
    "read_image_shape",
    "read_shrunk_image",
    "read_stored_image",
    "write_image",
]
