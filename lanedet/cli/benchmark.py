"""Measure how fast the parts are, on this machine."""

import argparse
import importlib
from collections.abc import Callable

from lanedet.runtime import tune_allocator, tune_threads, user_errors

BENCHMARKS = (
    *("data", "decoders", "evaluation", "inference", "models", "sad", "scaling"),
    *("scenes", "steadiness", "steps", "train", "video"),
)
EXAMPLES = """benchmarks:
  data        the input pipeline by step, and a data loader with workers
  decoders    where decoded lanes lie, by position along the lane
  evaluation  how many images a second the benchmarks' metrics score
  inference   from a picture to its lanes, by every runtime, beside any peer
  models      networks: parameters, multiplications, milliseconds
  sad         a training step with and without self attention distillation
  scaling     how many times faster several workers are than one
  scenes      drawing generated scenes, by category
  steadiness  how steady lanes are on video, before and after tracking
  steps       what a core's time goes into, from a clip to lanes in a table
  train       a training: images a second, waiting for data, kernels
  video       a clip through the whole pipeline, by step

examples:
  lanedet benchmark data --images /data/culane/driver_37_30frame
  lanedet benchmark inference lanes.onnx --against peer:load
  lanedet benchmark evaluation --help
"""


def parse_args() -> tuple[Callable[[argparse.Namespace], None], argparse.Namespace]:
    """Return what to run, and its arguments.

    Only the module of the benchmark that is asked for is imported.
    """
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("benchmark", choices=BENCHMARKS, help="what to measure")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, help="its own (BENCHMARK --help)"
    )
    chosen = parser.parse_args()
    module = importlib.import_module(f"lanedet.benchmark.{chosen.benchmark}")
    own_parser = argparse.ArgumentParser(
        prog=f"{parser.prog} {chosen.benchmark}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.add_arguments(own_parser)
    return module.run, own_parser.parse_args(chosen.arguments)


@user_errors()
def main() -> None:
    """Run one benchmark."""
    tune_allocator()
    tune_threads()
    run, args = parse_args()
    run(args)
