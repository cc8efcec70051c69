import pytest
import torch

from lanedet.models import usable_device


@pytest.mark.parametrize("name", ["cpu", "cpu:0", torch.device("cpu")])
def test_the_cpu_is_there(name: torch.device | str) -> None:
    assert usable_device(name) == torch.device("cpu")


def test_without_a_name_a_gpu_where_there_is_one() -> None:
    wanted = "cuda" if torch.cuda.is_available() else "cpu"
    assert usable_device(None).type == wanted


@pytest.mark.parametrize(
    "name",
    [
        *("meta", "cpu:5", "cuda:99", "gpu", "", "CPU", "cpu:", "xla", "x" * 999),
        *("hpu", "privateuseone"),
    ],
)
def test_what_is_no_device_to_compute_on(name: str) -> None:
    with pytest.raises(ValueError, match=r"no device .* here\. There is cpu") as caught:
        usable_device(name)
    assert len(str(caught.value)) < 300
