import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from lanedet.models import TimmFeatures


def shapes(features: dict[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(x.shape) for name, x in features.items()}


@pytest.fixture(scope="module")
def timm() -> Any:
    return pytest.importorskip("timm", reason="Needs the extra lanedet[timm].")


@pytest.mark.usefixtures("timm")
def test_timm_stages() -> None:
    backbone = TimmFeatures(
        name="mobilenetv3_small_050",
        stages=dict(S2=1, S4=4),
        weights=None,
        output_stride=8,
    ).eval()
    assert backbone.stride == 8
    assert backbone.stage_channels == {"S2": 8, "S4": 288}
    assert shapes(backbone(torch.zeros(1, 3, 32, 64))) == {
        "S2": (1, 8, 8, 16),
        "S4": (1, 288, 4, 8),
    }


def test_timm_weights_come_from_a_file(timm: Any, tmp_path: Path) -> None:
    torch.manual_seed(0)
    reference: nn.Module = timm.create_model("resnet10t")
    path = tmp_path / "resnet10t.pth"
    torch.save(reference.state_dict(), path)
    backbone = TimmFeatures(name="resnet10t", stages=dict(a=1, b=2), weights=str(path))
    backbone.init_weights()
    theirs = reference.state_dict()
    for name, tensor in backbone.network.state_dict().items():
        assert torch.equal(tensor, theirs[name]), name


def test_timm_weights_of_another_network(timm: Any, tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"x": torch.zeros(1)}, path)
    backbone = TimmFeatures(name="resnet10t", stages=dict(a=1), weights=str(path))
    with pytest.raises(ValueError, match=r"other\.pth' do not fit resnet10t"):
        backbone.init_weights()


def test_timm_without_network(timm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = TimmFeatures(name="resnet10t", stages=dict(a=1))

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(
        ValueError, match=r"resnet10t could not be fetched \(no net"
    ) as e:
        backbone.init_weights()
    assert "model.backbone.weights=FILE" in str(e.value)
    assert "model.backbone.weights=None" in str(e.value)


@pytest.mark.usefixtures("timm")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"name": "hf-hub:some/one"}, "network of timm", id="hub"),
        pytest.param({"name": "nothing"}, "network of timm, got 'nothing'", id="name"),
        pytest.param({"stages": {}}, "ascending indices", id="no stage"),
        pytest.param({"stages": {"a": 2, "b": 1}}, "ascending indices", id="order"),
        pytest.param({"stages": {"a": 9}}, r"with the features \(9,\)", id="index"),
        pytest.param(
            {"name": "mixer_s16_224", "output_stride": 8}, "cannot build", id="argument"
        ),
        pytest.param(
            {"name": "vit_tiny_patch16_224", "stages": {"a": 0}},
            "does not take images of .* img_size",
            id="one size",
        ),
        pytest.param(
            {"name": "convit_tiny", "img_size": (288, 800)},
            r"every image for a square, got .*\(288, 800\).*GatedPositionalAttention",
            id="ConViT",
        ),
    ],
)
def test_bad_timm_arguments(arguments: dict[str, Any], message: str) -> None:
    usual = {"name": "resnet10t", "stages": {"a": 1}}
    with pytest.raises(ValueError, match=message):
        TimmFeatures(**{**usual, **arguments})


@pytest.mark.usefixtures("timm")
def test_timm_network_for_one_size() -> None:
    backbone = TimmFeatures(
        name="vit_tiny_patch16_224", stages=dict(a=0), weights=None, img_size=(32, 64)
    )
    assert backbone(torch.zeros(1, 3, 32, 64))["a"].shape == (1, 192, 2, 4)
    with pytest.raises(ValueError, match=r"img_size=\(32, 64\), got .* \(64, 64"):
        backbone.check_size((64, 64))


def test_timm_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ValueError, match=r"pip install 'lanedet\[timm\]'"):
        TimmFeatures(name="resnet10t", stages=dict(a=1))
