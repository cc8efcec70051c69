"""What was drawn on pictures in an annotation tool, and how it becomes samples.

Annotation tools count from the corner of the first pixel, so that its centre lies at
(0.5, 0.5). Here integer coordinates are pixel centres: readers take half a pixel off,
and writers put it back.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets.label_faults import LabelError, LabelFaults
from lanedet.images import read_image
from lanedet.structures import LaneSample

_HALF_PIXEL = 0.5
_MAX_BEYOND = 0.1  # of the picture's side: a hand that slips, not another picture
_PICTURES = ("", ".png", ".PNG", ".jpg", ".JPG", ".jpeg", ".JPEG")


class Drawing(NamedTuple):
    """What was drawn on one picture."""

    where: str
    """File, and line or picture in it, for messages."""

    name: str
    """The tool's name of the picture: a relative path with forward slashes."""

    places: Sequence[Path]
    """Where the picture may lie, best first. Its suffix may be left out."""

    shape: tuple[int, int] | None
    """(H, W) of the picture as the label states it."""

    lanes: list[FloatArray]
    """Polylines, each (N, 2) with N >= 2, in pixels of the picture."""

    others: Counter[str]
    """Number of shapes that are no lanes, by their kind."""


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
            points.
    """
    try:
        points = np.array([list(xs), list(ys)], dtype=np.float64).T
    except (TypeError, ValueError, OverflowError) as error:
        raise LabelError(
            f"{where}: a polyline needs an x and a y per point."
        ) from error
    if len(points) < 2 or not np.isfinite(points).all():
        raise LabelError(
            f"{where}: a polyline needs at least two points with finite coordinates, "
            f"got {points.tolist()!r:.60}. Draw it again, or delete it."
        )
    return points - _HALF_PIXEL


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
    samples = []
    owners: dict[str, str] = {}
    for drawing in drawings:
        with faults.allow():
            path = _find_picture(drawing)
            raw_file = Path(drawing.name).with_name(path.name).as_posix()
            for name in (str(path.resolve()), raw_file):
                owner = owners.setdefault(name, drawing.where)
                if owner != drawing.where:
                    raise LabelError(
                        f"{drawing.where}: '{path}' must have a name of its own and "
                        f"one label, but {owner} is for it too. Keep one of them."
                    )
            sample = LaneSample(
                metainfo={
                    "img_path": str(path),
                    "raw_file": raw_file,
                    "ori_shape": _checked_shape(path, drawing),
                }
            )
            sample.gt_lanes = drawing.lanes
            samples.append(sample)
    return samples


def clean_name(name: Any, where: str) -> str:
    """Return the name of a picture with forward slashes.

    Raises:
        LabelError: If it is no name.
    """
    cleaned = name.replace("\\", "/").strip() if isinstance(name, str) else ""
    if not inner_name(cleaned):
        raise LabelError(f"{where}: a picture must have a name, got {name!r:.60}.")
    return cleaned


def inner_name(name: str) -> str:
    """Return the part of a picture's name that leads into folders, not out of them.

    Example:
        >>> inner_name("../pictures/day/1.jpg"), inner_name("C:/day/1.jpg")
        ('pictures/day/1.jpg', 'day/1.jpg')
    """
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    return "/".join(part for part in parts if not part.endswith(":"))


def _find_picture(drawing: Drawing) -> Path:
    for place in drawing.places:
        for suffix in _PICTURES:
            path = place.with_name(place.name + suffix)
            if path.is_file():
                return path
    folders = ", ".join(sorted({f"'{place.parent}'" for place in drawing.places}))
    raise LabelError(
        f"{drawing.where}: no picture '{drawing.name}' in {folders}. Put the pictures "
        "there, or name their folder (--images)."
    )


def _checked_shape(path: Path, drawing: Drawing) -> tuple[int, int]:
    try:
        # As the training reads it: turned upright where the camera says so.
        height, width = read_image(path).shape[:2]
    except ValueError as error:
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
