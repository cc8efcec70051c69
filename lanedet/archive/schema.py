"""What the columns of an archive's tables are, with their units.

Each field has a description and, where it is measured, a unit in its metadata, under
the keys ``description`` and ``unit``.
"""

import pyarrow as pa


def _field(
    name: str, kind: pa.DataType, description: str, unit: str | None = None
) -> pa.Field:
    metadata = {"description": description}
    if unit is not None:
        metadata["unit"] = unit
    return pa.field(name, kind, metadata=metadata)


POINT = pa.struct(
    [
        _field("x", pa.float32(), "to the right, integers are pixel centres", "px"),
        _field("y", pa.float32(), "downwards", "px"),
    ]
)

LANE = pa.struct(
    [
        _field("id", pa.int32(), "of the lane over the clip; null without tracking"),
        _field("slot", pa.int16(), "counts from the left"),
        _field("name", pa.string(), "of the slot"),
        _field("score", pa.float32(), "confidence in [0, 1]"),
        _field("points", pa.list_(POINT), "the line, bottom to top"),
    ]
)

EVENT = pa.struct(
    [
        _field("kind", pa.string(), "side to which the lane is left: left, right"),
        _field("frame", pa.int64(), "in which it began"),
        _field("time", pa.float64(), "when it began", "s"),
        _field("offset_share", pa.float32(), "offset then", "lane width"),
    ]
)

LANES = pa.schema(
    [
        _field("frame", pa.int64(), "position in the clip, from 0"),
        _field("time", pa.float64(), "since the clip's first frame", "s"),
        _field("width", pa.int32(), "of the frame", "px"),
        _field("height", pa.int32(), "of the frame", "px"),
        _field("lanes", pa.list_(LANE), "what was found, sorted by slot"),
        _field("ego_left", pa.int16(), "index in lanes of the own lane's left line"),
        _field("ego_right", pa.int16(), "index in lanes of its right line"),
        _field(
            "offset_share",
            pa.float32(),
            "how far the camera is to the right of the own lane's middle",
            "lane width",
        ),
        _field("offset_m", pa.float32(), "the same, with a calibration", "m"),
        _field("lane_width_m", pa.float32(), "with a calibration", "m"),
        _field("curvature", pa.string(), "left, right or straight"),
        _field("radius_m", pa.float32(), "of the bend, with a calibration", "m"),
        _field("departure", pa.string(), "side of a departure that goes on"),
        _field("events", pa.list_(EVENT), "departures reported with this frame"),
    ]
)
"""A row for each frame. What is not known is null."""

MANIFEST = pa.schema(
    [
        _field("clip", pa.string(), "name of the clip"),
        _field("partition", pa.string(), "value of clip= in its folder's name"),
        _field("url", pa.string(), "where the clip was read"),
        _field("state", pa.string(), "done or failed"),
        _field("error", pa.string(), "why a clip that failed is not in the table"),
        _field("fault", pa.string(), "what is wrong with a clip that is in the table"),
        _field("remarks", pa.list_(pa.string()), "other warnings of the reader"),
        _field("frames", pa.int64(), "in the table", "1"),
        _field("seconds", pa.float64(), "length of what is in the table", "s"),
        _field("width", pa.int32(), "of the first frame", "px"),
        _field("height", pa.int32(), "of the first frame", "px"),
        _field("frame_rate", pa.float64(), "of the clip", "1/s"),
        _field("undecodable", pa.int64(), "frames that were left out", "1"),
        _field("lane_share", pa.float64(), "frames with a lane", "share of frames"),
        _field(
            "own_lane_share",
            pa.float64(),
            "frames with both lines of the own lane",
            "share of frames",
        ),
        _field("departures_left", pa.int64(), "lane departures to the left", "1"),
        _field("departures_right", pa.int64(), "lane departures to the right", "1"),
        _field(
            "mean_abs_offset_share",
            pa.float64(),
            "mean distance from the own lane's middle",
            "lane width",
        ),
        _field("mean_abs_offset_m", pa.float64(), "the same, calibrated", "m"),
        _field(
            "file_version",
            pa.string(),
            "ETag or time of change of the clip's file as it was read, and its size",
        ),
        _field("lanedet", pa.string(), "version of the package"),
        _field("weights", pa.string(), "SHA-256 of the model's file"),
        _field("half", pa.bool_(), "whether it computed with half the digits"),
        _field("tracking", pa.bool_(), "whether lanes were followed"),
        _field("calibration", pa.string(), "digest of the camera's; null without one"),
        _field("runtime", pa.string(), "what ran the network"),
    ]
)
"""A row for each clip."""

DETECTIONS = pa.schema(
    [
        _field("time", pa.float64(), "since the clip's first frame", "s"),
        _field("width", pa.int32(), "of the frame", "px"),
        _field("height", pa.int32(), "of the frame", "px"),
        _field(
            "lanes",
            pa.list_(
                pa.struct(
                    [
                        _field("slot", pa.int16(), "counts from the left"),
                        _field("score", pa.float64(), "confidence in [0, 1]"),
                        _field(
                            "points",
                            pa.list_(
                                pa.struct(
                                    [
                                        _field("x", pa.float64(), "right", "px"),
                                        _field("y", pa.float64(), "down", "px"),
                                    ]
                                )
                            ),
                            "the line, bottom to top",
                        ),
                    ]
                )
            ),
            "what the network found in the frame alone",
        ),
    ]
)
"""A row for each frame of a stretch, before lanes are followed. To the last digit what
the network gave, so that a clip in stretches has the lanes of a whole one."""
