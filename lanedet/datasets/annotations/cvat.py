"""CVAT's XML files, "CVAT for images 1.1" and "CVAT for video 1.1".

A lane is a polyline of a picture, or of a track on the frames that it is not outside
of. The frames of a track are looked for as ``frame_<six digits>``, as CVAT names them
when it saves images along.

Format: https://docs.cvat.ai/docs/dataset_management/formats/xml_format/
"""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.saxutils import quoteattr
from xml.sax.xmlreader import AttributesImpl

import defusedxml.sax
from defusedxml import DefusedXmlException

from lanedet.arrays import FloatArray
from lanedet.datasets.annotations.drawing import (
    Drawing,
    clean_name,
    from_lane,
    inner_name,
    to_lane,
)
from lanedet.datasets.label_faults import LabelError, LabelFaults
from lanedet.structures import LaneSample

ANNOTATION_FILE = "annotations.xml"
"""What is read from a folder, and what is written."""

_LANE = "polyline"
_OTHER_SHAPES = (
    "box",
    "cuboid",
    "ellipse",
    "mask",
    "points",
    "polygon",
    "skeleton",
)


def read_cvat(
    source: Path,
    pictures: Path | None,
    labels: Collection[str] | None,
    faults: LabelFaults,
) -> Iterator[Drawing]:
    """Read a file, or ``annotations.xml`` in a folder.

    Pictures are looked for beside the file and in ``images/`` there. A
    :class:`~lanedet.datasets.annotations.DrawingReader`.
    """
    file = source / ANNOTATION_FILE if source.is_dir() else source
    if not file.is_file():
        raise FileNotFoundError(f"No CVAT file at '{file}'.")
    handler = _Handler(file, labels)
    try:
        defusedxml.sax.parse(str(file), handler)
    except SAXParseException as error:
        where = f"{file}:{error.getLineNumber()}"
        raise LabelError(f"{where}: not valid XML ({error.getMessage()}).") from error
    except (SAXException, DefusedXmlException, UnicodeError) as error:
        raise LabelError(f"{file}: this XML cannot be read ({error}).") from error
    handler.check()
    folder = file.parent if pictures is None else pictures
    for page in handler.pages():
        with faults.allow():
            yield page.drawing(folder)


def write_cvat(samples: Collection[LaneSample], folder: Path) -> None:
    """Write one file with the lanes of all pictures, for correction in CVAT.

    Args:
        samples: With ``gt_lanes``, ``img_path`` and ``ori_shape``.
        folder: Where the file goes.
    """
    lines = ['<?xml version="1.0" encoding="utf-8"?>', "<annotations>"]
    lines.append("  <version>1.1</version>")
    for number, sample in enumerate(samples):
        height, width = sample.ori_shape
        name = quoteattr(Path(sample.img_path).name)
        lines.append(
            f'  <image id="{number}" name={name} width="{width}" height="{height}">'
        )
        lines.extend(
            '    <polyline label="lane" source="auto" occluded="0" z_order="0" '
            f'points="{_points_text(lane)}"/>'
            for lane in sample.gt_lanes
        )
        lines.append("  </image>")
    lines.append("</annotations>")
    text = "\n".join(lines) + "\n"
    (folder / ANNOTATION_FILE).write_text(text, encoding="utf-8")


class _Page:
    """A picture that is being read."""

    def __init__(self, where: str, name: str, subset: str = "") -> None:
        self.where = where
        self.name = name
        self.subset = subset
        self.shape: tuple[int, int] | None = None
        self.lanes: list[FloatArray] = []
        self.others: Counter[str] = Counter()
        self.error: LabelError | None = None

    def drawing(self, folder: Path) -> Drawing:
        """Return what was drawn, or raise what was wrong with it."""
        if self.error is not None:
            raise self.error
        name = clean_name(self.name, self.where)
        inside = inner_name(name)
        places = [
            folder / inside,
            folder / "images" / inside,
            folder / "images" / self.subset / inside,
        ]
        return Drawing(self.where, inside, places, self.shape, self.lanes, self.others)


class _Handler(ContentHandler):
    """Collects pages from the parser's events, which know their line."""

    def __init__(self, file: Path, labels: Collection[str] | None) -> None:
        super().__init__()
        self._file = file
        self._labels = labels
        self._images: list[_Page] = []
        self._frames: dict[int, _Page] = {}
        self._sizes: dict[str, set[str]] = {"width": set(), "height": set()}
        self._path: list[str] = []
        self._text = ""
        self._track_label = ""

    def check(self) -> None:
        """Raise LabelError if this was not CVAT's format, or had no pictures."""
        if not self._images and not self._frames:
            raise LabelError(
                f"{self._file}: this is no file in one of CVAT's own formats 1.1, or "
                "it names no pictures. Export the task as 'CVAT for images 1.1'."
            )

    def pages(self) -> Iterator[_Page]:
        """Yield the pictures in the file's order, then the frames in theirs."""
        yield from self._images
        sizes = {axis: values for axis, values in self._sizes.items() if values}
        for number in sorted(self._frames):
            page = self._frames[number]
            # Several tasks in one file have several sizes: none can be held against.
            if len(sizes) == 2 and all(len(values) == 1 for values in sizes.values()):
                page.shape = _shape(
                    *(next(iter(sizes[a])) for a in ("height", "width"))
                )
            yield page

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        self._path.append(name)
        self._text = ""
        if name == "image" and "name" in attrs:
            where = f"{self._file}:{self._line()}"
            page = _Page(where, attrs["name"], attrs.get("subset", ""))
            page.shape = _shape(attrs.get("height", ""), attrs.get("width", ""))
            self._images.append(page)
        elif name == "track":
            self._track_label = attrs.get("label", "")
        elif name == _LANE or name in _OTHER_SHAPES:
            self._add_shape(name, attrs)

    def characters(self, content: str) -> None:
        self._text += content

    def endElement(self, name: str) -> None:  # noqa: N802
        self._path.pop()
        if name in self._sizes and self._path[-1:] == ["original_size"]:
            self._sizes[name].add(self._text.strip())

    def _add_shape(self, kind: str, attrs: AttributesImpl) -> None:
        parent = self._path[-2] if len(self._path) > 1 else ""
        page: _Page | None = None
        if parent == "image" and self._images:
            page, label = self._images[-1], attrs.get("label", "")
        elif parent == "track" and attrs.get("outside") != "1":
            page, label = self._frame(attrs.get("frame", "")), self._track_label
        if page is None:
            return
        if kind != _LANE:
            page.others[kind] += 1
        elif self._labels is not None and label not in self._labels:
            page.others[f"polyline {label!r}"] += 1
        else:
            where = f"{self._file}:{self._line()}"
            try:
                page.lanes.append(_parse_points(attrs.get("points", ""), where))
            except LabelError as error:
                page.error = page.error or error

    def _frame(self, text: str) -> _Page:
        where = f"{self._file}:{self._line()}"
        if not text.isdecimal():
            raise LabelError(f"{where}: a track's shape needs a frame, got {text!r}.")
        number = int(text)
        if number not in self._frames:
            self._frames[number] = _Page(where, f"frame_{number:06d}")
        return self._frames[number]

    def _line(self) -> int:
        return int(self._locator.getLineNumber())  # type: ignore[attr-defined]


def _parse_points(text: str, where: str) -> FloatArray:
    pairs = [pair.split(",") for pair in text.split(";")]
    if any(len(pair) != 2 for pair in pairs):
        raise LabelError(f"{where}: points must read 'x,y;x,y', got {text!r:.60}.")
    return to_lane([x for x, _ in pairs], [y for _, y in pairs], where)


def _points_text(lane: FloatArray) -> str:
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in from_lane(lane))


def _shape(height: str, width: str) -> tuple[int, int] | None:
    if height.isdecimal() and width.isdecimal():
        return int(height), int(width)
    return None
