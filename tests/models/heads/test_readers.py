import numpy as np
import pytest
import torch

from lanedet.models.heads import MapReader, RowReader, SegmentationOutputs
from lanedet.ops import LaneDecoder, LetterboxView, ViewTransform

SHAPE = (64, 100)


def _outputs(seed: int, num_lanes: int = 4) -> SegmentationOutputs:
    """Return logits of strokes that lean, fade, have gaps, and leave the picture."""
    rng = np.random.default_rng(seed)
    height, width = SHAPE
    ys, xs = np.mgrid[:height, :width].astype(np.float64)
    logits = np.zeros((num_lanes + 1, height, width))
    for slot in range(num_lanes):
        foot, lean = rng.uniform(-20, 120), rng.uniform(-1.5, 1.5)
        centre = foot + lean * (height - ys)
        distance = np.abs(xs - centre) / np.sqrt(1 + lean**2)
        logits[slot + 1] = 8 - 2.5 * distance + rng.normal(0, 0.5, (height, width))
        if rng.random() < 0.3:
            logits[slot + 1, 20:26] = -9
    logits[0] = 2.0
    return SegmentationOutputs(
        torch.from_numpy(logits).float()[None], torch.zeros(1, num_lanes)
    )


def _views() -> list[ViewTransform]:
    return [
        LetterboxView(SHAPE)((640, 1000)),  # fills the input
        LetterboxView(SHAPE)((400, 1000)),  # empty above and below
        LetterboxView(SHAPE)((640, 600)),  # empty on both sides
    ]


@pytest.mark.parametrize("view", _views(), ids=["whole", "wide", "narrow"])
@pytest.mark.parametrize("smoothing", [None, 1, 5])
@pytest.mark.parametrize("row_step", [1, 2, 4, 7])
def test_rows_read_in_the_graph_give_the_lanes_of_the_maps(
    view: ViewTransform, smoothing: int | None, row_step: int
) -> None:
    decoder = LaneDecoder(smoothing=smoothing, row_step=row_step, stiffness=0.1)
    reader, place = RowReader(decoder, SHAPE), torch.tensor(view.place)
    num_found = 0
    for seed in range(8):
        outputs = _outputs(seed)
        maps = MapReader()(outputs, place)
        expected = decoder(
            maps["lane_probs"][0].numpy(), maps["existence"][0].numpy(), view
        )
        readings = reader(outputs, place)
        found = decoder.read_rows(
            *(readings[name][0].numpy() for name in ("rows", "lane_bits", "existence")),
            view,
        )
        assert [lane.slot for lane in found] == [lane.slot for lane in expected]
        for lane, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(lane.points, other.points, atol=1e-2)
            assert lane.score == pytest.approx(other.score, abs=1e-5)
        num_found += len(found)
    assert num_found >= 8


def test_a_row_by_hand() -> None:
    # Softmax of (0, log 3) is 3/4, of equal logits 1/2.
    logits = torch.full((1, 2, 1, 8), -20.0)
    logits[:, 0] = 0
    logits[0, 1, 0, 3:5] = torch.log(torch.tensor([3.0, 1.0]))
    reader = RowReader(LaneDecoder(threshold=0.4, row_step=1), (1, 8))
    readings = reader(SegmentationOutputs(logits, None), torch.tensor([0, 1, 0, 8]))
    # Half of 3/4 lies midway between 0 and 3/4, and 3/4 of the way from 0 to 1/2.
    np.testing.assert_allclose(readings["rows"][0, 0, 0], [2.5, 4.25, 0.75], atol=1e-6)
    assert readings["lane_bits"].flatten().tolist() == [0b00011000]
    assert readings["existence"].tolist() == [[1.0]]


def test_what_lies_beside_the_picture_is_not_read() -> None:
    logits = torch.zeros(1, 2, 2, 8)
    logits[0, 1, :, 6] = 9  # beside the picture
    logits[0, 1, :, 2] = 3
    reader = RowReader(LaneDecoder(threshold=0.4, row_step=1), (2, 8))
    readings = reader(SegmentationOutputs(logits, None), torch.tensor([1, 2, 2, 5]))
    lowest, above = readings["rows"][0, 0]
    assert lowest[0].item() == 1.5  # the picture's left border
    assert lowest[2].item() == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-6)
    assert above[2].item() == 0  # above the picture


def test_maps_are_probabilities_without_the_background() -> None:
    logits = torch.randn(2, 4, 6, 8)
    maps = MapReader()(SegmentationOutputs(logits, torch.zeros(2, 3)), torch.zeros(4))
    torch.testing.assert_close(maps["lane_probs"], logits.softmax(dim=1)[:, 1:])
    assert (maps["existence"] == 0.5).all()
