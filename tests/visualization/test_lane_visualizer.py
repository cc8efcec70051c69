from pathlib import Path

import cv2
import numpy as np
import pytest
from mmengine.visualization import TensorboardVisBackend
from mmengine.visualization.vis_backend import BaseVisBackend
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from lanedet.structures import LaneSample
from lanedet.visualization import LaneVisualizer, draw_caption, draw_lanes


class RecordingBackend(BaseVisBackend):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__("nowhere")
        self.images: list[tuple[str, np.ndarray, int]] = []

    @property
    def experiment(self) -> None:
        return None

    def _init_env(self) -> None:
        pass

    def add_image(self, name: str, image: np.ndarray, step: int = 0) -> None:
        self.images.append((name, image, step))


@pytest.fixture
def backend() -> RecordingBackend:
    return RecordingBackend()


@pytest.fixture
def visualizer(backend: RecordingBackend) -> LaneVisualizer:
    return LaneVisualizer(vis_backends=[backend])


@pytest.fixture
def image() -> np.ndarray:
    return np.full((120, 200, 3), 90, dtype=np.uint8)


@pytest.fixture
def sample() -> LaneSample:
    sample = LaneSample()
    sample.gt_lanes = [np.array([[20.0, 119.0], [80.0, 50.0]])]
    sample.pred_lanes = [np.array([[x, 119.0], [x, 50.0]]) for x in (30.0, 150.0)]
    sample.pred_scores = [0.9, 0.4]
    sample.pred_slots = [2, 3]
    return sample


def test_truth_lies_above_prediction(visualizer, backend, image, sample) -> None:
    visualizer.add_datasample("val/0", image, sample, step=7)
    [(name, picture, step)] = backend.images
    assert (name, step) == ("val/0", 7)
    truth = draw_caption(draw_lanes(image, sample.gt_lanes), "annotated")
    predicted = draw_caption(
        draw_lanes(image, sample.pred_lanes, slots=[2, 3], scores=[0.9, 0.4]),
        "predicted",
    )
    assert (picture == np.concatenate([truth, predicted])).all()


def test_only_what_is_asked_for_is_drawn(visualizer, backend, image, sample) -> None:
    visualizer.add_datasample("a", image, sample, draw_gt=False)
    visualizer.add_datasample("b", image, sample, draw_pred=False)
    visualizer.add_datasample("c", image, sample, draw_gt=False, draw_pred=False)
    heights = [len(picture) for _, picture, _ in backend.images]
    assert heights == [120, 120, 120]
    assert (backend.images[0][1] != backend.images[1][1]).any()
    assert (backend.images[2][1] == image).all()


@pytest.mark.parametrize("nothing", [None, LaneSample()])
def test_without_lanes_the_image_is_recorded(
    visualizer, backend, image, nothing: LaneSample | None
) -> None:
    visualizer.add_datasample("a", image, nothing)
    assert (backend.images[0][1] == image).all()


def test_poor_predictions_can_be_left_out(visualizer, backend, image, sample) -> None:
    visualizer.add_datasample("a", image, sample, draw_gt=False, pred_score_thr=0.5)
    picture = backend.images[0][1]
    assert (picture[80, 30] != 90).any()
    assert (picture[80, 150] == 90).all()


def test_a_file_is_written_in_place_of_the_backends(
    visualizer, backend, image, sample, tmp_path: Path
) -> None:
    path = tmp_path / "new" / "a.png"
    visualizer.add_datasample("a", image, sample, draw_gt=False, out_file=path)
    assert backend.images == []
    written = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    assert tuple(written[80, 30]) == (230, 159, 0)


def test_a_file_that_is_no_image_is_refused(visualizer, image, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be written as \.jpg or \.png, got"):
        visualizer.add_datasample("a", image, out_file=tmp_path / "a.mp5")


def test_it_shows_in_tensorboard(image, sample, tmp_path: Path) -> None:
    visualizer = LaneVisualizer(
        vis_backends=[{"type": TensorboardVisBackend}], save_dir=str(tmp_path)
    )
    visualizer.add_datasample("val/0", image, sample, step=3)
    visualizer.close()
    events = EventAccumulator(str(next(tmp_path.rglob("events.*")).parent))
    events.Reload()
    [event] = events.Images("val/0")
    assert (event.step, event.height, event.width) == (3, 240, 200)


def test_the_number_of_slots_decides_who_is_ego(backend, image, sample) -> None:
    visualizer = LaneVisualizer(vis_backends=[backend])
    visualizer.num_slots = 4
    sample.pred_slots = [1, 2]
    visualizer.add_datasample("a", image, sample, draw_gt=False)
    assert tuple(backend.images[0][1][80, 30]) == (230, 159, 0)
