"""Lanes drawn in annotation tools: readers, writers, and the tree to train on."""

from lanedet.datasets.annotations.cvat import check_cvat_name, read_cvat, write_cvat
from lanedet.datasets.annotations.drawing import Drawing, DrawingReader
from lanedet.datasets.annotations.labelme import read_labelme, write_labelme
from lanedet.datasets.annotations.reading import AnnotationSet, read_annotations
from lanedet.datasets.annotations.tree import (
    Split,
    copy_picture,
    link_picture,
    needed_slots,
    split_folders,
    split_samples,
    write_culane_tree,
    write_tree,
    write_tusimple_tree,
)
from lanedet.datasets.annotations.via import read_via, write_via

__all__ = [
    "AnnotationSet",
    "Drawing",
    "DrawingReader",
    "Split",
    "check_cvat_name",
    "copy_picture",
    "link_picture",
    "needed_slots",
    "read_annotations",
    "read_cvat",
    "read_labelme",
    "read_via",
    "split_folders",
    "split_samples",
    "write_culane_tree",
    "write_cvat",
    "write_labelme",
    "write_tree",
    "write_tusimple_tree",
    "write_via",
]
