from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from lanedet.models import ResNet


@pytest.fixture(scope="module")
def reference() -> nn.Module:
    """torchvision's ResNet-18 with running statistics that are not the initial ones."""
    torch.manual_seed(0)
    network: nn.Module = torchvision.models.resnet18().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    return network


@pytest.fixture(scope="module")
def weights(reference: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(reference.state_dict(), path)
    return path


@pytest.mark.parametrize("depth", [18, 34])
def test_stages(depth: int) -> None:
    network = ResNet(depth=depth, weights=None).eval()
    features = network(torch.zeros(1, 3, 48, 64))
    assert {name: tuple(x.shape[1:]) for name, x in features.items()} == {
        "layer1": (64, 12, 16),
        "layer2": (128, 6, 8),
        "layer3": (256, 6, 8),
        "layer4": (512, 6, 8),
    }
    channels = {name: x.shape[1] for name, x in features.items()}
    assert network.stage_channels == channels


@pytest.mark.parametrize("depth", [18, 34])
def test_parameters_are_torchvisions_without_the_classifier(depth: int) -> None:
    theirs = torchvision.models.get_model(f"resnet{depth}").state_dict()
    ours = ResNet(depth=depth, weights=None).state_dict()
    assert {name: tensor.shape for name, tensor in ours.items()} == {
        name: tensor.shape
        for name, tensor in theirs.items()
        if not name.startswith("fc.")
    }


def test_dilation_computes_what_the_pretrained_network_did(
    reference: nn.Module, weights: Path
) -> None:
    # The same weights on a finer grid: every second pixel of layer3 and every fourth
    # of layer4 must be torchvision's, borders included.
    network = ResNet(depth=18, weights=str(weights)).eval()
    network.init_weights()
    images = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        features = network(images)
        x = reference.maxpool(reference.relu(reference.bn1(reference.conv1(images))))
        for stage, step in (("layer1", 1), ("layer2", 1), ("layer3", 2), ("layer4", 4)):
            x = getattr(reference, stage)(x)
            ours = features[stage][..., ::step, ::step]
            torch.testing.assert_close(ours, x, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("output_stride", "step"), [(16, 2), (32, 1)])
def test_strided_it_is_the_pretrained_network(
    reference: nn.Module, weights: Path, output_stride: int, step: int
) -> None:
    network = ResNet(weights=str(weights), output_stride=output_stride).eval()
    network.init_weights()
    images = torch.randn(1, 3, 72, 104)  # multiples of 8, not of 16
    with torch.no_grad():
        features = network(images)
        x = reference.maxpool(reference.relu(reference.bn1(reference.conv1(images))))
        for stage in ("layer1", "layer2", "layer3", "layer4"):
            x = getattr(reference, stage)(x)
            stretch = step if stage == "layer4" else 1
            ours = features[stage][..., ::stretch, ::stretch]
            torch.testing.assert_close(ours, x, rtol=1e-4, atol=1e-4)


def test_other_output_stride() -> None:
    with pytest.raises(ValueError, match=r"output_stride must be one of \[8, 16, 32\]"):
        ResNet(weights=None, output_stride=4)


def test_nothing_is_loaded_before_training_begins() -> None:
    ResNet(weights="no/such/file.pth")(torch.zeros(1, 3, 16, 16).repeat(2, 1, 1, 1))


def test_missing_file() -> None:
    with pytest.raises(FileNotFoundError, match=r"'no/file\.pth'.*weights=None"):
        ResNet(weights="no/file.pth").init_weights()


def test_weights_of_another_depth(weights: Path) -> None:
    with pytest.raises(ValueError, match=r"do not fit the backbone: \d+ of its 216"):
        ResNet(depth=34, weights=str(weights)).init_weights()


def test_blocks_begin_as_the_identity() -> None:
    torch.manual_seed(0)
    layer1 = ResNet(depth=34, weights=None).layer1
    inputs = torch.rand(2, 64, 6, 8)
    assert torch.equal(layer1(inputs), inputs)


def test_other_depth() -> None:
    with pytest.raises(ValueError, match=r"depth must be one of \[18, 34\], got 50"):
        ResNet(depth=50)


def test_size_that_does_not_divide() -> None:
    with pytest.raises(ValueError, match=r"width 70 .* multiple of 8. Use 64 or 72"):
        ResNet(weights=None)(torch.zeros(1, 3, 48, 70))


def test_gradient_reaches_every_parameter() -> None:
    torch.manual_seed(0)
    network = ResNet(weights=None)
    network(torch.randn(2, 3, 32, 32))["layer4"].square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
