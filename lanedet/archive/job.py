"""What a run of an archive does to each clip, and the same as a table's header."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np

from lanedet import __version__
from lanedet.archive.layout import HEADER
from lanedet.archive.storage import STALL_S
from lanedet.formats.models import sidecar_of
from lanedet.inference import LaneInferencer
from lanedet.video import Calibration

_FORMAT = 2
_BESIDE = {".xml": ".bin"}  # where OpenVINO keeps the weights of a graph


@dataclass(frozen=True)
class ModelFiles:
    """A model's files, as they go to computers that do not have them."""

    name: str
    """Name of the file to open."""

    contents: Mapping[str, bytes]
    """What that file and those beside it hold, by name."""

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a model.

        Args:
            path: Weights, or what ``lanedet export`` wrote.

        Raises:
            FileNotFoundError: If there is no such file.
        """
        if not path.is_file():
            raise FileNotFoundError(f"No model at {str(path)!r}. Check the path.")
        beside = [path.with_suffix(_BESIDE.get(path.suffix, path.suffix))]
        if path.suffix in (".engine", ".plan"):
            beside.append(sidecar_of(path))
        paths = {path, *(each for each in beside if each.is_file())}
        contents = {each.name: each.read_bytes() for each in sorted(paths)}
        return cls(path.name, contents)

    @property
    def digest(self) -> str:
        """SHA-256 of the files, in hexadecimal; of a single one as sha256sum says."""
        joined = b"".join(self.contents[name] for name in sorted(self.contents))
        return sha256(joined).hexdigest()

    def open(
        self, device: str | None, half: bool, runtime: str | None
    ) -> LaneInferencer:
        """Return the model, ready to run, as :class:`LaneInferencer` takes it.

        Raises:
            ValueError: As :class:`LaneInferencer` does.
        """
        with TemporaryDirectory(prefix="lanedet-") as folder:
            for name, content in self.contents.items():
                (Path(folder) / name).write_bytes(content)
            return LaneInferencer(
                Path(folder) / self.name, device=device, half=half, runtime=runtime
            )


@dataclass(frozen=True)
class ArchiveJob:
    """What is done to each clip, wherever it is done."""

    table: str
    """Folder of the table: an absolute path or a URL."""

    model: ModelFiles
    """What finds the lanes."""

    device: str | None = None
    """Where the network runs, as for :class:`~lanedet.LaneInferencer`."""

    half: bool = False
    """Whether it computes with half the digits."""

    runtime: str | None = None
    """What runs it."""

    tracking: bool = True
    """Whether lanes are followed and smoothed from frame to frame."""

    calibration: Calibration | None = None
    """Where the camera is mounted, for metres."""

    stretch_s: float = 300.0
    """About how long the stretches of long clips are, in seconds."""

    batch_size: int = 1
    """Frames per pass of the network. More than 1 helps on a GPU only."""

    stall_s: float = STALL_S
    """How long a store may say nothing, in seconds."""

    max_tries: int = 3
    """How many workers a stretch of a clip may kill before it is set aside."""

    def __post_init__(self) -> None:
        least = {"stretch_s": 1, "batch_size": 1, "stall_s": 0.001, "max_tries": 1}
        for name, lowest in least.items():
            value = getattr(self, name)
            if not lowest <= value < float("inf"):
                raise ValueError(f"{name} must be at least {lowest}, got {value}.")

    @property
    def header(self) -> "TableHeader":
        """What all clips of a table have in common."""
        return TableHeader(
            format=_FORMAT,
            lanedet=__version__,
            weights=self.model.digest,
            half=self.half,
            tracking=self.tracking,
            calibration=None if self.calibration is None else _digest(self.calibration),
        )


@dataclass(frozen=True)
class TableHeader:
    """What the clips of a table were made with."""

    format: int
    """Number of the table's layout."""

    lanedet: str
    """Version of the package."""

    weights: str
    """SHA-256 of the model's file."""

    half: bool
    """Whether the network computed with half the digits."""

    tracking: bool
    """Whether lanes were followed."""

    calibration: str | None
    """Digest of the camera's calibration, None without one."""

    def to_bytes(self) -> bytes:
        """Return the content of the header's file."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def from_bytes(cls, content: bytes, table: str) -> Self:
        """Return what a header's file holds.

        Args:
            content: Of the file.
            table: Which table's it is, for messages.

        Raises:
            ValueError: If it is no header, or one of another layout.
        """
        try:
            values: dict[str, Any] = json.loads(content)
            number = values["format"]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(
                f"{HEADER} of {table!r} must say what the table was made with, got "
                "something else. Choose another folder."
            ) from error
        if number != _FORMAT:
            raise ValueError(
                f"The table {table!r} must be of format {_FORMAT}, got {number}. Use "
                f"the version of lanedet that made it ({values.get('lanedet')}), or "
                "make a new table."
            )
        return cls(**values)

    def check_same(self, other: "TableHeader", table: str) -> None:
        """Raise ValueError if clips of another run do not belong into a table.

        Args:
            other: What the run would make clips with.
            table: Which table this header is of.
        """
        ours, theirs = asdict(self), asdict(other)
        different = [name for name in ours if ours[name] != theirs[name]]
        if different:
            says = ", ".join(
                f"{name} {_short(ours[name])} (now {_short(theirs[name])})"
                for name in different
            )
            raise ValueError(
                f"A table must hold clips that were made alike, and {table!r} was made "
                f"with {says}. Use the same, choose another table, or allow both in "
                "one with --mix: each row of the manifest tells its own."
            )


def _digest(calibration: Calibration) -> str:
    numbers = [*calibration.image_shape, *calibration.to_road.ravel()]
    return sha256(np.array(numbers, dtype=np.float64).tobytes()).hexdigest()


def _short(value: object) -> str:
    return f"{value:.12}" if isinstance(value, str) else str(value)
