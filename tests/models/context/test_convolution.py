import pytest
import torch

from lanedet.models import ConvolutionContext


def test_it_is_a_convolution_with_norm_and_activation() -> None:
    torch.manual_seed(0)
    layer, x = ConvolutionContext(4, dilation=2).eval(), torch.randn(2, 4, 7, 9)
    convolved = torch.nn.functional.conv2d(
        x, layer.layers[0].weight, padding=2, dilation=2
    )
    torch.testing.assert_close(layer(x), (convolved / (1 + 1e-5) ** 0.5).relu())


def test_groups_of_channels_do_not_see_one_another() -> None:
    layer = ConvolutionContext(4, groups=2).eval()
    x = torch.randn(1, 4, 5, 6, requires_grad=True)
    layer.layers[0](x)[:, :2].sum().backward()
    assert x.grad[:, :2].any()
    assert not x.grad[:, 2:].any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kernel_size": 2}, "kernel_size must be odd"),
        ({"dilation": 0}, "dilation must be at least 1"),
        ({"groups": 3}, "groups must divide the 4 channels, got 3"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    options: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ConvolutionContext(4, **options)
