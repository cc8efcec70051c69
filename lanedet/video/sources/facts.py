"""What a container says about its tracks, and what is made of it."""

import re
import warnings
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

import av
from av.stream import Disposition

from lanedet.inference.caller_line import callers_stacklevel
from lanedet.video.sources.sound import Sound

DURATION_TAG = "DURATION"
"""The tag that holds the duration of a track of Matroska."""

_NO_CLIP = Disposition.attached_pic | Disposition.timed_thumbnails
_FASTEST = 1000  # frames/s; a bare stream that states more states nothing
_GUESSED_RATE = Fraction(25)  # as FFmpeg does
_MAX_PIXELS = 64_000_000  # of a frame, nearly twice those of 8K
_GAPPY = 4  # times slower on average than its frames follow one another


def video_stream(
    container: av.container.InputContainer, name: str
) -> av.video.stream.VideoStream:
    """Return the track to read: of several the largest, which is reported.

    Raises:
        ValueError: If there is none, FFmpeg cannot decode it, or its frames are larger
            than 64 million pixels.

    Warns:
        UserWarning: If there are several.
    """
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & _NO_CLIP  # no cover of an album, no previews
    ]
    if not streams:
        raise ValueError(f"{name!r} has no video stream. Use a file with pictures.")
    stream = max(streams, key=_num_pixels)  # of equal ones the first
    if stream.codec_context is None:
        raise ValueError(
            f"{name!r} is in a format that this FFmpeg cannot decode. "
            "Convert it to H.264."
        )
    if len(streams) > 1:
        _warn_of_choice(streams, stream, name)
    _check_pixels(stream.codec_context, name)
    stream.thread_type = "AUTO"
    return stream


def sound_of(container: av.container.InputContainer) -> Sound | None:
    """Return the first track of sound that can be decoded, None without one."""
    for stream in container.streams.audio:
        if stream.codec_context is not None and stream.codec_context.sample_rate:
            return Sound(stream)
    return None


def average_rate(stream: av.video.stream.VideoStream, name: str) -> Fraction:
    """Return how many frames a second has on average.

    Raises:
        ValueError: If nothing is stated.
    """
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate and rate > 0:
            return Fraction(rate)
    raise ValueError(
        f"{name!r} states no frame rate. Convert it to MP4 to give it one."
    )


def typical_rate(stream: av.video.stream.VideoStream, average: Fraction) -> Fraction:
    """Return how fast frames follow one another: the average, but for long gaps.

    Args:
        stream: The track.
        average: Its average rate in frames per second, long gaps included.
    """
    if is_gappy(average, stream.guessed_rate):
        return Fraction(stream.guessed_rate)
    return average


def is_gappy(average: Fraction, rate: Fraction | None) -> bool:
    """Whether a rate is so far above the average that there must be long gaps."""
    return rate is not None and rate > _GAPPY * average


def rate_of_packets(times: Sequence[int], time_base: Fraction) -> Fraction | None:
    """Return how fast packets follow one another, None if that is not known.

    Args:
        times: Their time stamps.
        time_base: What these are multiples of, in seconds.

    Example:
        >>> rate_of_packets([0, 40, 80, 600_080, 600_120], Fraction(1, 1000))
        Fraction(25, 1)
    """
    ordered = sorted(times)
    steps = sorted(b - a for a, b in pairwise(ordered) if b > a)
    return 1 / (steps[len(steps) // 2] * time_base) if steps else None


def bare_rate(stream: av.video.stream.VideoStream) -> Fraction | None:
    """Return the rate that the codec's own header states, None if it states none.

    For a stream without a container, of which FFmpeg's average is 25, come what may.
    """
    rate = stream.codec_context.framerate
    if not rate or not 0 < rate <= _FASTEST:
        return None
    return Fraction(rate)


def warn_of_bare_stream(name: str, guessed_rate: Fraction | None) -> None:
    """Warn of what nobody can know of a stream without a container.

    Args:
        name: What to call it.
        guessed_rate: In frames per second; None where the rate is known.
    """
    rate = ""
    if guessed_rate is not None:
        rate = (
            f" It states no frame rate: {float(guessed_rate):g} frames/s is a guess, "
            "set the right one with --fps."
        )
    warnings.warn(
        f"{name!r} is a bare stream without time stamps, of which nobody can say "
        f"whether its end is missing.{rate}",
        stacklevel=callers_stacklevel(),
    )


def warn_of_jump(name: str, length: Fraction) -> None:
    """Warn of a clock that jumps far ahead.

    Args:
        name: What to call the source.
        length: By how much, in seconds.
    """
    warnings.warn(
        f"The clock of {name!r} jumps ahead by {float(length) / 3600:.1f} h: taken for "
        "another recording, whose times go on from the one before.",
        stacklevel=callers_stacklevel(),
    )


def rate_of_bare_stream(
    stream: av.video.stream.VideoStream, given: Fraction | None
) -> tuple[Fraction, Fraction | None]:
    """Return the rate of a stream without a container, and the same if it is a guess.

    Args:
        stream: The track.
        given: What the user says, in frames per second.
    """
    rate = given if given is not None else bare_rate(stream)
    if rate is not None:
        return rate, None
    guess = Fraction(stream.average_rate or _GUESSED_RATE)
    return guess, guess


def stated_duration(
    container: av.container.InputContainer, stream: av.video.stream.VideoStream
) -> float | None:
    """Return the duration of the video stream in seconds, None if not known."""
    if stream.duration:
        return float(stream.duration * stream.time_base)
    # Matroska keeps it in a tag.
    stated_s = None
    tag = re.fullmatch(
        r"(\d+):(\d+):(\d+(?:\.\d+)?)", stream.metadata.get(DURATION_TAG, "")
    )
    if tag:
        hours, minutes, seconds = (float(part) for part in tag.groups())
        stated_s = 3600 * hours + 60 * minutes + seconds
    elif container.duration and len(container.streams) == 1:
        stated_s = float(container.duration / av.time_base)
    if stated_s and stream.start_time and container.format.name.startswith("matroska"):
        # FFmpeg counts it from 0, not from the first frame. If another program did
        # not, a cut may pass for the end, which is better than the reverse.
        start_s = float(stream.start_time * stream.time_base)
        return stated_s - start_s if stated_s > start_s else stated_s
    return stated_s


def _num_pixels(stream: av.video.stream.VideoStream) -> int:
    context = stream.codec_context
    return (context.width or 0) * (context.height or 0) if context else 0


def _check_pixels(context: av.codec.context.CodecContext, name: str) -> None:
    """Raise ValueError if frames are too large; keep the decoder from making such."""
    if context.width * context.height > _MAX_PIXELS:
        raise ValueError(
            f"The frames of {name!r} must have at most {_MAX_PIXELS // 10**6} million "
            f"pixels, got {context.width}x{context.height}. Make them smaller."
        )
    # A frame may turn out larger than the container says.
    context.options = {"max_pixels": str(_MAX_PIXELS)}


def _warn_of_choice(
    streams: Sequence[av.video.stream.VideoStream],
    chosen: av.video.stream.VideoStream,
    name: str,
) -> None:
    sizes = ", ".join(
        f"{stream.codec_context.width}x{stream.codec_context.height}"
        if stream.codec_context
        else "unknown"
        for stream in streams
    )
    warnings.warn(
        f"{name!r} has {len(streams)} video tracks ({sizes}): number "
        f"{streams.index(chosen) + 1} is read, the first of the largest ones.",
        stacklevel=callers_stacklevel(),
    )
