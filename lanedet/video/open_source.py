"""From what a user names to a source of frames."""

import errno
import glob
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av

from lanedet.inference import IMAGE_SUFFIXES, find_images, image_root
from lanedet.video.container_reader import ContainerReader
from lanedet.video.image_source import ImageSource
from lanedet.video.live_source import LiveSource
from lanedet.video.source import Source
from lanedet.video.video_reader import VideoReader

_NO_VIDEO = "what it sends is no video"
_CAMERAS = {  # FFmpeg's format and the name of camera {index}
    "linux": ("v4l2", "/dev/video{index}"),
    "darwin": ("avfoundation", "{index}"),
}


def open_source(
    name: str,
    *,
    image_rate: Fraction | int = 10,
    with_sound: bool = False,
    stall_s: float = 10.0,
    max_wait_s: float = 30.0,
) -> Source:
    """Open what frames are to come from.

    Args:
        name: A video file, an image, a folder of images (those in its folders too), a
            pattern of images such as ``drive/*.jpg``, the number of a camera, or a
            URL: rtsp://, http:// and whatever else FFmpeg knows. file:// names a path.
        image_rate: Frames per second where the source is made of images.
        with_sound: Whether the source is to have its ``sound``. It then has to be
            taken while frames are read.
        stall_s: How long a stream may send nothing, or nothing that can be decoded
            while it is opened, before it counts as dropped, in seconds.
        max_wait_s: How long to try to get a live source back, in seconds.

    Raises:
        FileNotFoundError: If there is no such file, folder or image.
        ValueError: If it is nothing that frames can come from.
        OSError: If the camera or stream cannot be opened.
    """
    if name.lower().startswith("file://"):
        name = _path_of_url(name)
    if "://" in name:
        return _open_stream(name, with_sound, stall_s, max_wait_s)
    if not name:  # which a path takes for the folder one is in
        raise ValueError(
            "A source must be named: a video, an image, a folder, a pattern, a camera "
            "or a URL, got ''. For the images of the folder you are in use '.'."
        )
    path = Path(name)
    if path.is_dir():
        return _open_images(path, image_rate, path.resolve().name)
    if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
        return _open_images(path, image_rate, path.name)
    if not path.exists() and name.isdecimal():
        return _open_camera(int(name), stall_s, max_wait_s)
    if not path.exists() and glob.has_magic(name):
        return _open_images(path, image_rate, name)
    return VideoReader(path, with_sound=with_sound)


def _path_of_url(url: str) -> str:
    """Return the path that a file:// URL names, so that it is treated as one."""
    host, slash, path = url[len("file://") :].partition("/")
    if host.lower() not in ("", "localhost"):
        raise ValueError(
            f"A file:// URL must name a file of this computer, such as "
            f"file:///drive.mp4, got {url!r}. Give the path itself."
        )
    return unquote(slash + path)


def _open_images(path: Path, image_rate: Fraction | int, name: str) -> ImageSource:
    return ImageSource(find_images(path), image_root(path), image_rate, name)


def _open_camera(index: int, stall_s: float, max_wait_s: float) -> LiveSource:
    if sys.platform not in _CAMERAS:
        raise ValueError(
            "A camera can be named by its number on Linux and macOS only. Use a "
            "program that serves it as a stream, and name its URL."
        )
    kind, device = _CAMERAS[sys.platform]
    name = f"camera {index}"
    connect = _connector(device.format(index=index), name, stall_s, kind)
    return LiveSource(
        lambda: ContainerReader(connect(), name), name, max_wait_s=max_wait_s
    )


def _open_stream(
    url: str, with_sound: bool, stall_s: float, max_wait_s: float
) -> Source:
    parts = urlsplit(url)
    # Without a password, which would show on the screen and in logs.
    name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    connect = _connector(url, name, stall_s)
    container = connect()
    if container.duration is not None:
        return _open_remote_file(container, name, with_sound)
    opened = [container]  # already, to find out
    return LiveSource(
        lambda: ContainerReader(opened.pop() if opened else connect(), name),
        name,
        max_wait_s=max_wait_s,
    )


def _open_remote_file(
    container: av.container.InputContainer, name: str, with_sound: bool
) -> ContainerReader:
    is_mp4 = container.format.name.startswith("mov")
    try:
        return ContainerReader(container, name, with_sound=with_sound)
    except ValueError as error:
        if not is_mp4 or error.__cause__ is None:  # the cause is FFmpeg's
            raise
        raise ValueError(
            f"Not one frame of {name!r} can be decoded. Where an MP4 has its index at "
            "the end, as recorders put it, the server must answer requests for ranges "
            "of bytes. Serve it by one that does, or download it first."
        ) from error


def _connector(
    location: str, name: str, stall_s: float, kind: str | None = None
) -> Callable[[], av.container.InputContainer]:
    """Return a function that opens a camera or stream, or raises OSError."""

    def connect() -> av.container.InputContainer:
        try:
            container = av.open(
                location,
                format=kind,
                options={"rtsp_transport": "tcp", "reconnect": "1"},
                timeout=stall_s,
                metadata_errors="replace",
            )
        except av.error.FFmpegError as error:
            raise _cannot_open(name, _opening_failure(error, stall_s)) from error
        if container.format.name == "tty":  # FFmpeg would show any text as a film
            container.close()
            raise _cannot_open(name, _NO_VIDEO)
        return container

    return connect


def _opening_failure(error: av.error.FFmpegError, stall_s: float) -> str:
    if isinstance(error, av.error.ExitError):
        return f"no picture came within {stall_s:g} s"
    if isinstance(error, av.error.InvalidDataError):
        return _NO_VIDEO
    if error.errno == errno.EIO:  # of the network, FFmpeg says no more than this
        return f"its host is not known, or {_NO_VIDEO}"
    return str(error.strerror)


def _cannot_open(name: str, reason: str) -> ConnectionError:
    return ConnectionError(
        f"{name!r} cannot be opened: {reason}. Check that it is there and sends "
        "pictures."
    )
