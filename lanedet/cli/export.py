"""Write a model as a file that other runtimes run: ONNX Runtime, OpenVINO, TensorRT."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import shell_word, user_errors

FORMATS = ("onnx", "openvino", "tensorrt", "torch", "web")
EXAMPLES = """examples:
  lanedet export --weights weights.safetensors --format onnx --out lanes.onnx
  lanedet export --format onnx --half --batch 1 --out lanes.onnx
  lanedet export --format openvino --int8 drive/frames --out lanes.xml
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
        help="weights (.safetensors), checkpoint (.pth), or an .onnx file of this "
        "command to write in another format (default: the package's own weights)",
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
    int8 = parser.add_mutually_exclusive_group()
    int8.add_argument(
        "--int8",
        type=_pictures,
        metavar="IMAGES",
        help="let convolutions compute with INT8, calibrated on an image, a folder or "
        "a pattern, best of the camera in use",
    )
    int8.add_argument(
        "--int8-scenes",
        action="store_true",
        help="the same, calibrated on 100 generated scenes",
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
    if args.format == "web" and _wants_int8(args):
        parser.error("a page computes with float32 or float16: leave out --int8")
    if args.format != "web" and args.onnxruntime_web is not None:
        parser.error("--onnxruntime-web is for --format web")
    return args


def _pictures(text: str) -> str:
    if not text:  # as of a variable that was never set
        raise argparse.ArgumentTypeError(
            "is an image, a folder or a pattern, got ''. To calibrate on generated "
            "scenes, use --int8-scenes"
        )
    return text


def _wants_int8(args: argparse.Namespace) -> bool:
    return args.int8_scenes or args.int8 is not None


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
    from lanedet.export import ExportOptions, export_model, export_page, trtexec_line
    from lanedet.inference import default_weights

    weights = args.weights or default_weights()
    if args.format == "web":
        export_page(weights, args.out, half=args.half, package=args.onnxruntime_web)
        print(f"Serve it:  python -m http.server -d {shell_word(str(args.out))}")
        print("Open it:   http://localhost:8000")
        return
    options = ExportOptions(
        half=args.half,
        batch=args.batch,
        raw=args.raw,
        int8=_wants_int8(args),
        calibration=args.int8,
    )
    written = export_model(weights, args.out, args.format, options)
    for path in written:
        print(f"{path}  ({path.stat().st_size / 1e6:.2f} MB)")
    if args.out not in written:
        print(
            "TensorRT is not installed here, and an engine holds for one version and "
            "one GPU: take these files where it will run, and there\n  "
            + trtexec_line(args.out)
        )
