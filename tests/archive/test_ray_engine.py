"""How workers share what a cluster has."""

import pytest

from lanedet.archive.ray_engine import gpu_share


def test_workers_share_gpus_evenly_and_never_have_more_than_one() -> None:
    assert gpu_share("cuda", 8, 64) == 0.125
    assert gpu_share("cuda", 1, 3) == 0.3333  # thrice that is no more than one
    assert gpu_share("cuda:0", 4, 2) == 1.0
    assert gpu_share("cpu", 8, 64) == 0.0
    assert gpu_share(None, 8, 64) == 0.0


def test_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="'cuda' needs a cluster with GPUs"):
        gpu_share("cuda", 0, 4)
