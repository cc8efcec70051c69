"""Models as plain data: descriptions that are JSON.

A description names classes, and only the ones listed here are ever built: opening a
stranger's file cannot run a stranger's code. It is built on the meta device first,
where a model takes no memory, and not at all if it has too many parts.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mmengine.registry import MODELS
from torch import Tensor, nn
from torch.nn.modules.module import (
    register_module_buffer_registration_hook,
    register_module_module_registration_hook,
    register_module_parameter_registration_hook,
)

from lanedet.models.backbones import (
    ENet,
    ResNet,
    TimmFeatures,
    TorchvisionFeatures,
)
from lanedet.models.context import (
    ACmix,
    ChannelAndPixelGate,
    ChannelGate,
    ConvolutionContext,
    GatedPositionalAttention,
    LocalSelfAttention,
    NonLocalAttention,
    QuadraticSelfAttention,
    RecurrentShift,
    SelfAttention2d,
    SpatialPropagation,
    WindowSelfAttention,
)
from lanedet.models.heads import (
    ConvClassifier,
    ExistenceBranch,
    LaneSegmentationHead,
    LineHead,
    LogitsExistenceBranch,
    TransposedConvClassifier,
)
from lanedet.models.lane_detector import LaneDetector
from lanedet.models.losses import ExistenceLoss, SegmentationLoss, SoftIoULoss
from lanedet.models.neck import LaneNeck
from lanedet.models.torch_files import META
from lanedet.ops import (
    ComponentLaneDecoder,
    LaneDecoder,
    LetterboxView,
    StretchView,
)

_DESCRIBABLE: dict[str, type] = {
    cls.__name__: cls
    for cls in (
        ACmix,
        ChannelAndPixelGate,
        ChannelGate,
        ComponentLaneDecoder,
        ConvClassifier,
        ConvolutionContext,
        ENet,
        ExistenceBranch,
        ExistenceLoss,
        GatedPositionalAttention,
        LaneDecoder,
        LaneDetector,
        LaneNeck,
        LaneSegmentationHead,
        LetterboxView,
        LineHead,
        LocalSelfAttention,
        LogitsExistenceBranch,
        NonLocalAttention,
        QuadraticSelfAttention,
        RecurrentShift,
        ResNet,
        SegmentationLoss,
        SelfAttention2d,
        SoftIoULoss,
        SpatialPropagation,
        StretchView,
        TimmFeatures,
        TorchvisionFeatures,
        TransposedConvClassifier,
        WindowSelfAttention,
    )
}
TRAINING_ONLY = ("distiller",)
"""The parts of a detector that only train it."""

UNFIT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
)
"""What classes raise over arguments that a description should not have."""

_MAX_ITEMS = 2000  # of a description; those of detectors have less than 100
_MAX_DEPTH = 50
_MAX_MODULES = 10_000  # of a network; timm's largest have 2,600
_MAX_DROPPED = 1 << 30  # bytes of what is built and not used, such as a classifier


def describe_model(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return a detector's config as JSON-able data, without what only trains it.

    That is the distiller, and the weights with which training the backbone began.

    Raises:
        ValueError: If the config uses a class that no weights file may name.
    """
    description = {
        key: _describe(value)
        for key, value in config.items()
        if key not in TRAINING_ONLY
    }
    backbone = description.get("backbone")
    if isinstance(backbone, dict) and "weights" in backbone:
        backbone["weights"] = None  # it may be a path of the machine that trained
    return description


class TooManyNumbersError(ValueError):
    """A described model has more numbers than it should have."""


def build_model(
    description: Mapping[str, Any], max_numbers: int | None = None
) -> LaneDetector:
    """Return the untrained detector that :func:`describe_model` described.

    Args:
        description: The detector, as plain data.
        max_numbers: How many numbers all tensors together may have that are made on
            the way.

    Raises:
        TooManyNumbersError: If there are more, as soon as there are.
        ValueError: If the description does not fit: an unknown class or argument, more
            than 2,000 items, or a network of more than 10,000 modules or with
            more than 1 GiB of numbers that are not part of the detector.
    """
    try:
        _check_extent(description)
        with _bounded_building(max_numbers) as bytes_made:
            model = MODELS.build(_resolve(description))
    except UNFIT as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"The description of the model does not fit: {reason}"
        ) from error
    if not isinstance(model, LaneDetector):
        raise ValueError(
            f"The description must be that of a LaneDetector, "
            f"got {description.get('type')!r}."
        )
    used = sum(
        tensor.numel() * tensor.itemsize
        for tensors in (model.parameters(), model.buffers())
        for tensor in tensors
    )
    if sum(bytes_made.values()) > used + _MAX_DROPPED:
        raise ValueError(
            f"The description must not build more than {_MAX_DROPPED} bytes that the "
            f"detector does not use, got {sum(bytes_made.values()) - used}."
        )
    return model


def build_outline(build: Callable[[], LaneDetector]) -> LaneDetector:
    """Return what a function builds, with tensors on the meta device.

    There they have a shape and a type and take no memory. Networks that compute with
    numbers while they are built cannot be built on it: of them, each parameter goes
    there as soon as it is made, before a number is written to it.

    Raises:
        Exception: What the function raises.
    """
    try:
        with META:
            return build()
    except (NotImplementedError, ValueError) as error:
        if not _wants_numbers(error):
            raise
    thread = threading.get_ident()

    def move(_: nn.Module, __: str, parameter: nn.Parameter | None) -> Any:
        if parameter is None or threading.get_ident() != thread:
            return None
        return nn.Parameter(parameter.detach().to(META), parameter.requires_grad)

    hook = register_module_parameter_registration_hook(move)
    try:
        return build().to(META)
    finally:
        hook.remove()


def _wants_numbers(error: BaseException | None) -> bool:
    """Tell whether it was the meta device that did not let a network be built."""
    while error is not None and not isinstance(error, NotImplementedError):
        error = error.__cause__
    return error is not None


@contextmanager
def _bounded_building(max_numbers: int | None) -> Iterator[dict[int, int]]:
    """Count the modules that this thread builds, and the bytes of their tensors.

    Memory that was taken for a tensor is not touched before it is counted.

    Yields:
        The bytes of each tensor, by its id.
    """
    thread, num_modules, num_numbers, sizes = threading.get_ident(), 0, 0, {}
    seen = []  # keeps ids from being used again

    def count_module(*_: Any) -> None:
        nonlocal num_modules
        if threading.get_ident() == thread:
            num_modules += 1
            if num_modules > _MAX_MODULES:
                raise ValueError(f"A network has at most {_MAX_MODULES} modules.")

    def count_tensor(_: nn.Module, __: str, tensor: Tensor | None) -> None:
        nonlocal num_numbers
        if threading.get_ident() != thread or tensor is None or id(tensor) in sizes:
            return
        seen.append(tensor)
        sizes[id(tensor)] = tensor.numel() * tensor.itemsize
        num_numbers += tensor.numel()
        if max_numbers is not None and num_numbers > max_numbers:
            raise TooManyNumbersError(f"A model has at most {max_numbers} numbers.")

    hooks = (
        register_module_module_registration_hook(count_module),
        register_module_parameter_registration_hook(count_tensor),
        register_module_buffer_registration_hook(count_tensor),
    )
    try:
        yield sizes
    finally:
        for hook in hooks:
            hook.remove()


def _check_extent(description: Any) -> None:
    """Raise ValueError unless a description is a dict of few items, none very deep."""
    if not isinstance(description, Mapping):
        raise ValueError(
            "The description of a model must be a dict, got "
            f"{type(description).__name__}."
        )
    num_items, waiting = 0, [(description, 0)]
    while waiting:
        value, depth = waiting.pop()
        num_items += 1
        if num_items > _MAX_ITEMS or depth > _MAX_DEPTH:
            raise ValueError(
                f"The description of a model has at most {_MAX_ITEMS} items, at most "
                f"{_MAX_DEPTH} deep."
            )
        if isinstance(value, Mapping):
            waiting += [(item, depth + 1) for item in value.values()]
        elif isinstance(value, list | tuple):
            waiting += [(item, depth + 1) for item in value[: _MAX_ITEMS + 1]]


def _describe(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _describe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_describe(item) for item in value]
    if isinstance(value, type) or callable(value):
        name = getattr(value, "__name__", repr(value))
        if _DESCRIBABLE.get(name) is not value:
            raise ValueError(
                f"A weights file cannot name {name}. Known are {sorted(_DESCRIBABLE)}."
            )
        return name
    return value


def _resolve(value: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = [key for key in value if str(key).startswith("_")]
        if hidden:  # mmengine would import the module that its key _scope_ names
            raise ValueError(f"A description has no keys like {hidden[0]!r}.")
        resolved = {key: _resolve(item) for key, item in value.items() if key != "type"}
        if "type" in value:
            if value["type"] not in _DESCRIBABLE:
                name = f"{value['type']!r}"
                raise ValueError(
                    f"The file names the class {name:.80}, which is not one of "
                    f"{sorted(_DESCRIBABLE)}."
                )
            resolved["type"] = _DESCRIBABLE[value["type"]]
        return resolved
    if isinstance(value, list | tuple):
        return [_resolve(item) for item in value]
    return value
