"""Descriptions that ask for too much, or for what they should not."""

import random
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from lanedet.models import build_model, describe_model
from lanedet.models.descriptions import build_outline


def changed(description: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy with another value at a path such as ``head.num_lanes``."""
    first, _, rest = path.partition(".")
    if rest:
        value = changed(description.get(first, {}), rest, value)
    return {**description, first: value}


DEEP: Any = [1]
for _ in range(60):
    DEEP = [DEEP]
WIDE: Any = [1]
for _ in range(60):  # 2**60 items in 60 lists
    WIDE = [WIDE, WIDE]
MOBILENET = {
    "type": "TorchvisionFeatures",
    "name": "mobilenet_v2",
    "stages": {"D2": "features.1", "E4": "features.2"},
    "weights": None,
}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("head.decoder", {"type": "LaneDecoder", "smoothing": 10**9 + 1}, "smoothing"),
        ("view.input_shape", [20_000, 20_000], "input_shape must be"),
        ("view.input_shape", [float("inf"), 64], "input_shape must be"),
        ("head.num_lanes", 10**7, "at most 255"),
        ("head.num_lanes", 2.5, "as a whole number, got 2.5"),
        ("head.upsampling", 10**6, "upsampling must be at least 1 and at most"),
        ("head.existence_branch.stride", 0, "stride must be at least 1"),
        ("mean", DEEP, "at most 50 deep"),
        ("mean", WIDE, "at most 2000 items"),
        ("mean", [1.0] * 3000, "at most 2000 items"),
        ("std", [0, 1, 1], r"std in \[1/10000, 10000\]"),
        ("std", [-1, 1, 1], r"std in \[1/10000, 10000\]"),
        ("std", [1e-300, 1, 1], r"std in \[1/10000, 10000\]"),
        ("std", [float("inf"), 1, 1], r"std in \[1/10000, 10000\]"),
        ("mean", [float("nan"), 1, 1], r"mean in \[-10000, 10000\]"),
        ("mean", [1], "three numbers each"),
        ("view", {"type": "ENet"}, "does not fit: .*input_shape"),
        ("backbone", {"type": "SoftIoULoss"}, "does not fit: .*check_size"),
        ("head.decoder", {"type": "ENet"}, "does not fit"),
        ("head", {"type": "ENet"}, "does not fit: .*input_shape"),
        ("head", [{"type": "os.system"}], "names the class 'os.system'"),
        ("type", "a" * 10**6, "names the class"),
        (
            "backbone",
            MOBILENET | {"options": {"inverted_residual_setting": [[1, 8, 10**9, 1]]}},
            "at most 10000 modules",
        ),
        ("backbone", MOBILENET | {"options": {"width_mult": 1e9}}, "does not fit"),
        (
            "backbone",
            {
                "type": "TimmFeatures",
                "name": "x",
                "stages": {},
                "img_size": [10**6] * 2,
            },
            "timm",
        ),
    ],
)
def test_what_is_refused(
    model_config: dict[str, Any], path: str, value: Any, message: str
) -> None:
    description = changed(describe_model(model_config), path, value)
    with pytest.raises(ValueError, match=message) as caught:
        build_outline(lambda: build_model(description))
    assert len(str(caught.value)) < 3000


@pytest.mark.parametrize("description", [[], None, 3, "LaneDetector", [[]]])
def test_a_description_is_a_dict(description: Any) -> None:
    with pytest.raises(ValueError, match="description of a model must be a dict"):
        build_model(description)


def test_what_is_built_and_not_used_has_an_end(model_config: dict[str, Any]) -> None:
    description = changed(
        describe_model(model_config),
        "backbone",
        MOBILENET | {"options": {"num_classes": 10**6}},
    )
    description = changed(description, "head.existence_branch.stride", 4)
    with pytest.raises(ValueError, match="bytes that the detector does not use"):
        build_outline(lambda: build_model(description))
    description["backbone"]["options"] = {"num_classes": 10}
    build_outline(lambda: build_model(description))


def test_an_outline_takes_no_memory_and_has_the_same_tensors(
    model_config: dict[str, Any],
) -> None:
    description = describe_model(model_config)
    outline = build_outline(lambda: build_model(description))
    assert all(parameter.is_meta for parameter in outline.parameters())
    theirs = build_model(description).state_dict()
    ours = outline.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(ours[name].shape == theirs[name].shape for name in ours)


class ComputingNetwork(nn.Module):
    """Looks at numbers while it is built, as torchvision's RegNet does."""

    def __init__(self) -> None:
        super().__init__()
        widths = torch.arange(2).tolist()
        self.layer = nn.Linear(len(widths), 3)


def test_a_network_that_cannot_be_built_on_the_meta_device() -> None:
    outline: Any = build_outline(ComputingNetwork)  # type: ignore[arg-type]
    assert outline.layer.weight.is_meta
    assert outline.layer.weight.shape == (3, 2)
    assert not ComputingNetwork().layer.weight.is_meta  # the hook is gone


ODD = (None, True, 0, -1, 2.5, 10**12, 1e308, float("nan"), "x", "ENet", [], [1, 2], {})


def test_odd_descriptions(model_config: dict[str, Any]) -> None:
    rng = random.Random(0)
    whole = describe_model(model_config)
    paths = [path for path in places(whole) if path]
    for _ in range(40):
        description = whole
        for _ in range(rng.choice((1, 1, 2))):
            value = rng.choice((*ODD, {"type": "ENet"}, {"type": "LaneDecoder"}))
            try:
                description = changed(description, rng.choice(paths), value)
            except (AttributeError, TypeError):  # the part is gone
                continue
        with suppress(ValueError):  # nothing else
            build_outline(partial(build_model, description))


def places(value: Any, path: str = "") -> list[str]:
    found = [path]
    if isinstance(value, dict):
        for key, item in value.items():
            found += places(item, f"{path}.{key}" if path else key)
    return found
