import numpy as np
import pytest
import torch
from exports import PARTS, PLACE, images, weights_file

from lanedet.inference import open_predictor


@pytest.mark.parametrize("kind", PARTS)
def test_maps_are_read_on_a_cpu(kind: str) -> None:
    predictor = open_predictor(weights_file(kind), device="cpu")
    assert predictor.kind == {"rows": "maps"}.get(kind, kind)
    assert predictor.device == "cpu"
    assert predictor.runtime == f"PyTorch {torch.__version__}"
    readings = predictor.read(images(2), np.array(PLACE))
    assert all(len(array) == 2 for array in readings.values())


def test_threads_that_read_at_once_have_a_core_each() -> None:
    predictor = open_predictor(weights_file("maps"), device="cpu")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        with predictor.concurrent(2) as begin:
            begin()
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
