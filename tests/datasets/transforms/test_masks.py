import os
import struct
import zlib
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lanedet.datasets import ApplyView, LoadLaneMask, RandomMotion, RasterizeLaneMask
from lanedet.formats import LANE_BACKGROUND, LabelError
from lanedet.ops import StretchView, draw_lane_mask
from lanedet.structures import LaneSample

SHAPE = (720, 1280)
LANE = np.array([[700.0, 719.0], [640.0, 300.0]])
VIEW = {"type": StretchView, "input_shape": (360, 640)}


def results_of(path: Path | None, motion: dict[str, Any] | None = None) -> Any:
    sample = LaneSample(metainfo={"ori_shape": SHAPE})
    sample.gt_lanes = [LANE] if path is None else []
    if path is not None:
        sample.set_metainfo({"gt_mask_path": str(path)})
    results = {
        "data_samples": sample,
        "inputs": np.zeros((*SHAPE, 3), np.uint8),
        "rng": np.random.default_rng(0),
    }
    for transform in (ApplyView(VIEW, motion), RasterizeLaneMask(4), LoadLaneMask()):
        results = transform(results)
    return results["data_samples"]


def write(path: Path, mask: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), mask.astype(np.uint8))
    return path


@pytest.mark.parametrize(
    "motion",
    [
        None,
        {"type": RandomMotion, "rotate_deg": (5.0, 5.0), "mirror_probability": 1.0},
    ],
)
def test_a_mask_makes_the_label_that_its_lanes_would(
    tmp_path: Path, motion: dict[str, Any] | None
) -> None:
    drawn = draw_lane_mask([LANE], SHAPE, 8.0) * 255
    from_mask = results_of(write(tmp_path / "a.png", drawn), motion)
    from_lanes = results_of(None, motion)
    assert from_mask.gt_existence.tolist() == [1.0]
    pred, gt = from_mask.gt_class_map, from_lanes.gt_class_map
    assert pred.dtype == np.uint8
    assert (pred & gt).sum() / (pred | gt).sum() > 0.75
    columns = [np.flatnonzero(each[300]).mean() for each in (pred, gt)]
    assert columns[0] == pytest.approx(columns[1], abs=0.6)


def test_edges_of_lane_bytes_are_drawn_out(tmp_path: Path) -> None:
    mask = np.full(SHAPE, LANE_BACKGROUND)
    mask[:, 400] = 6
    label = results_of(write(tmp_path / "a.png", mask)).gt_class_map
    assert set(label.sum(axis=1).tolist()) <= {3, 4}
    assert label[:, 200].all()


def test_an_empty_mask_is_a_label_without_lanes(tmp_path: Path) -> None:
    sample = results_of(write(tmp_path / "a.png", np.zeros(SHAPE)))
    assert not sample.gt_class_map.any()
    assert sample.gt_existence.tolist() == [0.0]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        pytest.param(np.zeros((360, 640)), "size of its image", id="size"),
        pytest.param(np.zeros((*SHAPE, 3)), "one 8-bit channel", id="color"),
        pytest.param(np.full(SHAPE, 9), "mostly background", id="no mask"),
    ],
)
def test_masks_that_are_no_label_are_named(
    tmp_path: Path, mask: np.ndarray, message: str
) -> None:
    with pytest.raises(LabelError, match=rf"a\.png: .*{message}"):
        results_of(write(tmp_path / "a.png", mask))


def test_missing_and_cut_masks_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No lane mask at"):
        results_of(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(LabelError, match=r"a\.png"):
        results_of(tmp_path / "a.png")


def test_the_width_must_be_odd() -> None:
    with pytest.raises(ValueError, match="edge_width_px must be odd"):
        LoadLaneMask(edge_width_px=4)


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"\xe9.png")
    mask = np.zeros(SHAPE)
    mask[:, 400] = 255
    write(tmp_path / "a.png", mask).rename(path)
    assert results_of(path).gt_class_map.any()


def test_a_header_of_too_many_pixels(tmp_path: Path) -> None:
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    content = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    content += struct.pack(">I", zlib.crc32(chunk)) + bytes(4) + b"IEND\xaeB`\x82"
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(LabelError, match=r"a\.png: a mask must be an image, but"):
        results_of(tmp_path / "a.png")
