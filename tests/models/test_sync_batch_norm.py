"""Batch norms of processes without a GPU, as far as one process shows it.

tests/engine/distributed_cases.py trains two.
"""

from collections.abc import Iterator

import pytest
import torch
from processes import free_port
from torch import nn

from lanedet.models import CPUSyncBatchNorm, synchronize_batch_norm


@pytest.fixture(scope="module")
def one_process() -> Iterator[None]:
    """Be the only process of a run."""
    torch.distributed.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{free_port()}", rank=0, world_size=1
    )
    yield
    torch.distributed.destroy_process_group()


def pair(
    dtype: torch.dtype = torch.float64, **options: object
) -> tuple[nn.BatchNorm2d, nn.Module]:
    """Return a batch norm with values of its own, and what becomes of such a one."""
    norms = []
    for _ in range(2):
        norm = nn.BatchNorm2d(3, **options).to(dtype)  # type: ignore[arg-type]
        if norm.affine:
            nn.init.normal_(norm.weight, generator=torch.Generator().manual_seed(1))
            nn.init.normal_(norm.bias, generator=torch.Generator().manual_seed(2))
        norms.append(norm)
    return norms[0], synchronize_batch_norm(norms[1])


def images(seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return 5 + 3 * torch.randn(4, 3, 5, 6, generator=generator, dtype=torch.float64)


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize(
    "options",
    [{}, {"momentum": None}, {"affine": False}, {"track_running_stats": False}],
    ids=["plain", "cumulative", "without-weights", "without-statistics"],
)
def test_of_one_process_it_is_pytorch_s(options: dict[str, object]) -> None:
    plain, synced = pair(**options)
    assert type(synced) is CPUSyncBatchNorm
    for seed in range(3):
        inputs = [images(seed).requires_grad_() for _ in range(2)]
        outputs = [norm(x) for norm, x in zip((plain, synced), inputs, strict=True)]
        torch.testing.assert_close(outputs[1], outputs[0])
        for output in outputs:
            (output**3).sum().backward()
        torch.testing.assert_close(inputs[1].grad, inputs[0].grad)
    gradients = [[p.grad for p in norm.parameters()] for norm in (plain, synced)]
    torch.testing.assert_close(gradients[1], gradients[0])
    torch.testing.assert_close(synced.state_dict(), plain.state_dict())
    torch.testing.assert_close(synced.eval()(images(9)), plain.eval()(images(9)))


def test_evaluation_needs_no_other_process() -> None:
    plain, synced = pair()
    torch.testing.assert_close(synced.eval()(images()), plain.eval()(images()))


def test_parameters_buffers_and_mode_stay_what_they_are() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sequential(nn.BatchNorm2d(3))).eval()
    before = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    assert synchronize_batch_norm(model) is model
    after = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    assert list(after) == list(before)
    assert all(after[name] is before[name] for name in before)
    [norm] = [each for each in model.modules() if isinstance(each, CPUSyncBatchNorm)]
    assert not norm.training
    assert not any(isinstance(each, nn.BatchNorm2d) for each in model.modules())


def test_a_batch_norm_under_several_names_becomes_one_layer() -> None:
    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.BatchNorm2d(3)
            self.second = self.first
            self.inner = nn.Sequential(self.first, nn.ReLU())
            self.nothing = None
            self.register_module("none", None)

    model = Model()
    synchronize_batch_norm(model)
    assert type(model.first) is CPUSyncBatchNorm
    assert model.second is model.first
    assert model.inner[0] is model.first
    assert len(list(model.parameters())) == 2


def test_a_model_without_batch_norms_stays_as_it_is() -> None:
    model = nn.Sequential(nn.Conv2d(3, 3, 1), nn.GroupNorm(1, 3))
    children = list(model)
    assert list(synchronize_batch_norm(model)) == children
