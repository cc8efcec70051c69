"""What CVAT's XML files say of each picture, by the events of an XML parser.

Names of elements and attributes: cvat/apps/dataset_manager/formats/cvat.py and
bindings.py in https://github.com/cvat-ai/cvat
"""

from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from lanedet.arrays import FloatArray
from lanedet.formats.annotations.drawing import (
    check_num_points,
    clean_name,
    inner_name,
    to_lane,
)
from lanedet.formats.label_faults import LabelError, short

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
_SIZES = ("height", "width")
_TASK_FIELDS = ("id", "mode", "subset", "size", "stop_frame")
_LONGEST_FIELD = 1000  # characters of an element that is looked at
_MOST_DIGITS = 9  # of a number of pixels or frames
_MOST_NAMED = 5  # tasks in a message


class Page:
    """A picture that is being read.

    Attributes:
        where: File and line, for messages.
        name: As the file gives it, or ``frame_<six digits>`` for a track's frame.
        task: Number of the task that it is of, empty if the file does not say so.
        subset: Subset of the project that it is of, empty outside projects.
        frame: The number by which a track named it, None if it has a name.
        shape: (H, W), None if not stated.
        lanes: What was drawn on it.
        others: Number of shapes that are no lanes, by their kind.
        error: What is wrong with it, if anything is.
    """

    def __init__(self, where: str, name: str, task: str, subset: str) -> None:
        self.where = where
        self.name = name
        self.task = task
        self.subset = subset
        self.frame: int | None = None
        self.shape: tuple[int, int] | None = None
        self.lanes: list[FloatArray] = []
        self.others: Counter[str] = Counter()
        self.error: LabelError | None = None

    @property
    def is_frame(self) -> bool:
        """Whether a track named it, by its number."""
        return self.frame is not None

    def inner_name(self) -> str:
        """Return its name with forward slashes, leading into folders only.

        Raises:
            LabelError: If it has none.
        """
        return inner_name(clean_name(self.name, self.where))

    def inner_subset(self) -> str:
        """Return the name of its subset's folder, empty if it has none."""
        return inner_name(self.subset.replace("\\", "/"))


class _Task:
    """What a file says of a task, or of the one job of it that was exported."""

    def __init__(self, is_in_project: bool) -> None:
        self.is_in_project = is_in_project
        self.fields = dict.fromkeys(_TASK_FIELDS, "")
        self.sizes = dict.fromkeys(_SIZES, "")

    def may_have(self, frame: int) -> bool:
        """Return whether it may have a frame of that number."""
        size, stop = self.fields["size"], self.fields["stop_frame"]
        ends = [int(size)] if _is_number(size) else []
        ends += [int(stop) + 1] if _is_number(stop) else []
        return not ends or frame < max(ends)


class _Track(NamedTuple):
    label: str
    task: str
    subset: str


class PageHandler(ContentHandler):
    """Collects pages from the parser's events, which know their line.

    Args:
        file: For messages.
        labels: Names of the shapes that are lanes, None for all polylines.
    """

    def __init__(self, file: Path, labels: Collection[str] | None) -> None:
        super().__init__()
        self._file = file
        self._labels = labels
        self._images: list[Page] = []
        self._frames: dict[tuple[str, str, int], Page] = {}
        self._tasks: list[_Task] = []
        self._path: list[str] = []
        self._field: list[str] | None = None  # parts of the text of a task's field
        self._track = _Track("", "", "")

    def pages(self) -> list[Page]:
        """Return the pictures in the file's order, then the frames in theirs.

        Raises:
            LabelError: If this was not CVAT's format, or had no pictures.
        """
        if not self._images and not self._frames:
            raise LabelError(
                f"{self._file}: this is no file in one of CVAT's own formats 1.1, or "
                "it names no pictures. Export the task as 'CVAT for images 1.1'."
            )
        for page in self._images:
            self._add_task(page)
        frames = [self._frames[key] for key in sorted(self._frames)]
        for page in frames:
            self._add_task(page)
        pages = [*self._images, *frames]
        self._refuse_shared(pages)
        return pages

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        """Begin a picture, a track, a task, one of its fields, or a shape."""
        parent = self._path[-1] if self._path else ""
        self._path.append(name)
        self._field = None
        if name == "image" and "name" in attrs:
            page = Page(
                f"{self._file}:{self._line()}",
                attrs["name"],
                attrs.get("task_id", ""),
                attrs.get("subset", ""),
            )
            page.shape = _shape(attrs.get("height", ""), attrs.get("width", ""))
            self._images.append(page)
        elif name == "track":
            self._track = _Track(
                attrs.get("label", ""),
                attrs.get("task_id", ""),
                attrs.get("subset", ""),
            )
        elif name in ("task", "job"):
            self._tasks.append(_Task(is_in_project="project" in self._path))
        elif self._tasks and _field_of(parent, name):
            self._field = []
        elif name == _LANE or name in _OTHER_SHAPES:
            self._add_shape(parent, name, attrs)

    def characters(self, content: str) -> None:
        """Gather the text of a task's field."""
        if self._field is not None and len(self._field) < _LONGEST_FIELD:
            self._field.append(content[:_LONGEST_FIELD])

    def endElement(self, name: str) -> None:  # noqa: N802
        """End a task's field."""
        self._path.pop()
        if self._field is not None:
            values = getattr(self._tasks[-1], _field_of(self._path[-1], name))
            values[name] = "".join(self._field).strip()[:_LONGEST_FIELD]
            self._field = None

    def _add_shape(self, parent: str, kind: str, attrs: AttributesImpl) -> None:
        page: Page | None = None
        if parent == "image" and self._images:
            page, label = self._images[-1], attrs.get("label", "")
        elif parent == "track" and attrs.get("outside") != "1":
            page, label = self._frame(attrs.get("frame", "")), self._track.label
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

    def _frame(self, text: str) -> Page:
        where = f"{self._file}:{self._line()}"
        if not _is_number(text):
            raise LabelError(
                f"{where}: a track's shape needs a frame, got {short(text)}."
            )
        _, task, subset = self._track
        key = (subset, task, int(text))
        if key not in self._frames:
            page = Page(where, f"frame_{int(text):06d}", task, subset)
            page.frame = int(text)
            self._frames[key] = page
        return self._frames[key]

    def _add_task(self, page: Page) -> None:
        """Complete a page by what is said of its task."""
        tasks = [task for task in self._tasks if task.fields["id"] == page.task]
        if not page.task:
            tasks = self._tasks
        if len(tasks) > 1 and page.is_frame:
            page.error = page.error or LabelError(
                f"{page.where}: a frame of a project must say of which task it is "
                f"(task_id), but the file holds {len(tasks)} that it may be of. Export "
                "the tasks one at a time."
            )
        if len(tasks) != 1:
            return
        (task,) = tasks
        page.task = task.fields["id"]
        if task.is_in_project:
            page.subset = page.subset or task.fields["subset"]
        if not page.is_frame:
            return
        page.shape = _shape(task.sizes["height"], task.sizes["width"])
        if task.fields["mode"] == "annotation":
            page.error = LabelError(
                f"{page.where}: the frames of a task of pictures must have the "
                "pictures' names, but 'CVAT for video' numbers them. Export the task "
                "as 'CVAT for images 1.1'."
            )

    def _refuse_shared(self, pages: Sequence[Page]) -> None:
        """Refuse pictures that several tasks of a subset may have under one name.

        They have one place, ``images/<subset>/<name>``, and CVAT saves one of them.
        """
        owners: dict[tuple[str, str], set[str]] = {}
        keys = [
            (page.inner_subset().casefold(), normal_name(page.name)) for page in pages
        ]
        for key, page in zip(keys, pages, strict=True):
            owners.setdefault(key, set()).add(page.task)
        for key, page in zip(keys, pages, strict=True):
            subset, _ = key
            if not subset:
                continue
            tasks = owners[key]
            if page.frame is not None:  # tracks tell of frames with lanes alone
                tasks = tasks | {
                    task.fields["id"]
                    for task in self._tasks
                    if _subset_of(task) == subset and task.may_have(page.frame)
                }
            if len(tasks) > 1:
                names = sorted(tasks, key=lambda name: (len(name), name))
                shown = ", ".join(names[:_MOST_NAMED])
                shown += ", ..." if len(names) > _MOST_NAMED else ""
                shared = "number" if page.is_frame else "name"
                page.error = page.error or LabelError(
                    f"{page.where}: a picture must be of one task, but {page.name!r} "
                    f"of subset {page.subset!r} may be of the tasks {shown}, "
                    f"which share its {shared}. "
                    "Export the tasks one at a time, or give each a subset of its own "
                    "in CVAT."
                )

    def _line(self) -> int:
        return int(self._locator.getLineNumber())  # type: ignore[attr-defined]


def normal_name(name: str) -> str:
    """Return the name of a picture as it is compared."""
    return name.replace("\\", "/").strip().casefold()


def _subset_of(task: _Task) -> str:
    return inner_name(task.fields["subset"].replace("\\", "/")).casefold()


def _field_of(parent: str, name: str) -> str:
    """Return which of a task's values an element holds, empty if none."""
    if parent in ("task", "job") and name in _TASK_FIELDS:
        return "fields"
    return "sizes" if parent == "original_size" and name in _SIZES else ""


def _parse_points(text: str, where: str) -> FloatArray:
    check_num_points(text.count(";") + 1, where)
    pairs = [pair.split(",") for pair in text.split(";")]
    if any(len(pair) != 2 for pair in pairs):
        raise LabelError(f"{where}: points must read 'x,y;x,y', got {short(text)}.")
    return to_lane([x for x, _ in pairs], [y for _, y in pairs], where)


def _shape(height: str, width: str) -> tuple[int, int] | None:
    if _is_number(height) and _is_number(width):
        return int(height), int(width)
    return None


def _is_number(text: str) -> bool:
    return len(text) <= _MOST_DIGITS and text.isdecimal()
