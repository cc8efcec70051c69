import numpy as np
import pytest

from lanedet.evaluation.functional.bdd100k import (
    MULTITASK_SHAPE,
    PixelCounts,
    PixelScore,
    count_pixels,
    mean_pixel_score,
    multitask_counts,
    multitask_score,
    pixel_score,
)

SHAPE = (720, 1280)


def stripe(first: int, stop: int) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[:, first:stop] = True
    return mask


def test_pixels_are_counted() -> None:
    counts = count_pixels(stripe(100, 108), stripe(106, 110))
    assert counts == PixelCounts(tp=2 * 720, fp=6 * 720, fn=2 * 720)
    assert pixel_score(counts) == PixelScore(accuracy=0.5, iou=0.2)


def test_images_without_labels_score_zero_and_count() -> None:
    # SAD's author: "The IoU will just be zero if GT does not exist" (issue 299).
    full = PixelCounts(tp=10, fp=0, fn=0)
    assert mean_pixel_score([full, PixelCounts(0, 0, 0)]) == PixelScore(0.5, 0.5)
    assert mean_pixel_score([full, PixelCounts(0, 7, 0)]) == PixelScore(0.5, 0.5)


def test_each_image_counts_the_same_whatever_its_pixels() -> None:
    score = mean_pixel_score([PixelCounts(1, 0, 0), PixelCounts(0, 0, 999)])
    assert score == PixelScore(0.5, 0.5)


def test_the_multitask_label_is_thickened_by_shrinking() -> None:
    # A label of 2 px over columns 99 and 100 touches two columns at half the size.
    counts = multitask_counts(stripe(99, 101), stripe(99, 101))
    assert counts.tp + counts.fn == 2 * MULTITASK_SHAPE[0]
    # The prediction is sampled: of columns 99 and 100, column 100 = 2 * 50 is met.
    assert counts == PixelCounts(tp=360, fp=0, fn=360)


def test_one_labelled_pixel_is_enough_in_the_multitask_protocol() -> None:
    gt = np.zeros(SHAPE, dtype=bool)
    gt[301, 501] = True
    assert multitask_counts(np.zeros(SHAPE, dtype=bool), gt) == PixelCounts(0, 0, 1)


def test_a_network_map_of_640_pixels_survives_the_way_there_and_back() -> None:
    small = np.random.default_rng(0).random(MULTITASK_SHAPE) < 0.1
    large = small.repeat(2, axis=0).repeat(2, axis=1)
    assert multitask_counts(large, large) == PixelCounts(int(small.sum()), 0, 0)


def test_pixels_add_up_within_a_batch_and_batches_weigh_by_their_images() -> None:
    counts = [PixelCounts(1, 0, 0), PixelCounts(0, 1, 2), PixelCounts(3, 0, 1)]
    score = multitask_score(counts, batch_size=2)
    assert score.accuracy == pytest.approx((2 * 1 / 3 + 3 / 4) / 3)
    assert score.iou == pytest.approx((2 * 1 / 4 + 3 / 4) / 3)
    single = multitask_score(counts, batch_size=1)
    assert single == pytest.approx(mean_pixel_score(counts))


def test_a_batch_without_lanes_scores_zero() -> None:
    assert multitask_score([PixelCounts(0, 0, 0)], batch_size=1) == (0.0, 0.0)


def test_wrong_input_is_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        count_pixels(np.zeros((2, 3), bool), np.zeros((3, 2), bool))
    with pytest.raises(ValueError, match="one shape"):
        multitask_counts(np.zeros((2, 3), bool), np.zeros((3, 2), bool))
    with pytest.raises(ValueError, match="At least one image"):
        mean_pixel_score([])
    with pytest.raises(ValueError, match="At least one image"):
        multitask_score([])
    with pytest.raises(ValueError, match="batch_size must be at least 1"):
        multitask_score([PixelCounts(0, 0, 0)], batch_size=0)
