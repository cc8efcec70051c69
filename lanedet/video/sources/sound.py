"""Sound on its way from a video to a clip: copied where a clip can take it."""

from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

import av

# What browsers play out of an MP4 file. It takes others, such as AC-3 and PCM, but
# then the clip is silent there. MOV has no place for all of them.
_COPIED = ("aac", "mp3", "opus", "flac")
_COPIED_TO_MOV = ("aac", "mp3")
_ENCODED_AS = "aac"


class SoundPacket(NamedTuple):
    """A piece of encoded sound."""

    time: Fraction
    """When it begins, in seconds since the source's first frame; may be negative."""

    end: Fraction
    """When it ends, likewise."""

    packet: av.Packet
    """The piece itself; its own time stamps are those of the source."""


class Sound:
    """The sound beside a source's frames, as packets in the order of reading.

    One thread may add packets while another takes them.

    Args:
        stream: The track, of a container that stays open as long as this is used.
    """

    def __init__(self, stream: av.audio.stream.AudioStream) -> None:
        self.stream = stream
        self.origin = Fraction(0)
        """Where the source's first frame lies on the container's clock, in seconds."""
        self._packets: deque[av.Packet] = deque()

    def add(self, packet: av.Packet) -> None:
        """Add what was read. A packet without a time cannot be placed and is lost."""
        if packet.size and packet.pts is not None:
            self._packets.append(packet)

    def take(self) -> Iterator[SoundPacket]:
        """Yield the packets added so far, and forget them."""
        while self._packets:
            yield self._place(self._packets.popleft())

    def drop_before(self, time: Fraction) -> None:
        """Forget packets that end before a time, in seconds since the first frame."""
        while self._packets and self._place(self._packets[0]).end < time:
            self._packets.popleft()

    def clear(self) -> None:
        """Forget all packets."""
        self._packets.clear()

    def _place(self, packet: av.Packet) -> SoundPacket:
        time = packet.pts * packet.time_base - self.origin
        length = (packet.duration or 0) * packet.time_base
        return SoundPacket(time, time + length, packet)


class SoundTrack:
    """The sound of a clip that is being written.

    What a browser plays out of an MP4 file is copied as it is, if the container takes
    it; the rest is encoded anew, as AAC. What cannot be decoded then is left out.

    Args:
        container: The clip, before its first packet.
        sound: What to write.
    """

    def __init__(self, container: av.container.OutputContainer, sound: Sound) -> None:
        self._container = container
        source = sound.stream.codec_context
        self._decoder: av.AudioCodecContext | None = None
        self._filter: av.BitStreamFilterContext | None = None
        self._last_dts: int | None = None
        copied = _COPIED_TO_MOV if container.format.name == "mov" else _COPIED
        if source.codec.canonical_name in copied:
            self._stream = container.add_stream_from_template(sound.stream)
            if source.codec.canonical_name == "aac" and not source.extradata:
                # MPEG-TS says before each piece what other containers say once.
                self._filter = av.BitStreamFilterContext("aac_adtstoasc", sound.stream)
            return
        self._decoder = source
        self._stream = container.add_stream(_ENCODED_AS, rate=source.sample_rate)
        self._stream.layout = "mono" if source.channels == 1 else "stereo"

    def write(self, packet: av.Packet, time: Fraction) -> None:
        """Append a packet.

        Args:
            packet: Packet of the sound given to the constructor.
            time: When it begins in the clip, in seconds.

        Raises:
            OSError: If the file cannot be written.
        """
        if self._decoder is None:
            delay = (packet.pts - packet.dts) if packet.dts is not None else 0
            packet.pts = round(time / packet.time_base)
            packet.dts = packet.pts - delay
            pieces = [packet] if self._filter is None else self._filter.filter(packet)
            for piece in pieces:
                self._mux(piece)
            return
        try:
            frames = self._decoder.decode(packet)
        except av.error.InvalidDataError:
            return
        for frame in frames:
            frame.time_base = Fraction(1, frame.sample_rate)
            frame.pts = round(time * frame.sample_rate)
            time += Fraction(frame.samples, frame.sample_rate)
            for encoded in self._stream.encode(frame):
                self._mux(encoded)

    def close(self) -> None:
        """Write what is still in the encoder."""
        if self._decoder is not None and self._last_dts is not None:
            for encoded in self._stream.encode(None):
                self._mux(encoded)

    def _mux(self, packet: av.Packet) -> None:
        # A clock that jumped back would end the clip here; the pictures matter more.
        if self._last_dts is not None and packet.dts <= self._last_dts:
            return
        self._last_dts = packet.dts
        packet.stream = self._stream
        self._container.mux(packet)
