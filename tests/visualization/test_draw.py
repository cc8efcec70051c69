import numpy as np
import pytest

from lanedet.arrays import FloatArray
from lanedet.visualization import draw_caption, draw_lanes

ORANGE, SKY_BLUE, WHITE = (230, 159, 0), (86, 180, 233), (255, 255, 255)


def _vertical(x: float, top: float = 0.0, bottom: float = 359.0) -> FloatArray:
    return np.array([[x, top], [x, bottom]])


def _grey(height: int = 360, width: int = 640) -> np.ndarray:
    return np.full((height, width, 3), 90, dtype=np.uint8)


def _line_width(image: np.ndarray, row: int) -> int:
    """Count the pixels of a row that are of the full color of slot 2."""
    return int((image[row] == ORANGE).all(axis=1).sum())


def test_the_image_is_copied_and_the_lane_is_where_it_should_be() -> None:
    image = _grey()
    drawn = draw_lanes(image, [_vertical(100)], slots=[2])
    assert (image == 90).all()
    assert tuple(drawn[300, 100]) == ORANGE
    columns = np.flatnonzero((drawn[300] != 90).any(axis=1))
    assert (columns[0] + columns[-1]) / 2 == pytest.approx(100, abs=0.5)


def test_ego_lanes_are_wider_than_the_others() -> None:
    image, lane = _grey(720), _vertical(100, 0, 719)
    widths = []
    for slot in range(6):
        drawn = draw_lanes(image, [lane], slots=[slot])
        widths.append(int((drawn[700] != image[700]).any(axis=1).sum()))
    assert widths[2] == widths[3] > max(widths[:2] + widths[4:])


def test_ego_lanes_lie_on_top() -> None:
    lanes = [_vertical(100), _vertical(100)]
    for slots in ([2, 1], [1, 2]):
        assert tuple(draw_lanes(_grey(), lanes, slots=slots)[300, 100]) == ORANGE


def test_lines_get_thinner_upwards() -> None:
    drawn = draw_lanes(_grey(720), [_vertical(100, 0, 719)], slots=[2])
    widths = [_line_width(drawn, row) for row in range(710)]
    assert widths == sorted(widths)
    assert 0 < widths[0] < widths[-1] / 2


def test_lines_scale_with_the_image() -> None:
    small = draw_lanes(_grey(720), [_vertical(100, 0, 719)], slots=[2])
    large = draw_lanes(_grey(2160), [_vertical(100, 0, 2159)], slots=[2])
    assert _line_width(large, 2150) == pytest.approx(3 * _line_width(small, 715), abs=3)


def test_every_slot_has_its_own_color() -> None:
    lanes = [_vertical(50 + 100 * slot) for slot in range(6)]
    drawn = draw_lanes(_grey(), lanes, slots=range(6))
    colors = {tuple(drawn[300, 50 + 100 * slot]) for slot in range(6)}
    assert len(colors) == 6


@pytest.mark.parametrize(
    "matrix",
    [
        pytest.param(
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
            id="protanopia",
        ),
        pytest.param(
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
            id="deuteranopia",
        ),
        pytest.param(
            [
                [1.255528, -0.076749, -0.178779],
                [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900],
            ],
            id="tritanopia",
        ),
    ],
)
def test_color_blind_people_can_tell_neighbours_apart(matrix: list) -> None:
    """As seen through the matrices of Machado et al., 2009 (severity 1)."""
    lanes = [_vertical(50 + 100 * slot) for slot in range(6)]
    drawn = draw_lanes(_grey(), lanes, slots=range(6))
    colors = np.array([drawn[300, 50 + 100 * slot] for slot in range(6)]) / 255
    linear = np.where(
        colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(linear @ np.array(matrix).T, 0, 1)
    seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
    steps = np.linalg.norm(np.diff(seen, axis=0), axis=1)
    assert steps.min() > 0.4  # black and white are sqrt(3) apart


def test_slots_come_from_the_angles_where_none_are_given() -> None:
    left = np.array([[100.0, 359.0], [300.0, 150.0]])
    right = np.array([[540.0, 359.0], [340.0, 150.0]])
    drawn = draw_lanes(_grey(), [right, left])
    assert tuple(drawn[352, 107]) == ORANGE
    assert tuple(drawn[352, 533]) == SKY_BLUE


def test_a_lane_without_a_slot_is_white() -> None:
    drawn = draw_lanes(_grey(), [_vertical(100)], slots=[None])
    assert tuple(drawn[300, 100]) == WHITE


def test_no_lanes_and_empty_lanes_leave_the_image_alone() -> None:
    image = _grey()
    assert (draw_lanes(image, []) == image).all()
    assert (draw_lanes(image, [np.zeros((0, 2))], scores=[0.5]) == image).all()


def test_a_lane_of_one_point_is_a_dot() -> None:
    drawn = draw_lanes(_grey(), [np.array([[100.0, 300.0]])], slots=[2])
    assert tuple(drawn[300, 100]) == ORANGE
    assert 0 < (drawn != 90).any(axis=2).sum() < 200


@pytest.mark.parametrize(
    "outside",
    [
        pytest.param([[-500.0, 100.0], [-400.0, 300.0]], id="left"),
        pytest.param([[100.0, 900.0], [200.0, 2000.0]], id="below"),
        pytest.param([[1e12, 1e12], [1e13, 1e12]], id="far"),
    ],
)
def test_a_lane_outside_the_image_is_not_seen(outside: list) -> None:
    image = _grey()
    drawn = draw_lanes(image, [np.array(outside)], slots=[2], scores=[0.5])
    assert (drawn == image).all()


def test_a_lane_that_leaves_the_image_is_drawn_to_the_border() -> None:
    drawn = draw_lanes(_grey(), [_vertical(100, -5000, 5000)], slots=[2])
    assert (drawn[:, 100] == ORANGE).all()


@pytest.mark.parametrize("shape", [(1, 1), (2, 7), (37, 51), (720, 1280)])
def test_any_image_size(shape: tuple[int, int]) -> None:
    lane = np.array([[0.0, 0.0], [shape[1] - 1.0, shape[0] - 1.0]])
    image = _grey(*shape)
    drawn = draw_lanes(image, [lane], slots=[2], scores=[0.9])
    assert drawn.shape == image.shape
    assert (drawn != image).any()


def test_views_of_images_are_accepted() -> None:
    image = _grey()[::2, ::-1, ::-1]
    assert (draw_lanes(image, [_vertical(100)]) != image).any()


def test_scores_are_written_beside_the_lower_end() -> None:
    plain = draw_lanes(_grey(), [_vertical(100)], slots=[2])
    scored = draw_lanes(_grey(), [_vertical(100)], slots=[2], scores=[0.87])
    rows, columns = np.nonzero((plain != scored).any(axis=2))
    assert rows.min() > 320
    assert 100 <= columns.min() < columns.max() < 150


@pytest.mark.parametrize(
    ("image", "keywords", "message"),
    [
        (np.zeros((4, 4), np.uint8), {}, r"image must be \(H, W, 3\) uint8"),
        (np.zeros((4, 4, 3)), {}, r"image must be .* got \(4, 4, 3\) float64"),
        (_grey(), {"slots": []}, "slots must have one entry per lane, got 0 for 1"),
        (_grey(), {"scores": [1, 1]}, "scores must have one entry per lane, got 2"),
    ],
)
def test_bad_input(image: np.ndarray, keywords: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw_lanes(image, [_vertical(1)], **keywords)


def test_coordinates_must_be_finite() -> None:
    with pytest.raises(ValueError, match="must be finite"):
        draw_lanes(_grey(), [np.array([[0.0, np.nan], [1.0, 2.0]])], slots=[2])


def test_a_caption_stands_in_the_upper_left_corner() -> None:
    image = _grey()
    rows, columns = np.nonzero((draw_caption(image, "predicted") != image).any(axis=2))
    assert rows.max() < 40
    assert columns.max() < 150
    assert (image == 90).all()
