"""Write a model as a file that other runtimes run: ONNX Runtime, OpenVINO, TensorRT."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import shell_word, user_errors

FORMATS = ("onnx", "openvino", "web")
EXAMPLES = """examples:
  lanedet export --weights weights.safetensors --format onnx --out lanes.onnx
  lanedet export --format onnx --half --batch 1 --out lanes.onnx
  lanedet export --format web --out page && python -m http.server -d page
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
        "--format",
        choices=FORMATS,
        required=True,
        help="kind of file to write; web is a page that finds lanes in the browser",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="file to write, or folder"
    )
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
    parser.add_argument(
        "--onnxruntime-web",
        type=Path,
        metavar="PACKAGE",
        help="for a page: npm's package of this name, packed or installed (default: "
        "npm fetches it)",
    )
    args = parser.parse_args()
    if args.format == "web" and (args.raw or args.batch is not None):
        parser.error("a page reads rows of one picture: leave out --raw and --batch")
    if args.format != "web" and args.onnxruntime_web is not None:
        parser.error("--onnxruntime-web is for --format web")
    return args


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
    from lanedet.export import ExportOptions, export_model, export_page
    from lanedet.inference import default_weights

    weights = args.weights or default_weights()
    if args.format == "web":
        export_page(weights, args.out, half=args.half, package=args.onnxruntime_web)
        print(f"Serve it:  python -m http.server -d {shell_word(str(args.out))}")
        print("Open it:   http://localhost:8000")
        return
    options = ExportOptions(half=args.half, batch=args.batch, raw=args.raw)
    for path in export_model(weights, args.out, args.format, options):
        print(f"{path}  ({path.stat().st_size / 1e6:.2f} MB)")
