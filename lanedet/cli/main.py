"""The command ``lanedet``: one word for each tool."""

import difflib
import importlib
import sys
from collections.abc import Callable, Sequence

from lanedet import __version__

COMMANDS = {
    "video": "find the lanes in a video, pictures, a stream or a camera",
    "archive": "find the lanes of many clips, on many cores or computers: as a table",
    "app": "open a page to try it in the browser",
    "attention": "draw where the network looks",
    "train": "train a lane detector",
    "test": "score a lane detector by the rules of its benchmark",
    "configs": "list the experiments that come with the package",
    "scenes": "make dashcam scenes with exact lanes",
    "check": "tell whether a data set is whole",
    "browse": "draw a data set, as the network is given it",
    "evaluate": "score the prediction files of any program",
    "convert": "make a data set of lanes drawn in labelme, CVAT or VIA",
    "prelabel": "hand a model's lanes to these tools, for correction",
    "ablate": "train one experiment with several distillers and seeds",
    "compare": "show what the variants of SAD optimise",
    "export": "write a model as a file that other runtimes run",
    "weights": "show how weights were made; publish them",
    "benchmark": "measure how fast the parts are",
    "demo": "see lanes on a generated drive",
}
"""What each command is for. Its module in this package has its name."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command.

    Args:
        argv: The command and its arguments; those of the process if not given.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = arguments[0] if arguments else "--help"
    if name in ("-h", "--help", "help"):
        from lanedet.runtime import user_errors  # takes longer than all else of it

        with user_errors():  # its reader may leave, as `head` does
            print(_help())
        return
    if name in ("-V", "--version"):
        print(f"lanedet {__version__}")
        return
    if name not in COMMANDS:
        close = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else "`lanedet --help` lists them"
        sys.stderr.write(f"error: there is no command {name!r}: {hint}\n")
        raise SystemExit(2)
    run: Callable[[], None] = importlib.import_module(f"lanedet.cli.{name}").main
    # What is run reads its arguments there, and names itself by the first.
    sys.argv = [f"lanedet {name}", *arguments[1:]]
    run()


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = [f"  {name:{width}}  {purpose}" for name, purpose in COMMANDS.items()]
    return "\n".join(
        [
            "usage: lanedet COMMAND ...",
            "",
            "Lane detection with Self Attention Distillation.",
            "",
            "commands:",
            *lines,
            "",
            "examples:",
            "  lanedet video drive.mp4 --out lanes.mp4",
            "  lanedet archive drives/ --out lanes/",
            "  lanedet train sad/enet_sad_scenes",
            "  lanedet COMMAND --help",
        ]
    )
