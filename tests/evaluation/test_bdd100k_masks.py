import os
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from lanedet.evaluation import evaluate_bdd100k
from lanedet.evaluation.bdd100k_masks import read_mask
from lanedet.formats import LANE_BACKGROUND

SHAPE = (72, 128)


def write(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), mask.astype(np.uint8))


def binary(first: int, stop: int) -> np.ndarray:
    mask = np.zeros(SHAPE)
    mask[:, first:stop] = 255
    return mask


def lane_bytes(column: int, value: int = 6) -> np.ndarray:
    mask = np.full(SHAPE, LANE_BACKGROUND)
    mask[:, column] = value
    return mask


def test_binary_masks_are_scored_by_both_pixel_protocols(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "gt" / f"{name}.png", binary(10, 12))
    write(tmp_path / "pred" / "a.png", binary(10, 14))
    write(tmp_path / "pred" / "b.png", binary(50, 52))
    scores = evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt", shape=SHAPE)
    assert scores.num_images == 2
    assert scores.sad == (0.5, 0.25)
    assert scores.multitask.accuracy == 0.5
    assert scores.boundary is None
    assert scores.as_dict()["sad_iou"] == 0.25


def test_lane_bytes_get_the_boundary_score_too(tmp_path: Path) -> None:
    write(tmp_path / "gt" / "a.png", lane_bytes(30))
    write(tmp_path / "pred" / "a.png", lane_bytes(31))
    scores = evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt", shape=SHAPE)
    assert scores.boundary is not None
    assert scores.boundary.average == pytest.approx([100] * 3)
    assert scores.as_dict()["boundary_f1_1px_average"] == pytest.approx(100)
    assert scores.sad == (0.0, 0.0)


def test_labels_of_another_form_are_scored_as_pixels(tmp_path: Path) -> None:
    write(tmp_path / "gt" / "a.png", lane_bytes(30))
    write(tmp_path / "pred" / "a.png", binary(30, 31))
    scores = evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt", shape=SHAPE)
    assert scores.sad == (1.0, 1.0)
    assert scores.boundary is None


def test_only_the_named_images_are_scored(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "gt" / f"{name}.png", binary(10, 12))
    write(tmp_path / "pred" / "a.png", binary(10, 12))
    scores = evaluate_bdd100k(
        tmp_path / "pred", tmp_path / "gt", names=["a"], shape=SHAPE
    )
    assert scores.num_images == 1
    assert scores.sad == (1.0, 1.0)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No folder of masks at"):
        evaluate_bdd100k(tmp_path / "pred", tmp_path)
    (tmp_path / "pred").mkdir()
    with pytest.raises(FileNotFoundError, match=r"No masks \(\*.png\)"):
        evaluate_bdd100k(tmp_path / "pred", tmp_path)
    write(tmp_path / "gt" / "a.png", binary(10, 12))
    with pytest.raises(FileNotFoundError, match=r"No lane mask at .*pred/a\.png"):
        evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt")


@pytest.mark.parametrize(
    ("pred", "message"),
    [
        pytest.param(np.zeros((36, 64)), "pred/a.png.*one shape", id="size"),
        pytest.param(np.zeros((*SHAPE, 3)), "pred/a.png.*one 8-bit", id="color"),
        pytest.param(np.full(SHAPE, 7), "pred/a.png.*mostly backgr", id="no mask"),
    ],
)
def test_a_mask_that_cannot_be_scored_is_named(
    tmp_path: Path, pred: np.ndarray, message: str
) -> None:
    write(tmp_path / "gt" / "a.png", binary(10, 12))
    write(tmp_path / "pred" / "a.png", pred)
    with pytest.raises(ValueError, match=message):
        evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt", shape=SHAPE)


def test_a_cut_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "gt" / "a.png", binary(10, 12))
    write(tmp_path / "pred" / "a.png", binary(10, 12))
    (tmp_path / "pred" / "a.png").write_bytes(b"\x89PNG")
    with pytest.raises(ValueError, match=r"pred/a\.png.*unreadable file"):
        evaluate_bdd100k(tmp_path / "pred", tmp_path / "gt")


def test_masks_of_another_size_are_refused(tmp_path: Path) -> None:
    for folder in ("pred", "gt"):
        write(tmp_path / folder / "a.png", binary(10, 12))
    paths = tmp_path / "pred", tmp_path / "gt"
    with pytest.raises(ValueError, match=r"be 1280 pixels.* 128 and 72.*--shape 72x12"):
        evaluate_bdd100k(*paths)
    assert evaluate_bdd100k(*paths, shape=SHAPE).sad == (1.0, 1.0)
    with pytest.raises(
        ValueError, match=r"gt/a.png' must be 1920 pixels wide and 1080"
    ):
        evaluate_bdd100k(*paths, shape=(1080, 1920))


@pytest.mark.parametrize(
    ("side", "num_more", "message"),
    [
        (100_000, 2 << 20, "100000x100000 pixels, and at most"),
        (100_000, 0, "an unreadable file"),
        (2**31 - 1, 0, "an unreadable file"),
        (0, 0, "an unreadable file"),
    ],
)
def test_a_header_alone_commands_no_memory(
    tmp_path: Path, side: int, num_more: int, message: str
) -> None:
    path = tmp_path / "a.png"
    write(path, binary(10, 12))
    data = bytearray(path.read_bytes())
    data[16:24] = side.to_bytes(4, "big") * 2
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    path.write_bytes(bytes(data) + b"\0" * num_more)
    with pytest.raises(ValueError, match=message):
        read_mask(path)


def test_a_mask_has_at_most_the_pixels_of_8k(tmp_path: Path) -> None:
    assert cv2.imwrite(str(tmp_path / "a.png"), np.zeros((4097, 8192), np.uint8))
    with pytest.raises(ValueError, match="8192x4097 pixels, and at most 34 million"):
        read_mask(tmp_path / "a.png")


def test_names_need_not_be_utf8(tmp_path: Path) -> None:
    for folder in ("pred", "gt"):
        write(tmp_path / folder / "a.png", binary(10, 12))
        odd = os.fsdecode(b"Stra\xdfe.png")
        (tmp_path / folder / "a.png").rename(tmp_path / folder / odd)
    paths = tmp_path / "pred", tmp_path / "gt"
    assert evaluate_bdd100k(*paths, shape=SHAPE).sad == (1.0, 1.0)
