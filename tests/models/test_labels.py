import numpy as np
import torch

from lanedet.models.labels import stack_class_maps, stack_existence
from lanedet.structures import LaneSample

CPU = torch.device("cpu")


def _sample(slot: int) -> LaneSample:
    sample = LaneSample()
    sample.gt_class_map = np.full((2, 3), slot + 1, np.uint8)
    sample.gt_existence = np.eye(4)[slot % 4]
    return sample


def test_class_maps_become_classes_of_a_loss() -> None:
    stacked = stack_class_maps([_sample(0), _sample(254)], CPU)
    assert stacked.dtype == torch.int64
    assert stacked.shape == (2, 2, 3)
    assert stacked[:, 0, 0].tolist() == [1, 255]


def test_existence_becomes_targets_of_a_loss() -> None:
    stacked = stack_existence([_sample(0), _sample(2)], CPU)
    assert stacked.dtype == torch.float32
    assert stacked.tolist() == [[1, 0, 0, 0], [0, 0, 1, 0]]


def test_labels_are_copied() -> None:
    sample = _sample(1)
    stack_class_maps([sample], CPU).zero_()
    assert sample.gt_class_map[0, 0] == 2
