"""Open a page in the browser: drop a picture or a clip, see its lanes."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import tune_allocator, tune_threads, user_errors

EXAMPLES = f"""examples:
  lanedet app
  lanedet app --weights weights.safetensors --device cuda:0
  lanedet app --host 0.0.0.0 --port 8000 --no-browser
  lanedet app --host 0.0.0.0 --allow-host lanes.example

It needs Gradio: pip install 'lanedet[app]'. It needs no network: the page is served by
this machine, and what is dropped on it stays here. Files go into a temporary folder and
are gone when the page ends. Weights and exported files under work_dirs can
be chosen in the page.
{PATH_HINT}"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--weights",
        type=Path,
        help="weights (.safetensors), checkpoint (.pth), or what lanedet export wrote "
        "(.onnx, .xml, .engine), to begin with (default: the package's own)",
    )
    parser.add_argument(
        "--device", help="such as cpu or cuda:0 (default: a GPU where there is one)"
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen at; 0.0.0.0 lets in whoever can reach this machine "
        "(default: 127.0.0.1, this machine only)",
    )
    parser.add_argument(
        "--port",
        type=int,
        help="port, 0 for any (default: the first free one from 7860 on)",
    )
    parser.add_argument(
        "--allow-host",
        dest="allowed_hosts",
        action="append",
        default=[],
        metavar="NAME",
        help="serve the page under this name or address too, as of a proxy in front of "
        "it; may be given several times (default: localhost, what --host names, and "
        "with 0.0.0.0 this machine's name and addresses)",
    )
    parser.add_argument(
        "--no-browser",
        dest="opens_browser",
        action="store_false",
        help="print the address and do not open it",
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Serve the page until Ctrl-C."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet.app import serve

    serve(**vars(args))
