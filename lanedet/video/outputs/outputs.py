"""What a run over a video is to make, and whether it can."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from lanedet.files import (
    check_distinct_outputs,
    check_name_length,
    claim_file,
    claim_folder,
)
from lanedet.formats import culane_label_path
from lanedet.structures import DepartureEvent
from lanedet.video.outputs.event_clips import event_clip_path
from lanedet.video.outputs.predictions import check_no_lanes


@dataclass(frozen=True)
class VideoOutputs:
    """What a run is to make. At least one thing must be asked for."""

    clip: Path | None = None
    """The annotated clip: .mp4, .mov or .mkv."""

    log: Path | None = None
    """The lanes as JSON Lines (:class:`LaneLog`)."""

    tusimple: Path | None = None
    """The lanes as a TuSimple prediction file (:class:`TuSimplePredictions`)."""

    culane: Path | None = None
    """The lanes as a folder of CULane's files (:class:`CULanePredictions`)."""

    event_clips: Path | None = None
    """Folder of short clips around each lane departure; needs ``clip``."""

    show: bool = False
    """Whether to show the annotated frames in a window while they are made."""

    @property
    def paths(self) -> list[Path]:
        """All files and folders."""
        values = (getattr(self, field.name) for field in fields(self))
        return [value for value in values if isinstance(value, Path)]

    @property
    def has_pictures(self) -> bool:
        """Whether frames are drawn."""
        return self.clip is not None or self.show

    def check(
        self, source: str, files: Sequence[Path] = (), sequences: Sequence[str] = ()
    ) -> None:
        """Raise ValueError if this cannot be made of a source.

        Args:
            source: What the user calls it.
            files: What it reads, where that is known (:attr:`Source.files`).
            sequences: How its frames are named, likewise (:attr:`Source.sequences`).
        """
        if not self.paths and not self.show:
            raise ValueError(
                "Nothing to do: ask for a clip, a log of the lanes, a benchmark's "
                "format or a window."
            )
        if self.event_clips is not None and self.clip is None:
            raise ValueError("Clips of events are cut out of a clip: ask for it too.")
        taken = {_identity(Path(source.removeprefix("file://")))}
        taken.update(map(_identity, files))
        for path in self.paths:
            if _identity(path) in taken:
                raise ValueError(
                    "The source and the outputs must be different files, but "
                    f"{str(path)!r} is the source, a file of it or named twice. Choose "
                    "another name."
                )
            taken.add(_identity(path))
        self._check_names(files)
        if self.culane is not None:
            check_no_lanes(self.culane, sequences)

    def _check_names(self, files: Sequence[Path]) -> None:
        """Raise ValueError or OSError where a file could not get its name."""
        for path in self.paths:
            check_name_length(path)
        if self.culane is not None:
            # Beside the pictures, as they lie below one folder like their outputs.
            labels = [culane_label_path(path.parent, path.name) for path in files]
            check_distinct_outputs(zip(files, labels, strict=True))
            for label in labels:
                check_name_length(label)
        if self.event_clips is not None and self.clip is not None:
            latest = DepartureEvent("right", 1e8, 0, 0.0)
            longest = event_clip_path(self.clip, self.event_clips, 10**6, latest)
            check_name_length(longest)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold all outputs, so that no other run writes to them.

        Raises:
            OSError: If another run does, or their folders cannot be made.
        """
        with ExitStack() as claims:
            for path in (self.clip, self.log, self.tusimple):
                if path is not None:
                    claims.enter_context(claim_file(path))
            for folder in (self.culane, self.event_clips):
                if folder is not None:
                    claims.enter_context(claim_folder(folder))
            yield


def _identity(path: Path) -> tuple[int, int] | Path:
    """Return what two names of one file have in common, hard links among them."""
    path = path.resolve()
    try:
        status = path.stat()
    except OSError:  # not there yet
        return path
    return status.st_dev, status.st_ino
