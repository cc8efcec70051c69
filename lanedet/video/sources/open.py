"""From what a user names to a source of frames."""

import errno
import glob
import sys
import warnings
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlsplit

import av

from lanedet.images import IMAGE_SUFFIXES, find_images, find_videos, image_root
from lanedet.inference.caller_line import callers_stacklevel
from lanedet.video.sources.animation import is_animated_png
from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.file import VideoReader
from lanedet.video.sources.images import ImageSource
from lanedet.video.sources.live import LiveSource
from lanedet.video.sources.media_errors import MEDIA_ERRORS, failure_reason
from lanedet.video.sources.source import Source, counted

_NO_VIDEO = "what it sends is no video"
_IMAGE_RATE = 10  # frames/s
_PLAYLISTS = ("dash", "hls", "rtsp", "sdp")  # whose size is not that of what they name
_CAMERAS = {  # FFmpeg's format and the name of camera {index}
    "linux": ("v4l2", "/dev/video{index}"),
    "darwin": ("avfoundation", "{index}"),
}


def open_source(
    name: str,
    *,
    image_rate: Fraction | int | None = None,
    with_sound: bool = False,
    stall_s: float = 10.0,
    max_wait_s: float = 30.0,
) -> Source:
    """Open what frames are to come from.

    Args:
        name: A video file, an image, a folder of images (those in its folders too), a
            pattern of images such as ``drive/*.jpg``, the number of a camera, or a
            URL: rtsp://, http:// and whatever else FFmpeg knows. file:// names a path.
        image_rate: Frames per second where the source is made of images, then 10 if
            not given, or is a bare stream such as ``.h264``, then what that states.
        with_sound: Whether the source is to have its ``sound``. It then has to be
            taken while frames are read.
        stall_s: How long a stream may send nothing, or nothing that can be decoded
            while it is opened, before it counts as dropped, in seconds.
        max_wait_s: How long to try to get a live source back, in seconds.

    Raises:
        FileNotFoundError: If there is no such file, folder or image.
        ValueError: If it is nothing that frames can come from.
        OSError: If the camera or stream cannot be opened.

    Warns:
        UserWarning: If a folder or pattern names videos too, which are passed over.
    """
    if name.lower().startswith("file://"):
        name = _path_of_url(name)
    if "://" in name:
        return _Stream(name, stall_s).open(with_sound, image_rate, max_wait_s)
    if not name:  # which a path takes for the folder one is in
        raise ValueError(
            "A source must be named: a video, an image, a folder, a pattern, a camera "
            "or a URL, got ''. For the images of the folder you are in use '.'."
        )
    path = Path(name)
    is_pattern = not path.exists() and not name.isdecimal() and glob.has_magic(name)
    if path.is_dir() or is_pattern:
        title = name if is_pattern else path.resolve().name
        images = _open_images(path, image_rate, title)
        _warn_of_videos(path)
        return images
    is_image = path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
    if is_image and not is_animated_png(path):
        return _open_images(path, image_rate, path.name)
    if not path.exists() and name.isdecimal():
        return _open_camera(int(name), stall_s, max_wait_s)
    return VideoReader(path, with_sound=with_sound, bare_rate=image_rate)


def _path_of_url(url: str) -> str:
    """Return the path that a file:// URL names, so that it is treated as one."""
    host, slash, path = url[len("file://") :].partition("/")
    if host.lower() not in ("", "localhost"):
        raise ValueError(
            f"A file:// URL must name a file of this computer, such as "
            f"file:///drive.mp4, got {url!r}. Give the path itself."
        )
    return unquote(slash + path)


def _open_images(
    path: Path, image_rate: Fraction | int | None, name: str
) -> ImageSource:
    rate = _IMAGE_RATE if image_rate is None else image_rate
    return ImageSource(find_images(path), image_root(path), rate, name)


def _warn_of_videos(source: Path) -> None:
    videos = find_videos(source)
    if videos:
        warnings.warn(
            f"The pictures in {str(source)!r} are read and "
            f"{counted(len(videos), 'video')} in it passed over. Name a video to "
            f"read it, such as {str(videos[0])!r}.",
            stacklevel=callers_stacklevel(),
        )


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
        lambda: ContainerReader(connect(), name, is_live=True),
        name,
        max_wait_s=max_wait_s,
    )


class _Stream:
    """What a URL names: a live stream, or a file that a server has.

    Args:
        url: The URL, which may hold a password.
        stall_s: How long it may send nothing, in seconds.
    """

    def __init__(self, url: str, stall_s: float) -> None:
        parts = urlsplit(url)
        # Without a password, which would show on the screen and in logs.
        self._name = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
        self._connect = _connector(url, self._name, stall_s)

    def open(
        self, with_sound: bool, bare_rate: Fraction | int | None, max_wait_s: float
    ) -> Source:
        container = self._connect()
        if _is_finite(container):
            return self._open_file(container, with_sound, bare_rate)
        opened = [container]  # already, to find out

        def connect() -> ContainerReader:
            connection = opened.pop() if opened else self._connect()
            return ContainerReader(connection, self._name, is_live=True)

        return LiveSource(connect, self._name, max_wait_s=max_wait_s)

    def _open_file(
        self,
        container: av.container.InputContainer,
        with_sound: bool,
        bare_rate: Fraction | int | None,
    ) -> ContainerReader:
        is_mp4 = container.format.name.startswith("mov")
        try:
            return ContainerReader(
                container, self._name, with_sound=with_sound, bare_rate=bare_rate
            )
        except ValueError as error:
            if not is_mp4 or error.__cause__ is None:  # the cause is FFmpeg's
                raise
            raise ValueError(
                f"Not one frame of {self._name!r} can be decoded. Where an MP4 has its "
                "index at the end, as recorders put it, the server must answer "
                "requests for ranges of bytes. Serve it by one that does, or download "
                "it first."
            ) from error


def _is_finite(container: av.container.InputContainer) -> bool:
    """Return whether a stream has an end: it states its length or its size."""
    if container.duration is not None:
        return True
    return container.format.name not in _PLAYLISTS and container.size > 0


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
        except MEDIA_ERRORS as error:
            raise _cannot_open(name, _opening_failure(error, stall_s)) from error
        if container.format.name == "tty":  # FFmpeg would show any text as a clip
            container.close()
            raise _cannot_open(name, _NO_VIDEO)
        return container

    return connect


def _opening_failure(error: Exception, stall_s: float) -> str:
    if isinstance(error, av.error.ExitError):
        return f"no picture came within {stall_s:g} s"
    if isinstance(error, av.error.InvalidDataError | EOFError):
        return _NO_VIDEO
    if isinstance(error, OSError) and error.errno == errno.EIO:
        # Of the network, FFmpeg says no more than this.
        return f"its host is not known, or {_NO_VIDEO}"
    return failure_reason(error)


def _cannot_open(name: str, reason: str) -> ConnectionError:
    return ConnectionError(
        f"{name!r} cannot be opened: {reason}. Check that it is there and sends "
        "pictures."
    )
