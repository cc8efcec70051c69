"""Frames out of a video file."""

import errno
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av

from lanedet.video.sources import facts
from lanedet.video.sources.clock import longest_gap
from lanedet.video.sources.container import ContainerReader
from lanedet.video.sources.damage import is_cut, is_damaged
from lanedet.video.sources.ending import Ending
from lanedet.video.sources.media_errors import MEDIA_ERRORS, failure_reason

_CUT_MP4_HINT = (
    "; this one looks like an MP4 without its index, as one that was cut off while it "
    "was recorded: repair it first"
)
_MP4_BOXES = (b"ftyp", b"mdat", b"moov", b"wide", b"free", b"skip")
_SELF_CONTAINED = {  # options of FFmpeg, by which other formats name other files
    "protocol_whitelist": "file",
    "format_whitelist": "amv,apng,asf,av1,avi,dhav,dv,flv,gif,gxf,h261,h263,h264,hevc,"
    "ivf,live_flv,m4v,matroska,mjpeg,mov,mpeg,mpegts,mpegtsraw,mpegvideo,mxf,nsv,nut,"
    "obu,ogg,pva,rm,vc1,vvc,webp,wtv,yuv4mpegpipe",
}
# What FFmpeg says of damage: that there is nothing, or that it may not.
_DAMAGE = (errno.EIO, errno.EPERM)
_NUM_TIMED = 250  # packets, ten seconds of most recordings


class VideoReader(ContainerReader):
    """Iterate over the frames of a video file, once.

    See :class:`ContainerReader` for what happens where the file is broken.

    Args:
        path: The video file, in any format and codec that FFmpeg knows.
        with_sound: Whether ``sound`` is to be there, if the file has any.
        bare_rate: Frames per second of a bare stream, as in :class:`ContainerReader`.
        self_contained: Whether to refuse formats that may name other files, as
            playlists do, which would be read too: for files of strangers.
        decoder_threads: As in :class:`ContainerReader`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file is no video, has no video stream, or not one of its
            frames can be decoded.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        with_sound: bool = False,
        bare_rate: Fraction | int | None = None,
        self_contained: bool = False,
        decoder_threads: int | None = None,
    ) -> None:
        self.path = Path(path)
        self.files = (self.path,)
        self._self_contained = self_contained
        super().__init__(
            _open_video(self.path, self_contained),
            str(path),
            with_sound=with_sound,
            bare_rate=bare_rate,
            decoder_threads=decoder_threads,
        )

    def skip_to(self, start_s: float) -> None:
        """Begin with the last key frame before a time, in seconds.

        The packets before it are counted, not decoded: that keeps the frames' numbers.
        Where the file has no time stamps, or its key frames cannot be found by them,
        nothing is skipped.
        """
        first = self._first
        # What is no file, as a pipe, cannot be opened twice.
        if self._start is None or start_s <= 0 or not self.path.is_file():
            return
        target = first.pts + int(Fraction(start_s) / self._stream.time_base)
        with VideoReader(self.path, self_contained=self._self_contained) as trial:
            index = trial._index_after_seek(target)
        if index is not None:
            self._seek(target)
            self._first_index = index

    def _take_facts(self, bare_rate: Fraction | int | None) -> None:
        super()._take_facts(bare_rate)
        # Of a fragmented MP4 every rate that FFmpeg states is the average, gaps and
        # all, but for the finest that its time stamps allow.
        is_known = not facts.is_gappy(self.frame_rate, self._stream.base_rate)
        if not self.has_times or is_known or not self.path.is_file():
            return
        rate = self._rate_of_packets()
        if rate is not None and facts.is_gappy(self.frame_rate, rate):
            self.frame_rate = rate

    def _rate_of_packets(self) -> Fraction | None:
        """Return how fast the first frames follow one another."""
        times = []
        with _open_video(self.path, self._self_contained) as container:
            stream = container.streams[self._stream.index]
            with suppress(*MEDIA_ERRORS):  # which will be met again
                for packet in islice(container.demux(stream), _NUM_TIMED):
                    times += [] if packet.dts is None else [packet.dts]
            return facts.rate_of_packets(times, Fraction(stream.time_base))

    def _is_cut(self, ending: Ending) -> bool:
        if self.path.is_file() and is_cut(self.path, self.container_format):
            return True
        return super()._is_cut(ending)

    def _is_damaged(self, has_gap: bool) -> bool:
        return self.path.is_file() and is_damaged(
            self.path, self.container_format, has_gap=has_gap
        )

    def _index_after_seek(self, target: int) -> int | None:
        """Go to a time stamp; return the first frame's index, None if not known."""
        begin = self._first.pts
        try:
            self._seek(target)
        except ValueError:  # nothing can be decoded from there on
            return None
        except MEDIA_ERRORS:
            return None
        pts = self._first.pts
        if begin is None or pts is None or not begin <= pts <= target:
            return None
        return self._count_packets(begin, pts)

    def _seek(self, pts: int) -> None:
        self._container.seek(pts, stream=self._stream)
        if self.sound is not None:
            self.sound.clear()
        self._begin()

    def _count_packets(self, begin: int, end: int) -> int | None:
        """Return how many frames have a time stamp from ``begin`` to before ``end``.

        None where ``end`` comes first elsewhere than at the frame just read: the clock
        jumps back; or where it jumps ahead before.
        """
        number, is_found, last = 0, False, None
        longest = longest_gap(self.time_base) / self.time_base  # in ticks
        with _open_video(self.path, self._self_contained) as container:
            for packet in container.demux(container.streams[self._stream.index]):
                if packet.pts is None:
                    break
                if last is not None and packet.dts and packet.dts - last > longest:
                    return None
                last = packet.dts
                if packet.pts == end:
                    is_found = packet.pos == self._places.get(end)
                if packet.dts is not None and packet.dts >= end:
                    return number if is_found else None
                number += begin <= packet.pts < end and not packet.is_discard
        return number if is_found and not packet.size else None


def _open_video(path: Path, self_contained: bool) -> av.container.InputContainer:
    if not path.exists():
        raise FileNotFoundError(f"No video at {str(path)!r}. Check the path.")
    if path.is_file() and not path.stat().st_size:
        raise ValueError(f"{str(path)!r} is empty. Copy or record it again.")
    if path.is_dir():
        raise ValueError(
            f"{str(path)!r} is a folder. Name one video file; for several, run once "
            "for each."
        )
    try:
        # "file:" keeps FFmpeg from reading a colon in the name as a protocol.
        container = av.open(
            f"file:{path}",
            options=_SELF_CONTAINED if self_contained else {},
            metadata_errors="replace",
        )
    except av.error.ArgumentError as error:
        if not self_contained:
            raise ValueError(
                f"{str(path)!r} is no video that FFmpeg can read. Use a video file."
            ) from error
        raise ValueError(
            f"{str(path)!r} is of no format that is known to hold all of its pictures "
            "itself. Use MP4, MOV, MKV, WebM, AVI, MPEG-TS, FLV or WMV."
        ) from error
    except (EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _DAMAGE:  # rights, say
            reason = failure_reason(error)
            raise OSError(f"{str(path)!r} cannot be opened: {reason}.") from error
        raise ValueError(
            f"{str(path)!r} is damaged or ends before its first frame, as what was cut "
            "off while it was recorded or copied. Copy or record it again."
        ) from error
    except MEDIA_ERRORS as error:
        hint = _CUT_MP4_HINT if _begins_as_mp4(path) else ""
        raise ValueError(
            f"{str(path)!r} is no video that FFmpeg can read. Use a video file{hint}."
        ) from error
    if container.format.name == "tty":  # FFmpeg would show any text as a clip
        container.close()
        raise ValueError(f"{str(path)!r} is a text file. Use a video file.")
    return container


def _begins_as_mp4(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8)[4:] in _MP4_BOXES
