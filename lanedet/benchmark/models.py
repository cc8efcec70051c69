"""How large and how fast networks are: parameters, multiplications, milliseconds.

Each network runs on one image, in turns as it was trained and in the form that
``LaneInferencer`` uses. Weights are random, which changes none of the figures. MACs are
pairs of a multiplication and an addition, of convolutions, matrix products and
attention alone.
"""

import argparse
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lanedet.benchmark.timing import (
    Timing,
    add_common_arguments,
    format_table,
    hardware_line,
    time_in_turns,
    write_json,
)
from lanedet.engine import load_config
from lanedet.models import (
    ContextLayer,
    LaneDetector,
    build_model,
    describe_model,
    usable_device,
)

_CONFIGS = tuple(
    f"configs/{family}/{name}_sad_culane.py"
    for name in ("enet", "resnet18", "resnet34")
    for family in ("sad", "line")
)


class _Network(NamedTuple):
    """A network at one size."""

    name: str
    size: tuple[int, int]
    parameters: int
    macs: int
    plain: LaneDetector
    fast: LaneDetector


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "configs",
        nargs="*",
        default=_CONFIGS,
        help="configs of detectors (default: ENet, ResNet-18 and -34 with either head)",
    )
    parser.add_argument(
        "--sizes",
        nargs="+",
        type=input_size,
        default=[(288, 800), (144, 400)],
        metavar="HxW",
        help="sizes of the network input (default: 288x800 144x400)",
    )
    parser.add_argument(
        "--device",
        default="cuda" if torch.cuda.is_available() else "cpu",
        help="default: a GPU where there is one",
    )
    add_common_arguments(parser, rounds=15)


def input_size(text: str) -> tuple[int, int]:
    """Read (H, W) from a text such as ``288x800``.

    Raises:
        argparse.ArgumentTypeError: If it is of another form.
    """
    height, x, width = text.partition("x")
    if not (x and height.isdecimal() and width.isdecimal()):
        raise argparse.ArgumentTypeError(f"must be HxW, such as 288x800, got {text!r}")
    return int(height), int(width)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If a network cannot take inputs of a size, or there is no such
            device.
    """
    args.device = str(usable_device(args.device))
    networks = [
        _network(config, size, args.device)
        for size in args.sizes
        for config in args.configs
    ]
    passes: dict[str, Callable[[], object]] = {}
    for number, network in enumerate(networks):
        inputs = torch.randn(1, 3, *network.size, device=args.device)
        inputs = inputs.contiguous(memory_format=torch.channels_last)
        for form in ("plain", "fast"):
            detector = getattr(network, form)
            passes[f"{number} {form}"] = partial(_pass, detector, inputs)
    timings = time_in_turns(passes, args.rounds)
    print(f"batch 1, {args.device}, {torch.get_num_threads()} threads")
    print(hardware_line())
    header = [
        "network",
        "input",
        "M params",
        "GMAC",
        "ms as trained",
        "ms to predict",
        "x",
    ]
    rows = [
        _row(network, timings[f"{number} plain"], timings[f"{number} fast"])
        for number, network in enumerate(networks)
    ]
    print(format_table(header, rows))
    print("ms: median (min)")
    write_json(
        args.json, {"networks": [dict(zip(header, r, strict=True)) for r in rows]}
    )


def count_macs(network: nn.Module, inputs: Tensor) -> int:
    """Return the multiplications with an addition of one pass.

    Those of convolutions and matrix products, and those that layers sum by hand, which
    PyTorch's counter does not see.

    Args:
        network: In evaluation mode.
        inputs: What it takes.
    """
    by_hand: list[int] = []

    def note(layer: ContextLayer, inputs: tuple[Tensor], _output: Tensor) -> None:
        height, width = inputs[0].shape[-2:]
        by_hand.append(layer.uncounted_macs(height, width))

    hooks = [
        module.register_forward_hook(note)
        for module in network.modules()
        if isinstance(module, ContextLayer)
    ]
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(inputs)
    for hook in hooks:
        hook.remove()
    return counter.get_total_flops() // 2 + sum(by_hand)


def resized(description: Mapping[str, Any], size: tuple[int, int]) -> dict[str, Any]:
    """Return the description of a model for another size of the network input.

    What is built for one size grows with it: the largest map (``size``) of context
    layers with positions, rounded up, and the inputs (``img_size``) of networks of timm
    that take one size only.

    Args:
        description: From :func:`~lanedet.models.describe_model`.
        size: (H, W).
    """
    old = description["view"]["input_shape"]

    def changed(key: str, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: changed(name, item) for name, item in value.items()}
        if key in ("input_shape", "img_size") and value is not None:
            return size
        if key == "size" and value is not None:
            sides = zip(value, size, old, strict=True)
            return tuple(-(-side * new // before) for side, new, before in sides)
        if isinstance(value, list | tuple):
            return [changed("", item) for item in value]
        return value

    return {key: changed(key, value) for key, value in description.items()}


def _network(config: str, size: tuple[int, int], device: str) -> _Network:
    description = resized(describe_model(load_config(config).model), size)
    torch.manual_seed(0)
    plain = build_model(description).eval()
    parameters = sum(parameter.numel() for parameter in plain.parameters())
    macs = count_macs(plain, torch.zeros(1, 3, *size))
    plain = plain.to(device)
    return _Network(
        "/".join(Path(config).with_suffix("").parts[-2:]),
        size,
        parameters,
        macs,
        plain,
        plain.fused(),
    )


@torch.inference_mode()
def _pass(detector: LaneDetector, inputs: Tensor) -> None:
    detector(inputs)
    if inputs.is_cuda:
        torch.cuda.synchronize()


def _row(network: _Network, plain: Timing, fast: Timing) -> list[str]:
    return [
        network.name,
        "x".join(map(str, network.size)),
        f"{network.parameters / 1e6:.2f}",
        f"{network.macs / 1e9:.2f}",
        f"{plain.median_s * 1e3:.1f} ({plain.min_s * 1e3:.1f})",
        f"{fast.median_s * 1e3:.1f} ({fast.min_s * 1e3:.1f})",
        f"{plain.median_s / fast.median_s:.2f}",
    ]
