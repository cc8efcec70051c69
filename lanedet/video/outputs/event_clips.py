"""Short clips around what happened, cut out of an annotated clip."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from lanedet.runtime import progress_bar
from lanedet.structures import DepartureEvent
from lanedet.video.outputs.writer import VideoWriter
from lanedet.video.sources.file import VideoReader
from lanedet.video.sources.selection import Selection

_BEFORE_S, _AFTER_S = 4.0, 4.0


def event_clip_path(
    clip: Path, folder: Path, number: int, event: DepartureEvent
) -> Path:
    """Return where the clip of an event goes.

    Args:
        clip: The annotated clip.
        folder: Where its events go.
        number: Number of the event, from 1.
        event: The event.
    """
    name = f"{clip.stem}_event{number:03d}_{event.time_s:06.1f}s_{event.kind}"
    return folder / f"{name}{clip.suffix}"


def cut_event_clips(
    clip: Path, events: Sequence[DepartureEvent], start: Fraction, folder: Path
) -> Iterator[Path]:
    """Write a clip of 4 s before to 4 s after each event.

    Whatever stops it, such as Ctrl-C, there are whole clips only, and those that were
    yielded: the one that is being cut is left out.

    Args:
        clip: The annotated clip, which stays as it is.
        events: With times on the source's clock.
        start: Time of the clip's first frame on that clock, in seconds.
        folder: Where to; it is made if missing. The names tell number, time and kind:
            ``drive_event003_0071.4s_left.mp4``.

    Yields:
        Each clip, when it is whole, one for each event.

    Raises:
        OSError: If a clip cannot be written.
    """
    title = f"{folder.name} (Ctrl-C ends them)"
    bar = progress_bar(events, unit="clip", desc=title, disable=not events)
    for number, event in enumerate(bar, start=1):
        time_s = event.time_s - float(start)
        path = event_clip_path(clip, folder, number, event)
        try:
            _cut(clip, path, Selection(max(0.0, time_s - _BEFORE_S), time_s + _AFTER_S))
        except BaseException:  # among them Ctrl-C and what `kill` raises
            path.unlink(missing_ok=True)
            raise
        yield path


def _cut(clip: Path, out: Path, selection: Selection) -> None:
    with (
        VideoReader(clip, with_sound=True) as reader,
        VideoWriter(
            out,
            reader.frame_rate,
            reader.sample_aspect_ratio,
            time_base=reader.time_base,
            sound=reader.sound,
        ) as writer,
    ):
        for frame in selection.frames(reader):
            writer.write(frame.image, frame.time)
            writer.write_sound(selection.end)
