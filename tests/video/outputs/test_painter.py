from fractions import Fraction

import numpy as np
import pytest

from lanedet.structures import LaneSample
from lanedet.video import AnnotatedFrame, DrivingMonitor, FramePainter, VideoFrame
from lanedet.video.outputs.painter import checked_picture, fit_picture


def _found(image: np.ndarray, **more) -> AnnotatedFrame:
    sample = LaneSample(metainfo={"ori_shape": image.shape[:2]})
    sample.pred_lanes = [np.array([[20.0, len(image) - 1.0], [20.0, 0.0]])]
    sample.pred_scores, sample.pred_slots = [0.9], [2]
    sample.pred_names = ["ego left"]
    state = DrivingMonitor(num_slots=6).update(sample, 0.0)
    frame = VideoFrame(0, Fraction(0), image, "0.jpg")
    return AnnotatedFrame(frame, sample, state, 1.0, **more)


def test_the_frame_itself_stays_as_it_is() -> None:
    image = np.full((48, 64, 3), 90, dtype=np.uint8)
    drawn = FramePainter(num_slots=6).paint(_found(image))
    assert drawn.shape == image.shape
    assert (image == 90).all()
    assert np.abs(drawn[20, 20].astype(int) - 90).max() > 60


@pytest.mark.parametrize("num_maps", [1, 3, 5])
def test_maps_stand_beside_the_frame(num_maps: int) -> None:
    image = np.full((100, 160, 3), 90, dtype=np.uint8)
    # Each map is hot in its left half.
    values = np.repeat([[1.0] * 80 + [0.0] * 80], 100, axis=0)
    maps = {f"E{number}": values for number in range(num_maps)}
    drawn = FramePainter(num_slots=6).paint(_found(image, attention=maps))
    column = drawn[:, 160:].astype(int)
    assert drawn.shape == (100, 160 + round(160 / num_maps), 3)
    left, right = np.split(column, [column.shape[1] // 2], axis=1)
    assert left[:, 1:-1, 0].mean() > right[:, 1:-1, 0].mean() + 50


def test_a_picture_that_fits_is_left_alone() -> None:
    image = np.zeros((48, 64, 3), dtype=np.uint8)
    assert fit_picture(image, (48, 64)) is image


@pytest.mark.parametrize("shape", [(10, 100), (100, 10), (7, 5)])
def test_other_pictures_keep_their_aspect(shape: tuple[int, int]) -> None:
    fitted = fit_picture(np.full((*shape, 3), 255, dtype=np.uint8), (48, 64))
    assert fitted.shape == (48, 64, 3)
    rows, columns = np.nonzero(fitted[..., 0])
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    assert height == 48 or width == 64
    assert width / height == pytest.approx(shape[1] / shape[0], rel=0.25)


@pytest.mark.parametrize(
    "picture",
    [
        None,
        [[[0, 0, 0]]],
        np.zeros((48, 64), np.uint8),
        np.zeros((48, 64, 4), np.uint8),
        np.zeros((48, 64, 3)),
        np.zeros((0, 64, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(picture: object) -> None:
    with pytest.raises(ValueError, match=r"paint must return a picture \(H, W, 3\)"):
        checked_picture(picture)


def test_a_picture_of_any_size_is_taken_as_it_is() -> None:
    picture = np.zeros((1, 2, 3), np.uint8)
    assert checked_picture(picture) is picture
