"""What was drawn on pictures in an annotation tool, and how it becomes samples.

Annotation tools count from the corner of the first pixel, so that its centre lies at
(0.5, 0.5). Here integer coordinates are pixel centres: readers take half a pixel off,
and writers put it back.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from typing import Any, Protocol

import numpy as np

from lanedet.arrays import ByteArray, FloatArray
from lanedet.formats.annotations.pictures import Archive, Picture
from lanedet.formats.label_faults import LabelError, LabelFaults, short
from lanedet.formats.picture_files import FileFinder, can_be_file_name
from lanedet.images import IMAGE_SUFFIXES, ImageError, decode_image, read_image
from lanedet.structures import LaneSample

MAX_POINTS = 100_000
"""Most points of a polyline: nobody draws so many."""

_HALF_PIXEL = 0.5
_MAX_BEYOND = 0.1  # of the picture's side: a hand that slips, not another picture


@dataclass
class Drawing:
    """What was drawn on one picture."""

    where: str
    """File, and line or picture in it, for messages."""

    name: str
    """The tool's name of the picture: a relative path with forward slashes."""

    places: Sequence[PurePath]
    """Where the picture may lie, best first. Its suffix may be left out."""

    shape: tuple[int, int] | None
    """(H, W) of the picture as the label states it."""

    lanes: list[FloatArray]
    """Polylines, each (N, 2) with N >= 2, in pixels of the picture."""

    others: Counter[str] = field(default_factory=Counter)
    """Number of shapes that are no lanes, by their kind."""

    archive: Archive | None = None
    """What the places are in, None for the disk."""

    inside: Picture | None = None
    """The picture that the label itself holds, for where none is found."""

    hint: str = ""
    """What else to do where no picture is found."""


class DrawingReader(Protocol):
    """Reads the files of one annotation tool."""

    def __call__(
        self,
        source: Path,
        pictures: Path | None,
        labels: Collection[str] | None,
        faults: LabelFaults,
    ) -> Iterable[Drawing]:
        """Yield one drawing per picture.

        Args:
            source: The tool's file, or a folder of them.
            pictures: Folder of the pictures, None if they lie beside the files.
            labels: Names of the shapes that are lanes, None for all polylines.
            faults: What to do about broken labels.

        Raises:
            FileNotFoundError: If there is no such file or folder.
            LabelError: If a file is broken, unless ``faults`` skips it.
        """


def to_lane(xs: Iterable[Any], ys: Iterable[Any], where: str) -> FloatArray:
    """Return a polyline in pixels, pixel centres at integers.

    Args:
        xs: The tool's x of each point, in pixels from the left edge of the picture.
        ys: Likewise from the top edge.
        where: For the message.

    Raises:
        LabelError: If these are not two finite numbers per point, for at least two
            points and at most :data:`MAX_POINTS`.
    """
    columns = [list(xs), list(ys)]
    check_num_points(max(map(len, columns)), where)
    try:
        points = np.array(columns, dtype=np.float64).T
    except (TypeError, ValueError, OverflowError) as error:
        raise LabelError(
            f"{where}: a polyline needs an x and a y per point."
        ) from error
    is_polyline = points.ndim == 2 and len(points) >= 2
    if not is_polyline or not np.isfinite(points).all():
        raise LabelError(
            f"{where}: a polyline needs at least two points with finite coordinates, "
            f"got {short(points.tolist())}. Draw it again, or delete it."
        )
    return points - _HALF_PIXEL


def check_num_points(num_points: int, where: str) -> None:
    """Raise LabelError if a polyline has too many points."""
    if num_points > MAX_POINTS:
        raise LabelError(
            f"{where}: a polyline must have at most {MAX_POINTS:,} points, got "
            f"{num_points:,}. Draw it anew."
        )


def from_lane(lane: FloatArray) -> list[list[float]]:
    """Return the points of a lane as a tool counts them, rounded to 0.01 pixels."""
    points: list[list[float]] = np.round(lane + _HALF_PIXEL, 2).tolist()
    return points


def to_samples(drawings: Iterable[Drawing], faults: LabelFaults) -> list[LaneSample]:
    """Check drawings against their pictures and make samples of them.

    Args:
        drawings: One per picture.
        faults: What to do about broken labels.

    Returns:
        Samples with ``gt_lanes`` and the meta information ``img_path``, ``raw_file``
        (the tool's name of the picture) and ``ori_shape``.

    Raises:
        LabelError: If a picture is missing, cannot be read, has another size than the
            label says or has two labels, unless ``faults`` skips it.
    """
    samples: dict[int, LaneSample] = {}
    owners: dict[str, int] = {}
    wheres: list[str] = []
    finder = FileFinder()
    for number, drawing in enumerate(drawings):
        wheres.append(drawing.where)
        with faults.allow():
            picture = _find_picture(drawing, finder)
            raw_file = Path(drawing.name).with_name(picture.name).as_posix()
            names = dict.fromkeys((_identity(picture), raw_file))
            rivals = {owners.setdefault(name, number) for name in names} - {number}
            for rival in rivals:
                samples.pop(rival, None)  # nobody knows which of them is right
            if rivals:
                raise LabelError(
                    f"{drawing.where}: '{picture}' must have a name of its own and "
                    f"one label, but {wheres[min(rivals)]} is for it too. Keep one of "
                    "them."
                )
            sample = LaneSample(
                metainfo={
                    "img_path": str(picture),
                    "raw_file": raw_file,
                    "ori_shape": _checked_shape(picture, drawing),
                }
            )
            if not isinstance(picture, Path):
                sample.set_metainfo({"picture": picture})
            sample.gt_lanes = drawing.lanes
            samples[number] = sample
    return list(samples.values())


def clean_name(name: Any, where: str) -> str:
    """Return the name of a picture with forward slashes.

    Raises:
        LabelError: If it is no name.
    """
    cleaned = name.replace("\\", "/").strip() if isinstance(name, str) else ""
    if not inner_name(cleaned):
        raise LabelError(f"{where}: a picture must have a name, got {short(name)}.")
    if not can_be_file_name(cleaned):
        raise LabelError(
            f"{where}: the name of a picture must be one that a file can have, got "
            f"{short(cleaned)}."
        )
    return cleaned


def inner_name(name: str) -> str:
    """Return the part of a picture's name that leads into folders, not out of them.

    Example:
        >>> inner_name("../pictures/day/1.jpg"), inner_name("C:/day/1.jpg")
        ('pictures/day/1.jpg', 'day/1.jpg')
    """
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(part for part in parts if not part.endswith(":"))


def _find_picture(drawing: Drawing, finder: FileFinder) -> Picture:
    suffixes = ("", *IMAGE_SUFFIXES)
    for place in drawing.places:
        fitting: Sequence[Picture]
        if drawing.archive is not None:
            fitting = drawing.archive.find_all(PurePosixPath(place), suffixes)
        else:
            fitting = finder.find_all(Path(place), suffixes)
        if len(fitting) > 1:
            found = ", ".join(f"'{picture}'" for picture in fitting)
            raise LabelError(
                f"{drawing.where}: one picture must be meant by '{drawing.name}', but "
                f"{found} fit. Rename the others."
            )
        if fitting:
            return fitting[0]
    if drawing.inside is not None:
        return drawing.inside
    folders = ", ".join(sorted({f"'{place.parent}'" for place in drawing.places}))
    if drawing.archive is not None:
        folders += f" of '{drawing.archive.path}'"
    raise LabelError(
        f"{drawing.where}: no picture '{drawing.name}' in {folders}. Put the pictures "
        f"there, or name their folder (--images).{drawing.hint}"
    )


def _identity(picture: Picture) -> str:
    return str(picture.resolve() if isinstance(picture, Path) else picture)


def _decoded(picture: Picture) -> ByteArray:
    if isinstance(picture, Path):
        return read_image(picture)
    try:
        return decode_image(picture.read_bytes())
    except ImageError as error:
        raise ImageError(f"'{picture}' {error}") from None


def _checked_shape(path: Picture, drawing: Drawing) -> tuple[int, int]:
    try:
        # As the training reads it: turned upright where the camera says so.
        height, width = _decoded(path).shape[:2]
    except (OSError, ValueError) as error:
        raise LabelError(f"{drawing.where}: {error}") from error
    if drawing.shape is not None and drawing.shape != (height, width):
        raise LabelError(
            f"{drawing.where}: made for a picture of {drawing.shape[1]}x"
            f"{drawing.shape[0]}, but '{path}' is {width}x{height}. Use the picture "
            "that was drawn on."
        )
    for lane in drawing.lanes:
        beyond = np.maximum(-lane, lane - (width, height)) / (width, height)
        if beyond.max() > _MAX_BEYOND:
            raise LabelError(
                f"{drawing.where}: lanes must lie in their picture, but '{path}' is "
                f"{width}x{height} and one reaches {lane.max(axis=0).tolist()}. Use "
                "the picture that was drawn on."
            )
    return height, width
