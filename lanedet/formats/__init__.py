"""File formats: what is read and written, each in one place.

Of each benchmark the lines, lanes and masks of its files, which image a label is for,
the rows on which predictions stand, the size of its images, and how much the complete
data set holds. ``annotations`` has the files of annotation tools. Nothing here needs
torch or mmengine.
"""

from lanedet.formats.bdd100k import (
    BDD100K_SHAPE,
    find_bdd100k_images,
    find_bdd100k_labels,
    read_bdd100k_labels,
    write_bdd100k_labels,
    write_bdd100k_lane_bytes,
    write_bdd100k_masks,
)
from lanedet.formats.bdd100k_bytes import (
    LANE_ATTRIBUTES,
    LANE_BACKGROUND,
    LANE_CATEGORIES,
    driving_lanes,
    encode_lane_byte,
    holds_lane_bytes,
    lane_attribute,
    lane_foreground,
    lanes_of_mask,
)
from lanedet.formats.bdd100k_splits import (
    read_bdd100k_list,
    select_bdd100k_split,
    select_listed_images,
)
from lanedet.formats.culane import (
    CULANE_SHAPE,
    culane_label_path,
    culane_lines_name,
    culane_prediction,
    culane_rows,
    format_culane_lanes,
    read_culane_labels,
    read_culane_lanes,
    sample_culane_lane,
    write_culane_labels,
)
from lanedet.formats.culane_lists import (
    CULaneEntry,
    read_culane_categories,
    read_culane_list,
    write_culane_list,
)
from lanedet.formats.label_faults import LabelError, LabelFaults, OnError
from lanedet.formats.masks import read_mask
from lanedet.formats.tusimple import (
    TUSIMPLE_SHAPE,
    TuSimpleLine,
    format_tusimple_line,
    read_tusimple_labels,
    read_tusimple_lines,
    sample_tusimple_lanes,
    tusimple_prediction,
    tusimple_rows,
    write_tusimple_labels,
)

__all__ = [
    "BDD100K_SHAPE",
    "CULANE_SHAPE",
    "LANE_ATTRIBUTES",
    "LANE_BACKGROUND",
    "LANE_CATEGORIES",
    "TUSIMPLE_SHAPE",
    "CULaneEntry",
    "LabelError",
    "LabelFaults",
    "OnError",
    "TuSimpleLine",
    "culane_label_path",
    "culane_lines_name",
    "culane_prediction",
    "culane_rows",
    "driving_lanes",
    "encode_lane_byte",
    "find_bdd100k_images",
    "find_bdd100k_labels",
    "format_culane_lanes",
    "format_tusimple_line",
    "holds_lane_bytes",
    "lane_attribute",
    "lane_foreground",
    "lanes_of_mask",
    "read_bdd100k_labels",
    "read_bdd100k_list",
    "read_culane_categories",
    "read_culane_labels",
    "read_culane_lanes",
    "read_culane_list",
    "read_mask",
    "read_tusimple_labels",
    "read_tusimple_lines",
    "sample_culane_lane",
    "sample_tusimple_lanes",
    "select_bdd100k_split",
    "select_listed_images",
    "tusimple_prediction",
    "tusimple_rows",
    "write_bdd100k_labels",
    "write_bdd100k_lane_bytes",
    "write_bdd100k_masks",
    "write_culane_labels",
    "write_culane_list",
    "write_tusimple_labels",
]
