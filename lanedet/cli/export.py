"""Write a model as a file that other runtimes run: ONNX Runtime, OpenVINO, TensorRT."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import user_errors

FORMATS = ("onnx", "openvino")
EXAMPLES = """examples:
  lanedet export --weights weights.safetensors --format onnx --out lanes.onnx
  lanedet export --format onnx --half --batch 1 --out lanes.onnx
Then: lanedet video drive.mp4 --weights lanes.onnx --out lanes.mp4
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES + PATH_HINT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="weights (.safetensors) or checkpoint (.pth) (default: the package's own)",
    )
    parser.add_argument(
        "--format", choices=FORMATS, required=True, help="kind of file to write"
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument(
        "--half", action="store_true", help="let the network compute with float16"
    )
    parser.add_argument(
        "--batch",
        type=_batch,
        metavar="dynamic|N",
        help="images that the file takes at once (default: dynamic, any number)",
    )
    parser.add_argument(
        "--raw",
        action="store_true",
        help="let whole probability maps out, for programs that want these",
    )
    return parser.parse_args()


def _batch(text: str) -> int | None:
    if text == "dynamic":
        return None
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 65535:
        raise argparse.ArgumentTypeError(
            f"is 'dynamic' or a number of images from 1 to 65535, got {text!r}"
        )
    return int(text)


@user_errors()
def main() -> None:
    """Export."""
    args = parse_args()
    from lanedet.export import ExportOptions, export_model
    from lanedet.inference import default_weights

    options = ExportOptions(half=args.half, batch=args.batch, raw=args.raw)
    weights = args.weights or default_weights()
    for path in export_model(weights, args.out, args.format, options):
        print(f"{path}  ({path.stat().st_size / 1e6:.2f} MB)")
