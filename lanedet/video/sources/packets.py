"""The packets of a container, before they are decoded."""

from collections.abc import Iterator
from fractions import Fraction

import av

from lanedet.video.sources.clock import SteadyClock
from lanedet.video.sources.media_errors import MEDIA_ERRORS
from lanedet.video.sources.sound import Sound


class PacketReader:
    """Iterate over the packets of a container's pictures, and put its sound aside.

    Time stamps go on where the container's clock jumps (:class:`SteadyClock`). Where
    reading fails, a last packet that flushes the decoder comes before the error.

    Args:
        container: What FFmpeg opened.
        stream: The track of pictures.
        frame_length: Length of a frame, in seconds.
        sound: What takes the packets of sound; None where nobody wants them.

    Attributes:
        last: The last packet so far that holds anything.
        end: When the packets so far are no longer shown, on the container's clock.
        skipped: By how much that clock has jumped ahead so far, in seconds.
    """

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.video.stream.VideoStream,
        frame_length: Fraction,
        sound: Sound | None,
    ) -> None:
        self.last: av.Packet | None = None
        self.end = Fraction(0)
        self._container, self._stream, self._sound = container, stream, sound
        self._clock = SteadyClock(stream.index, frame_length)

    @property
    def skipped(self) -> Fraction:  # noqa: D102 - among the attributes
        return self._clock.skipped

    def __iter__(self) -> Iterator[av.Packet]:
        """Yield the packets, the last of which is empty and only flushes the decoder.

        Raises:
            Exception: Any of ``MEDIA_ERRORS``, where the container is broken.
        """
        streams = [self._stream, *([self._sound.stream] if self._sound else [])]
        try:
            for packet in _demux(self._container, streams):
                self._clock.correct(packet)
                if self._sound is not None and packet.stream is self._sound.stream:
                    self._sound.add(packet)
                    continue
                if packet.size:
                    self.last = packet
                    self.end = max(self.end, _end_of(packet))
                yield packet
        except MEDIA_ERRORS:
            flushing = av.Packet()
            flushing.stream = self._stream
            yield flushing
            raise


def _demux(
    container: av.container.InputContainer, streams: list[av.stream.Stream]
) -> Iterator[av.Packet]:
    """Yield packets, also past a track that appears only on the way."""
    while True:
        try:
            yield from container.demux(streams)
        except IndexError:  # which PyAV has no place for until it is asked again
            continue
        return


def _end_of(packet: av.Packet) -> Fraction:
    """Return when a packet is no longer shown, on the container's clock."""
    if packet.pts is None:
        return Fraction(0)
    return Fraction((packet.pts + (packet.duration or 0)) * packet.time_base)
