"""Pretrained weights with a cache of our own and no network."""

from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from lanedet.models.backbones.pretrained import (
    load_pretrained,
    read_state_dict,
    torchvision_state_dict,
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which torch keeps what it fetched; there is no network."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def refuse(*_: Any, **__: Any) -> None:
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", refuse)
    return tmp_path / "hub/checkpoints"


def test_cached_file_needs_no_network(cache: Path) -> None:
    state = {"x": torch.arange(3)}
    cache.mkdir(parents=True)
    torch.save(state, cache / "resnet18-f37072fd.pth")
    loaded = torchvision_state_dict("resnet18", "imagenet")
    assert torch.equal(loaded["x"], state["x"])


def test_without_network_the_message_has_the_choices(cache: Path) -> None:
    with pytest.raises(ValueError, match="could not be fetched") as caught:
        torchvision_state_dict("resnet18", "imagenet")
    text = str(caught.value)
    url = torchvision.models.ResNet18_Weights.DEFAULT.url
    assert url in text
    assert str(cache / "resnet18-f37072fd.pth") in text
    assert "--cfg-options model.backbone.weights=None" in text
    assert "\n" not in text


def test_fetched_file_is_checked_and_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(url: str, path: str, hash_prefix: str, progress: bool) -> None:
        assert hash_prefix == "b627a593"
        assert Path(url).name == Path(path).name == "resnet34-b627a593.pth"
        torch.save({"y": torch.ones(2)}, path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", fetch)
    assert set(torchvision_state_dict("resnet34", "imagenet")) == {"y"}
    assert (cache / "resnet34-b627a593.pth").is_file()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_both_formats(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    state = {"x": torch.ones(2, 3)}
    if suffix == ".pth":
        torch.save(state, path)
    else:
        save_file(state, path)
    assert torch.equal(read_state_dict(path)["x"], state["x"])


class Bomb:
    """Would write a file when unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.touch, (self.target,))


def test_code_in_a_file_is_refused_and_not_run(tmp_path: Path) -> None:
    torch.save({"x": Bomb(tmp_path / "boom")}, tmp_path / "evil.pth")
    with pytest.raises(ValueError, match="would run code, which is refused"):
        read_state_dict(tmp_path / "evil.pth")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_damaged_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(b"no weights at all")
    with pytest.raises(ValueError, match=r"are damaged.*fetch it again"):
        read_state_dict(path)


@pytest.mark.parametrize("content", [[1, 2], {"x": 1}, {"state_dict": {}}])
def test_file_that_is_no_state_dict(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="must be a state dict"):
        read_state_dict(tmp_path / "other.pth")


def test_what_the_module_lacks_is_left() -> None:
    module = nn.Linear(2, 1)
    state = {"weight": torch.ones(1, 2), "bias": torch.ones(1), "fc": torch.ones(1)}
    load_pretrained(module, state, "somewhere")
    assert module.weight.tolist() == [[1, 1]]


def test_what_the_module_needs_must_fit() -> None:
    with pytest.raises(ValueError, match=r"'somewhere'.*1 of its 2 tensors.*'bias'"):
        load_pretrained(nn.Linear(2, 1), {"weight": torch.ones(1, 2)}, "somewhere")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t * float("nan"), "weight has numbers that are not finite"),
        (lambda t: t.to(torch.int8), "another shape or type, such as 'weight'"),
    ],
)
def test_pretrained_numbers_of_no_trained_model(change: Any, message: str) -> None:
    module = nn.Linear(2, 1)
    before = module.weight.detach().clone()
    state = {**module.state_dict(), "weight": change(module.weight.detach())}
    with pytest.raises(ValueError, match=message):
        load_pretrained(module, state, "x.pth")
    assert torch.equal(module.weight, before)


def test_pretrained_tensors_have_names(tmp_path: Path) -> None:
    torch.save({3: torch.ones(1)}, tmp_path / "odd.pth")
    with pytest.raises(ValueError, match=r"odd\.pth' must be a state dict"):
        read_state_dict(tmp_path / "odd.pth")
