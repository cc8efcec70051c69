"""Readers of labels say what is wrong with damaged files, and nothing else happens."""

import base64
import contextlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pytest
from fuzzing import mutations

from lanedet.datasets.transforms.masks import LoadLaneMask
from lanedet.formats import LabelFaults
from lanedet.formats.annotations import (
    read_annotations,
    read_cvat,
    read_labelme,
    read_via,
)
from lanedet.formats.bdd100k import read_bdd100k_labels
from lanedet.formats.bdd100k_splits import read_bdd100k_list
from lanedet.formats.culane import read_culane_lanes
from lanedet.formats.culane_lists import read_culane_list
from lanedet.formats.tusimple import read_tusimple_labels
from lanedet.structures import LaneSample

SHAPE = (9, 16)


def png(mask: bool = False) -> bytes:
    image = np.zeros(SHAPE if mask else (*SHAPE, 3), np.uint8)
    image[2:5, 6] = 255
    return cv2.imencode(".png", image)[1].tobytes()


LABELME = {
    "version": "5.5.0",
    "shapes": [
        {"label": "lane", "shape_type": "linestrip", "points": [[1.5, 8], [6, 2]]},
        {"label": "car", "shape_type": "rectangle", "points": [[1, 2], [3, 4]]},
    ],
    "imagePath": "..\\pictures\\a.png",
    "imageData": base64.b64encode(png()).decode(),
    "imageHeight": 9,
    "imageWidth": 16,
}
VIA = {
    "_via_img_metadata": {
        "a.png77": {
            "filename": "a.png",
            "size": 77,
            "regions": [
                {
                    "shape_attributes": {
                        "name": "polyline",
                        "all_points_x": [1, 6],
                        "all_points_y": [8, 2],
                    },
                    "region_attributes": {"type": {"lane": True}, "x": "y"},
                }
            ],
        }
    },
    "_via_attributes": {"region": {"type": {"options": {"lane": "Lane"}}}},
}
CVAT = b"""<?xml version="1.0" encoding="utf-8"?>
<annotations><version>1.1</version><meta><project><tasks><task><id>3</id>
<mode>interpolation</mode><subset>train</subset><original_size><width>16</width>
<height>9</height></original_size></task></tasks></project></meta>
<image id="0" name="a.png" subset="train" task_id="3" width="16" height="9">
<polyline label="lane" points="1.5,8.0;6,2"/><box label="car" xtl="1"/></image>
<track id="0" label="lane" task_id="3" subset="train"><polyline frame="0" outside="0"
points="1.5,8.0;6,2"/></track></annotations>"""
TUSIMPLE = {"lanes": [[5, -2, 7]], "h_samples": [1, 2, 3], "raw_file": "clips/1/20.jpg"}
BDD100K = [
    {
        "name": "a.jpg",
        "labels": [
            {
                "id": 3 + number,
                "category": "lane",
                "attributes": {"laneType": "single white", "laneStyle": "solid"},
                "poly2d": [
                    {"vertices": [[1, 8], [2, 6], [4, 3], [6, 2]], "types": "LCCL"}
                ],
            }
            for number in range(2)
        ],
    }
]


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("annotations.xml", CVAT)
        archive.writestr("images/train/a.png", png())
        archive.writestr("images/train/frame_000000.png", png())
    return content.getvalue()


def read_mask(file: Path) -> Any:
    sample = LaneSample(metainfo={"gt_mask_path": str(file), "ori_shape": SHAPE})
    image = np.zeros((*SHAPE, 3), np.uint8)
    results = {"data_samples": sample, "inputs": image, "matrix": np.eye(3)}
    return LoadLaneMask()(results)["data_samples"]


class Reader(NamedTuple):
    name: str
    whole: bytes
    read: Callable[[Path], Any]


READERS = {
    "labelme": Reader(
        "a.json",
        json.dumps(LABELME).encode(),
        lambda file: read_annotations(file, read_labelme, labels={"lane"}).samples,
    ),
    "VIA": Reader(
        "a.json",
        json.dumps(VIA).encode(),
        lambda file: read_annotations(file, read_via, labels={"Lane"}).samples,
    ),
    "CVAT": Reader("a.xml", CVAT, lambda file: read_annotations(file, read_cvat)),
    "CVAT's ZIP": Reader(
        "a.zip", zipped(), lambda file: read_annotations(file, read_cvat).samples
    ),
    "TuSimple": Reader(
        "labels.json",
        json.dumps(TUSIMPLE).encode() + b"\n",
        lambda file: read_tusimple_labels(file, file.parent),
    ),
    "CULane's list": Reader(
        "train_gt.txt", b"/a b/1.jpg /m/a b/1.png 1 0 1 1\n", read_culane_list
    ),
    "CULane": Reader("1.lines.txt", b"10.5 590 20 580 30 570\n", read_culane_lanes),
    "BDD100K": Reader(
        "labels.json",
        json.dumps(BDD100K).encode(),
        lambda file: list(read_bdd100k_labels(file, file.parent, LabelFaults())),
    ),
    "BDD100K's list": Reader(
        "list.txt", b"/val/a.b.jpg /m.png 1 1\n", read_bdd100k_list
    ),
    "mask": Reader("mask.png", png(mask=True), read_mask),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place in ("a.png", "train/a.png", "train/frame_000000.png"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        (tmp_path / place).write_bytes(png())
    return tmp_path


def check(folder: Path, reader: Reader, seed: int, count: int) -> None:
    path = folder / reader.name
    for content in mutations(reader.whole, seed, count):
        path.write_bytes(content)
        with contextlib.suppress(ValueError, OSError):
            reader.read(path)


@pytest.mark.parametrize("name", READERS)
def test_whole_files_are_read(folder: Path, name: str) -> None:
    path = folder / READERS[name].name
    path.write_bytes(READERS[name].whole)
    assert READERS[name].read(path)


@pytest.mark.parametrize("name", READERS)
def test_damaged_files_are_read_or_refused(folder: Path, name: str) -> None:
    check(folder, READERS[name], seed=0, count=60)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_many_damaged_files_are_read_or_refused(folder: Path, name: str) -> None:
    check(folder, READERS[name], seed=1, count=10_000)
