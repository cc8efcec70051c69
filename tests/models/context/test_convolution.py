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


@pytest.mark.parametrize("options", [{"kernel_size": 2}, {"dilation": 0}])
def test_arguments_that_do_not_fit_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be"):
        ConvolutionContext(4, **options)
