"""The weights with which a pixel looks at others, of every layer that has such."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lanedet.models import (
    ACmix,
    AttentionLayer,
    GatedPositionalAttention,
    LocalSelfAttention,
    NonLocalAttention,
    QuadraticSelfAttention,
    SelfAttention2d,
    WindowSelfAttention,
)

KINDS: dict[str, tuple[type[AttentionLayer], dict[str, Any]]] = {
    "global": (SelfAttention2d, {}),
    "relative": (SelfAttention2d, {"positions": "relative", "size": (6, 9)}),
    "additive": (SelfAttention2d, {"similarity": "additive"}),
    "local": (LocalSelfAttention, {"heads": 4, "kernel_size": 3}),
    "window": (WindowSelfAttention, {"window_size": 4, "shift": 1}),
    "quadratic": (QuadraticSelfAttention, {"heads": 3}),
    "gated": (GatedPositionalAttention, {}),
    "ACmix": (ACmix, {"kernel_size": 3}),
    "ACmix in windows": (ACmix, {"kernel_size": 4, "mode": "window"}),
    "ACmix, global": (ACmix, {"mode": "global"}),
    "SAGAN": (NonLocalAttention, {"pools": False}),
    "SAGAN, pooled": (NonLocalAttention, {}),
}
WITHOUT_SOFTMAX: dict[str, tuple[type[AttentionLayer], dict[str, Any]]] = {
    "ReLU": (SelfAttention2d, {"normalization": "relu"}),
    "patchwise": (ACmix, {"kernel_size": 3, "mode": "patchwise"}),
}
ROW, COLUMN = 4, 2


def made(kind: type[AttentionLayer], options: dict[str, Any]) -> AttentionLayer:
    torch.manual_seed(0)
    layer = kind(16, **options).double()
    for part in layer.modules():  # weights of 0.02 look at everything alike
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, std=0.5)
    return layer


def some_map() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(1, 16, 6, 9, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("name", [*KINDS, *WITHOUT_SOFTMAX])
def test_a_pixel_gets_the_values_times_its_weights(name: str) -> None:
    layer = made(*(KINDS | WITHOUT_SOFTMAX)[name])
    x = some_map()
    with torch.inference_mode():
        weights = layer.attention_of(x, ROW, COLUMN)
        values = layer.values(x)[0].expand(layer.heads, -1, -1, -1)
        seen = layer.attend(x, layer.values(x))[0, :, :, ROW, COLUMN]
    assert weights.shape == (layer.heads, *values.shape[-2:])
    expected = (values * weights[:, None]).sum(dim=(2, 3))
    torch.testing.assert_close(seen, expected)


@pytest.mark.parametrize("name", KINDS)
def test_weights_of_a_softmax_are_shares(name: str) -> None:
    weights = made(*KINDS[name]).attention_of(some_map(), ROW, COLUMN)
    assert (weights >= 0).all()
    torch.testing.assert_close(
        weights.sum(dim=(1, 2)), torch.ones(len(weights), dtype=weights.dtype)
    )
    assert weights.std() > 1e-3


def test_no_more_is_seen_than_the_window_holds() -> None:
    weights = made(*KINDS["local"]).attention_of(some_map(), ROW, COLUMN)
    inside = torch.zeros(6, 9, dtype=torch.bool)
    inside[3:6, 1:4] = True
    assert ((weights > 0) == inside).all()
    # The grid begins a pixel further up and left: rows 3 to 6, columns -1 to 2.
    weights = made(*KINDS["window"]).attention_of(some_map(), ROW, COLUMN)
    inside = torch.zeros(6, 9, dtype=torch.bool)
    inside[3:6, 0:3] = True
    assert ((weights > 0) == inside).all()


def test_a_sharp_head_looks_at_its_target_alone() -> None:
    layer = QuadraticSelfAttention(16, heads=2, sharpness=46.0)
    with torch.no_grad():
        layer.centers.copy_(torch.tensor([[-1.0, 2.0], [0.0, -1.0]]))
    weights = layer.attention_of(some_map().float(), ROW, COLUMN)
    expected = torch.zeros(2, 6, 9)
    expected[0, 3, 4] = expected[1, 4, 1] = 1
    torch.testing.assert_close(weights, expected)


def test_nothing_of_it_stays_behind() -> None:
    layer, x = made(*KINDS["global"]), some_map()
    weights = layer.attention_of(x, ROW, COLUMN)
    assert not weights.requires_grad
    assert all(each.grad is None for each in layer.parameters())
