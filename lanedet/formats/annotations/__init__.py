"""Lanes drawn in annotation tools: readers and writers of their files."""

from lanedet.formats.annotations.cvat import check_cvat_name, read_cvat, write_cvat
from lanedet.formats.annotations.drawing import Drawing, DrawingReader
from lanedet.formats.annotations.labelme import read_labelme, write_labelme
from lanedet.formats.annotations.reading import AnnotationSet, read_annotations
from lanedet.formats.annotations.via import read_via, write_via

__all__ = [
    "AnnotationSet",
    "Drawing",
    "DrawingReader",
    "check_cvat_name",
    "read_annotations",
    "read_cvat",
    "read_labelme",
    "read_via",
    "write_cvat",
    "write_labelme",
    "write_via",
]
