"""CVAT's XML files, "CVAT for images 1.1" and "CVAT for video 1.1", and their ZIPs.

A lane is a polyline of a picture, or of a track on the frames that it is not outside
of. The frames of a track are looked for as ``frame_<six digits>``, as CVAT names them
when it saves images along. In the export of a project, the pictures of each subset lie
in a folder of their own, ``images/<subset>/``, and the subset is part of their names.

Format: https://docs.cvat.ai/docs/dataset_management/formats/xml_format/
"""

import re
import zipfile
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO
from xml.sax import SAXException, SAXParseException
from xml.sax.saxutils import quoteattr

import defusedxml.sax
from defusedxml import DefusedXmlException

from lanedet.arrays import FloatArray
from lanedet.files import replace_file
from lanedet.formats.annotations.cvat_pages import Page, PageHandler, normal_name
from lanedet.formats.annotations.drawing import Drawing, from_lane
from lanedet.formats.annotations.pictures import Archive
from lanedet.formats.label_faults import LabelError, LabelFaults
from lanedet.structures import LaneSample

ANNOTATION_FILE = "annotations.xml"
"""What is read from a folder or a ZIP file, and what is written."""

_MAX_XML_BYTES = 1 << 30  # of an annotations.xml that a ZIP file unpacks to
# The parser starts a long element anew with each part of the file that it is given.
_CHUNK = 1 << 24
_IMAGES = "images"  # where CVAT saves pictures
_FRAME = re.compile(r"frame_\d{6,}")


def read_cvat(
    source: Path,
    pictures: Path | None,
    labels: Collection[str] | None,
    faults: LabelFaults,
) -> Iterator[Drawing]:
    """Read an XML file, a ZIP file with one, or ``annotations.xml`` in a folder.

    Pictures are looked for beside the XML file and in ``images/`` there, of a project
    in the folders of their subsets in these. A
    :class:`~lanedet.formats.annotations.DrawingReader`.
    """
    file = source / ANNOTATION_FILE if source.is_dir() else source
    if not file.is_file():
        raise FileNotFoundError(
            f"No CVAT file at '{file}'. Give the XML file, the ZIP file that CVAT "
            "exports, or a folder with annotations.xml."
        )
    folder: PurePath = file.parent
    archive = None
    with ExitStack() as stack:
        if zipfile.is_zipfile(file):
            archive = Archive(file)
            member = _annotations_in(archive)
            folder, file = PurePosixPath(member).parent, file / member
            xml = stack.enter_context(archive.open(member, _MAX_XML_BYTES))
        else:
            xml = stack.enter_context(file.open("rb"))
        pages = _read_pages(xml, file, labels)
    if pictures is not None:
        folder, archive = pictures, None
    counts = Counter(normal_name(page.name) for page in pages)
    is_one_task = len({(page.subset, page.task) for page in pages}) == 1
    for page in pages:
        with faults.allow():
            # CVAT numbers the frames of all videos alike.
            is_frame = page.is_frame or _FRAME.fullmatch(page.name)
            is_known = is_one_task or (
                counts[normal_name(page.name)] == 1 and not is_frame
            )
            yield _drawing(page, folder, archive, is_known)


def check_cvat_name(name: str) -> None:
    """Raise ValueError if a picture's name cannot stand in an XML file.

    Checked before any work, so that it is not lost.
    """
    if not all(_is_xml_character(character) for character in name):
        raise ValueError(
            f"CVAT's files hold Unicode text, and the name {name!r} has bytes or "
            "control characters that are none. Rename the file."
        )


def write_cvat(samples: Collection[LaneSample], folder: Path) -> None:
    """Write one file with the lanes of all pictures, for correction in CVAT.

    Args:
        samples: With ``gt_lanes``, ``img_path`` and ``ori_shape``.
        folder: Where the file goes.

    Raises:
        ValueError: If two pictures have one name, or one has a name that XML cannot
            hold.
    """
    names = Counter(Path(sample.img_path).name for sample in samples)
    for name, count in names.items():
        check_cvat_name(name)
        if count > 1:
            raise ValueError(
                f"CVAT needs a name of its own for each picture, got {name!r} twice."
            )
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
    replace_file(folder / ANNOTATION_FILE, "\n".join(lines) + "\n")


def _annotations_in(archive: Archive) -> str:
    files = [name for name in archive.names if PurePosixPath(name).suffix == ".xml"]
    named = [name for name in files if PurePosixPath(name).name == ANNOTATION_FILE]
    chosen = named or files
    if len(chosen) != 1:
        raise LabelError(
            f"{archive.path}: a ZIP file of CVAT must hold one {ANNOTATION_FILE}, got "
            f"{len(chosen)}. Export the task as 'CVAT for images 1.1'."
        )
    return chosen[0]


def _read_pages(
    xml: BinaryIO, file: Path, labels: Collection[str] | None
) -> list[Page]:
    handler = PageHandler(file, labels)
    parser = defusedxml.sax.make_parser()
    parser.setContentHandler(handler)
    handler.setDocumentLocator(parser)
    try:
        while part := xml.read(_CHUNK):
            parser.feed(part)
        parser.close()
    except SAXParseException as error:
        where = f"{file}:{error.getLineNumber()}"
        raise LabelError(f"{where}: not valid XML ({error.getMessage()}).") from error
    except LabelError:
        raise
    except (SAXException, DefusedXmlException, LookupError, ValueError) as error:
        # LookupError: what the file calls its encoding is the name of none.
        raise LabelError(f"{file}: this XML cannot be read ({error}).") from error
    return handler.pages()


def _drawing(
    page: Page, folder: PurePath, archive: Archive | None, is_known: bool
) -> Drawing:
    """Return what was drawn on a page, or raise what was wrong with it.

    Args:
        page: The page.
        folder: Where pictures lie, on the disk or in the archive.
        archive: The ZIP file that the pictures are in, None for the disk.
        is_known: Whether the name alone tells the picture, without its subset.
    """
    if page.error is not None:
        raise page.error
    name, subset = page.inner_name(), page.inner_subset()
    if not (subset or is_known):
        raise LabelError(
            f"{page.where}: a picture of a project must say of which subset it is, but "
            f"'{name}' does not, and the file holds several tasks. Export the tasks "
            "one at a time."
        )
    places = [folder / name, folder / _IMAGES / name]
    hint = ""
    if subset:
        in_subset = [folder / subset / name, folder / _IMAGES / subset / name]
        # The folder that was named is the subset's own.
        own = [folder / name] if folder.name == subset else []
        places = in_subset + own + (places if is_known else [])
        if not is_known:
            hint = (
                f" The file holds several tasks: '{name}' must lie in a folder "
                f"'{subset}', as CVAT saves it."
            )
    elif page.is_frame:
        hint = " If the task is one of pictures, export it as 'CVAT for images 1.1'."
    return Drawing(
        where=page.where,
        name=f"{subset}/{name}" if subset else name,
        places=places,
        shape=page.shape,
        lanes=page.lanes,
        others=page.others,
        archive=archive,
        hint=hint,
    )


def _points_text(lane: FloatArray) -> str:
    return ";".join(f"{x:.2f},{y:.2f}" for x, y in from_lane(lane))


def _is_xml_character(character: str) -> bool:
    """Tell whether XML 1.0 allows a character (section 2.2, production Char)."""
    code = ord(character)
    return (
        character in "\t\n\r"
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or code >= 0x10000
    )
