import pytest
import torch
from torch import Tensor, nn

from lanedet.models.context import RecurrentShift, SpatialPropagation


def image(*size: int, channels: int = 3) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(2, channels, *size, dtype=torch.float64, generator=generator)


def with_kernels(module: nn.Module, **kernels: Tensor | None) -> nn.Module:
    """Set the kernels of a direction, or of a step of it, and all others to zero."""
    module = module.double()
    for name, kernel in module.kernels.items():
        nn.init.zeros_(kernel)
        if name in kernels:
            kernel.data += kernels[name]
    return module


def identity(kernel_size: int = 9, channels: int = 3) -> Tensor:
    kernel = torch.zeros(channels, channels, kernel_size, dtype=torch.float64)
    kernel[range(channels), range(channels), kernel_size // 2] = 1
    return kernel


def test_without_weights_messages_say_nothing() -> None:
    x = image(6, 8)
    assert torch.equal(with_kernels(SpatialPropagation(3))(x), x)
    assert torch.equal(with_kernels(RecurrentShift(3, steps=2))(x), x)


@pytest.mark.parametrize(
    ("direction", "dim", "flipped"),
    [("down", 2, False), ("up", 2, True), ("right", 3, False), ("left", 3, True)],
)
def test_the_identity_as_kernel_sums_all_slices_before(
    direction: str, dim: int, flipped: bool
) -> None:
    module, x = (
        with_kernels(SpatialPropagation(3), **{direction: identity()}),
        image(6, 8),
    )
    expected = x.flip(dim).cumsum(dim).flip(dim) if flipped else x.cumsum(dim)
    torch.testing.assert_close(module(x), expected)


def test_directions_follow_one_another() -> None:
    kernels = dict.fromkeys(("down", "up", "right", "left"), identity())
    x = image(3, 4)
    down = x.cumsum(2)
    up = down.flip(2).cumsum(2).flip(2)
    right = up.cumsum(3)
    left = right.flip(3).cumsum(3).flip(3)
    torch.testing.assert_close(with_kernels(SpatialPropagation(3), **kernels)(x), left)


def test_messages_spread_in_a_cone() -> None:
    module = with_kernels(
        SpatialPropagation(1, kernel_size=3), down=torch.ones(1, 1, 3).double()
    )
    x = torch.zeros(1, 1, 4, 11, dtype=torch.float64)
    x[0, 0, 1, 5] = 1
    reached = module(x)[0, 0] > 0
    expected = torch.zeros(4, 11, dtype=torch.bool)
    expected[1, 5] = True
    expected[2, 4:7] = True
    expected[3, 3:8] = True
    assert torch.equal(reached, expected)


def test_up_is_down_of_the_flipped_map() -> None:
    kernel = torch.randn(3, 3, 9, dtype=torch.float64)
    down = with_kernels(SpatialPropagation(3), down=kernel)
    up = with_kernels(SpatialPropagation(3), up=kernel)
    x = image(6, 8)
    torch.testing.assert_close(up(x.flip(2)), down(x).flip(2))


@pytest.mark.parametrize("module", [SpatialPropagation(8), RecurrentShift(8, steps=3)])
def test_gradients_reach_every_kernel(module: nn.Module) -> None:
    module = module.double()
    x = image(8, 10, channels=8).requires_grad_()
    module(x).square().sum().backward()
    for name, kernel in module.kernels.items():
        assert kernel.grad.abs().sum() > 0, name
    assert x.grad.isfinite().all()


def test_random_messages_do_not_grow_without_bound() -> None:
    """36 rows and 100 columns of 128 channels, the paper's size."""
    torch.manual_seed(0)
    x = torch.rand(1, 128, 36, 100)
    with torch.inference_mode():
        assert SpatialPropagation(128)(x).max() < 1000


@pytest.mark.parametrize(
    ("direction", "dim"), [("down", 2), ("up", 2), ("right", 3), ("left", 3)]
)
def test_with_all_steps_each_pixel_sums_its_line(direction: str, dim: int) -> None:
    """A side of 8 and 3 steps, by 1, 2 and 4 pixels around the border."""
    module = with_kernels(
        RecurrentShift(3, steps=3, strength=1.0),
        **{f"{direction}{step}": identity() for step in range(3)},
    )
    x = image(8, 8)
    torch.testing.assert_close(module(x), x.sum(dim, keepdim=True).expand_as(x))


@pytest.mark.parametrize(
    ("direction", "shift", "dim"),
    [("down", 2, 2), ("up", -2, 2), ("right", 2, 3), ("left", -2, 3)],
)
def test_a_step_adds_twice_the_shifted_map(
    direction: str, shift: int, dim: int
) -> None:
    module = with_kernels(RecurrentShift(3, steps=2), **{f"{direction}1": identity()})
    x = image(4, 4)
    torch.testing.assert_close(module(x), x + 2 * x.roll(shift, dim))


def test_kernels_lie_along_the_slices() -> None:
    """A row that moves down is looked at along the row."""
    tap = torch.zeros(1, 1, 3, dtype=torch.float64)
    tap[0, 0, 0] = 1  # the pixel before
    x = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    x[0, 0, 1, 1] = 1
    module = with_kernels(RecurrentShift(1, steps=2, kernel_size=3), down1=tap)
    added = module(x) - x
    assert added.nonzero().tolist() == [[0, 0, 3, 2]]
    module = with_kernels(RecurrentShift(1, steps=2, kernel_size=3), right1=tap)
    assert (module(x) - x).nonzero().tolist() == [[0, 0, 2, 3]]


def test_they_have_the_published_parameters() -> None:
    def count(module: nn.Module) -> int:
        return sum(each.numel() for each in module.parameters())

    assert count(SpatialPropagation(128)) == 589_824
    assert count(RecurrentShift(128, steps=4)) == 2_359_296
    assert count(RecurrentShift(128, steps=5)) == 2_949_120


def test_shifts_by_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"of 8x22\. Set steps to at most 3"):
        RecurrentShift(3, steps=4)(image(8, 22))
    with pytest.raises(ValueError, match=r"of 1x22\. Use a larger map"):
        RecurrentShift(3, steps=4)(image(1, 22))


def test_arguments_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="kernel_size must be odd"):
        SpatialPropagation(3, kernel_size=4)
    with pytest.raises(ValueError, match="init_scale must be at least 0"):
        SpatialPropagation(3, init_scale=-1.0)
    with pytest.raises(ValueError, match="kernel_size must be odd"):
        RecurrentShift(3, kernel_size=0)
    with pytest.raises(ValueError, match="steps must be at least 1"):
        RecurrentShift(3, steps=0)
