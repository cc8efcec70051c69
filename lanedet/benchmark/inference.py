"""How fast lanes are found, from a picture to its lanes, by every runtime at once.

Each runtime has a process of its own, so that what it imports, how long it loads and
what memory it takes is its own too. They take turns on the same picture, and only one
of them computes: what slows the machine for a while slows all alike. Multiplications
and copies of memory take turns with them, and say what the machine can do at most.

"of cores" is the time of all cores together. "of MACs" is the share of the fastest call
that the network's multiplications would take at the machine's limit, "of bytes" that of
the bytes that its layers read and write. On a CPU the limit is that of float32, on a
GPU of float32 or float16, the faster. "px apart" is how far the lanes are from those of
the first model, infinite if they are others.
"""

import argparse
import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.benchmark import lane_finders, limits
from lanedet.benchmark.inference_figures import (
    Figures,
    Measured,
    NetworkWork,
    figures_table,
    file_bytes,
    lane_distance,
    limit_figures,
    model_description,
    network_work,
    time_figures,
)
from lanedet.benchmark.subject_process import SubjectError, SubjectProcess
from lanedet.benchmark.timing import add_common_arguments, hardware_line, write_json
from lanedet.export import ExportOptions, export_model
from lanedet.images import read_image
from lanedet.inference import default_weights
from lanedet.inference.predictors.choice import is_installed, runtimes_of
from lanedet.models import build_model
from lanedet.runtime import num_usable_cores
from lanedet.simulation import Drive

_PICTURE_SHAPE = (720, 1280)
_MAX_LIMIT_S = 86_400
_LIMITS = {
    "multiplying": f"{limits.__name__}:load_multiplying",
    "copying": f"{limits.__name__}:load_copying",
}
_UNITS = {"macs": "multiplications", "num_bytes": "bytes"}
_FORMS = ("eager", "compiled", "captured")  # of a network in PyTorch on a GPU


class _Subject(NamedTuple):
    """What is measured."""

    load: str
    """Function that loads it, as ``MODULE:CALLABLE``."""

    arguments: Mapping[str, Any] = MappingProxyType({})
    """What that function is given, by name."""

    model: Path | None = None
    """File of the model, if it is ours."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this benchmark."""
    parser.add_argument(
        "models",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="weights or exported models (default: the package's, exported for each "
        "runtime that is installed)",
    )
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="MODULE:CALLABLE",
        help="a peer beside them: a function without arguments that loads it and "
        "returns a function from a list of pictures, (H, W, 3) uint8 RGB, to anything",
    )
    parser.add_argument(
        "--image", type=Path, metavar="FILE", help="picture (default: one is generated)"
    )
    parser.add_argument(
        "--device", default="cpu", choices=("cpu", "cuda"), help="default: cpu"
    )
    parser.add_argument(
        "--cores",
        type=int,
        default=num_usable_cores(),
        help="that each may use (default: all)",
    )
    parser.add_argument("--batch-size", type=int, default=8, help="default: 8")
    parser.add_argument(
        "--calls", type=int, default=10, help="in each turn of each (default: 10)"
    )
    parser.add_argument(
        "--limit",
        type=float,
        default=600.0,
        metavar="SECONDS",
        help="longest time in which each must load, or run once more (default: 600)",
    )
    add_common_arguments(parser, rounds=10)


def run(args: argparse.Namespace) -> None:
    """Measure and print a table.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a number is out of its range, a file cannot be used, or nothing
            could be run.
    """
    for name in ("cores", "batch_size", "calls", "rounds"):
        value = getattr(args, name)
        if value < 1:
            option = name.replace("_", "-")
            raise ValueError(f"--{option} must be at least 1, got {value}.")
    if not 0 < args.limit <= _MAX_LIMIT_S:
        raise ValueError(
            f"--limit must lie above 0 and at most at {_MAX_LIMIT_S} seconds, got "
            f"{args.limit:g}."
        )
    for path in args.models:
        if not path.is_file():
            raise FileNotFoundError(f"No model at {str(path)!r}.")
    with tempfile.TemporaryDirectory() as folder:
        image = Path(folder) / "image.npy"
        np.save(image, _picture(args.image))
        subjects, left_out = _subjects(args, Path(folder))
        extremes = {name: _Subject(load) for name, load in _LIMITS.items()}
        measured, failed = _measure({**extremes, **subjects}, image, args)
        rates = _rates(measured, args.device)
        if not measured:
            reasons = "; ".join(failed.values())
            raise ValueError(f"Nothing could be run: {reasons:.1000}")
        figures = _figures(subjects, measured, rates, args.batch_size)
    print(
        f"one picture, and batches of {args.batch_size}, on {args.device}, cores: "
        f"{args.cores}; {hardware_line()}"
    )
    for name, rate in rates.items():
        print(f"at most {rate / 1e9:.1f} billion {_UNITS[name]} a second")
    print(figures_table(figures))
    for name, reason in {**left_out, **failed}.items():
        print(f"not run: {name}: {reason}")
    write_json(args.json, {"at_most_per_s": rates, "figures": figures})


def _picture(path: Path | None) -> ByteArray:
    if path is not None:
        return read_image(path)
    [(image, _)] = Drive(seed=3, num_frames=1, fps=25.0, shape=_PICTURE_SHAPE)
    return image


def _subjects(
    args: argparse.Namespace, folder: Path
) -> tuple[dict[str, _Subject], dict[str, str]]:
    """Return what is measured by name, and what is not, with the reason."""
    models: list[Path] = args.models
    left_out: dict[str, str] = {}
    if not models:
        models, left_out = _exported(default_weights(), folder)
    subjects: dict[str, _Subject] = {}
    names = Counter(path.name for path in models)
    for path in dict.fromkeys(models):
        title = path.name if names[path.name] == 1 else str(path)
        for runtime in runtimes_of(path, args.device):
            name = f"{title}, {runtime}"
            if is_installed(runtime):
                subjects |= _in_runtime(name, path, runtime, args.device)
            else:
                left_out[name] = f"{runtime} is not installed"
    return subjects | {name: _Subject(name) for name in args.against}, left_out


def _in_runtime(
    name: str, path: Path, runtime: str, device: str
) -> dict[str, _Subject]:
    """Return the forms of a model in a runtime by name."""
    if runtime == "torch" and device == "cuda":
        load, given = "load_graph", {"weights": str(path), "device": device}
        forms = {
            f"{form}{', half' if half else ''}": {"form": form, "half": half}
            for form, half in product(_FORMS, (False, True))
        }
    else:
        load, given = "load_inferencer", {"model": str(path), "runtime": runtime}
        forms = {"": {"device": device}}
        if runtime == "openvino":
            forms = {"": {}, "half": {"half": True}}
    return {
        f"{name}, {form}".removesuffix(", "): _Subject(
            f"{lane_finders.__name__}:{load}", {**given, **more}, path
        )
        for form, more in forms.items()
    }


def _exported(weights: Path, folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Return weights with what was and is exported of them, and what cannot be."""
    models, left_out = [weights], {}
    packaged = weights.with_suffix(".onnx")
    models += [packaged] if packaged.is_file() else []
    out = folder / f"{weights.stem}_float32.onnx"
    try:
        models += export_model(weights, out, "onnx", ExportOptions())
    except ValueError as error:
        left_out["ONNX"] = str(error)
    return models, left_out


def _measure(
    subjects: Mapping[str, _Subject], image: Path, args: argparse.Namespace
) -> tuple[dict[str, Measured], dict[str, str]]:
    """Return what was measured by name, and why some were not."""
    measured: dict[str, Measured] = {}
    failed: dict[str, str] = {}
    with ExitStack() as stack:
        processes: dict[str, SubjectProcess] = {}
        for name, subject in subjects.items():
            process = SubjectProcess(
                subject.load,
                subject.arguments,
                image,
                cores=args.cores,
                sees_gpus=args.device != "cpu",
                limit_s=args.limit,
            )
            processes[name] = stack.enter_context(process)
            try:
                measured[name] = Measured(process.start())
            except SubjectError as error:
                failed[name] = str(error)
        for _ in range(args.rounds):
            for name in list(measured):
                try:
                    is_limit = name in _LIMITS
                    _add_turn(measured[name], processes[name], args, is_limit=is_limit)
                except SubjectError as error:
                    failed[name] = str(error)
                    del measured[name]
    return measured, failed


def _add_turn(
    measured: Measured,
    process: SubjectProcess,
    args: argparse.Namespace,
    *,
    is_limit: bool,
) -> None:
    runs = process.run(args.calls, 1)
    measured.seconds += runs.seconds
    measured.core_seconds += runs.core_seconds
    if not is_limit:
        calls = max(1, args.calls // args.batch_size)
        runs = process.run(calls, args.batch_size)
        measured.batch_seconds += runs.seconds
    measured.peak_bytes = runs.peak_bytes


def _rates(measured: dict[str, Measured], device: str) -> dict[str, float]:
    """Take the limits out of what was measured; return what was done in a second."""
    work = limits.call_work(device)._asdict()
    return {
        name: work[name] / min(measured.pop(limit).seconds)
        for name, limit in zip(work, _LIMITS, strict=True)
        if limit in measured
    }


def _figures(
    subjects: Mapping[str, _Subject],
    measured: Mapping[str, Measured],
    rates: Mapping[str, float],
    batch_size: int,
) -> dict[str, Figures]:
    """Return the figures of each subject by name."""
    first = next(iter(measured.values())).start.lanes
    works: dict[str, NetworkWork] = {}
    figures = {}
    for name, each in measured.items():
        own = time_figures(each, batch_size)
        path = subjects[name].model
        if path is not None:
            description = model_description(path)
            text = json.dumps(description, sort_keys=True)
            if text not in works:
                works[text] = network_work(build_model(description))
            own |= limit_figures(each, works[text], rates)
            own["file_mb"] = file_bytes(path) / 1e6
            own["distance_px"] = lane_distance(each.start.lanes, first)
        figures[name] = own
    return figures
