from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision

from lanedet.models import TorchvisionFeatures


def shapes(features: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(x.shape) for name, x in features.items()}


def test_torchvision_stages_are_the_networks_own() -> None:
    torch.manual_seed(0)
    backbone = TorchvisionFeatures(
        name="mobilenet_v3_small",
        stages=dict(a="features.1", b="features.3"),
        weights=None,
    ).eval()
    assert backbone.stride == 8
    assert backbone.stage_channels == {"a": 16, "b": 24}
    reference = torchvision.models.mobilenet_v3_small().features[:4].eval()
    own = {
        name.removeprefix("features."): tensor
        for name, tensor in backbone.network.state_dict().items()
    }
    reference.load_state_dict(own)
    images = torch.randn(1, 3, 16, 24)
    with torch.no_grad():
        features = backbone(images)
        torch.testing.assert_close(features["a"], reference[:2](images))
        torch.testing.assert_close(features["b"], reference(images))


def test_stages_keep_their_names_in_any_order() -> None:
    backbone = TorchvisionFeatures(
        name="resnet18", stages=dict(deep="layer3", shallow="layer1"), weights=None
    ).eval()
    assert backbone.stage_channels == {"shallow": 64, "deep": 256}
    features = backbone(torch.zeros(1, 3, 32, 48))
    assert shapes(features) == {"shallow": (1, 64, 8, 12), "deep": (1, 256, 2, 3)}
    assert list(features) == ["shallow", "deep"]  # in the order of computation


def test_activations_do_not_overwrite_stages() -> None:
    # In torchvision's own network the activation behind the norm works in place.
    backbone = TorchvisionFeatures(
        name="mnasnet0_5", stages=dict(norm="layers.1", relu="layers.2"), weights=None
    )
    features = backbone(torch.randn(2, 3, 16, 16))
    assert (features["norm"] < 0).any()
    torch.testing.assert_close(features["relu"], features["norm"].relu())


def test_torchvision_options_reach_the_builder() -> None:
    backbone = TorchvisionFeatures(
        name="mobilenet_v3_small",
        stages=dict(S2="features.3", S4="features.11"),
        weights=None,
        options=dict(dilated=True),
    ).eval()
    assert backbone.stride == 16
    assert shapes(backbone(torch.zeros(1, 3, 64, 96))) == {
        "S2": (1, 24, 8, 12),
        "S4": (1, 96, 4, 6),
    }


def test_torchvision_weights_come_from_a_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    reference = torchvision.models.mobilenet_v3_small()
    path = tmp_path / "mobilenet.pth"
    torch.save(reference.state_dict(), path)
    backbone = TorchvisionFeatures(
        name="mobilenet_v3_small", stages=dict(S2="features.3"), weights=str(path)
    )
    backbone.init_weights()
    theirs = reference.state_dict()
    for name, tensor in backbone.network.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name


def test_channels_last_of_a_transformer_are_put_first() -> None:
    backbone = TorchvisionFeatures(
        name="swin_t", stages=dict(a="features.1"), weights=None
    ).eval()
    assert backbone.stage_channels == {"a": 96}
    assert shapes(backbone(torch.zeros(1, 3, 64, 96))) == {"a": (1, 96, 16, 24)}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            {"name": "os.system"}, "classification network .*'os.system'", id="name"
        ),
        pytest.param(
            {"stages": {"a": "layer7"}},
            "'a' must be a place in .*features.0",
            id="node",
        ),
        pytest.param(
            {"stages": {"a": "classifier"}}, r"must be a map.*\(1, 1000\)", id="vector"
        ),
        pytest.param(
            {"options": {"weights": "DEFAULT"}},
            r"cannot hold \['weights'\]",
            id="fetch",
        ),
        pytest.param({"stages": {}}, "at least one place", id="no stage"),
        pytest.param(
            {"stages": {"a": "features.3", "b": "features.3"}},
            "each place once",
            id="twice",
        ),
        pytest.param(
            {
                "name": "resnet18",
                "stages": {"a": "layer4"},
                "options": {"replace_stride_with_dilation": [False, True, True]},
            },
            "cannot build resnet18 .* Dilation > 1 not supported",
            id="dilation",
        ),
        pytest.param(
            {"name": "resnet18", "options": {"dilate": True}},
            "cannot build .*'dilate'",
            id="option",
        ),
        pytest.param(
            {"name": "vit_b_16", "stages": {"a": "encoder"}},
            "does not take images of .*: Wrong image height",
            id="one size",
        ),
    ],
)
def test_bad_torchvision_arguments(arguments: dict[str, Any], message: str) -> None:
    usual = {"name": "mobilenet_v3_small", "stages": {"a": "features.3"}}
    with pytest.raises(ValueError, match=message):
        TorchvisionFeatures(**{**usual, **arguments})


def test_torchvision_size_that_does_not_divide() -> None:
    backbone = TorchvisionFeatures(
        name="mobilenet_v3_small", stages=dict(S4="features.11"), weights=None
    )
    with pytest.raises(ValueError, match=r"height 48 .* of 32. Use 32 or 64"):
        backbone(torch.zeros(1, 3, 48, 64))
