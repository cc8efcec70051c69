"""Options and texts that several command line tools share.

Nothing here imports torch, so that ``--help`` answers at once.
"""

import argparse
import ast
import os
import re
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from lanedet.runtime import LAUNCHERS, RUNTIMES, shell_word

PATH_HINT = f"""\
Where the shell does not know lanedet, write its path:
{shell_word(str(Path(sys.executable).with_name("lanedet")))}
"""
"""The last lines of a command's ``--help``."""


class KeyValueAction(argparse.Action):
    """Collect ``KEY=VALUE`` arguments in a dict.

    Values are numbers, ``True``, ``False``, ``None``, text, and lists and tuples of
    them, as mmengine reads them; and what has a dict in it, as Python writes it, which
    mmengine takes for text. The option may be given several times.
    """

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Add the arguments to those before; end the program if one has no ``=``."""
        from mmengine.config import DictAction

        pairs = [values] if isinstance(values, str) else list(values or ())
        for pair in pairs:
            key, equals, _ = pair.partition("=")
            if not key or not equals:
                parser.error(
                    f"{option_string} takes KEY=VALUE, got {pair!r}, for example "
                    "train_cfg.max_iters=1000 (without spaces around the =)"
                )
        action = DictAction(self.option_strings, self.dest, nargs="+")
        for pair in pairs:
            key, _, text = pair.partition("=")
            try:
                if re.match(r"[\s([]*\{", text):
                    before = getattr(namespace, self.dest) or {}
                    value = ast.literal_eval(text.strip())
                    setattr(namespace, self.dest, {**before, key: value})
                else:
                    action(parser, namespace, [pair])
            except AssertionError as error:  # unbalanced brackets
                parser.error(f"{option_string}: {error}")
            except (SyntaxError, ValueError):
                parser.error(
                    f"{option_string}: {key} must be written as in Python, such as "
                    f"{{'E4': {{'type': 'ACmix', 'heads': 4}}}}, got {text}"
                )


def image_shape(text: str) -> tuple[int, int]:
    """Return the (H, W) that an option ``HxW`` names.

    Args:
        text: Height and width in pixels, such as ``1080x1920``.

    Raises:
        argparse.ArgumentTypeError: If it is something else.
    """
    match = re.fullmatch(r"([0-9]{1,6})[xX]([0-9]{1,6})", text.strip())
    if match is None:
        raise argparse.ArgumentTypeError(
            f"a size is HEIGHTxWIDTH in pixels, such as 1080x1920, got {text!r}"
        )
    return int(match[1]), int(match[2])


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of a tool that runs a config: where, on what, and how changed."""
    parser.add_argument(
        "--work-dir",
        help="folder of the logs and of what is made (default: work_dirs/<config>)",
    )
    parser.add_argument(
        "--data-root", help="folder of the data set, in place of the config's"
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=KeyValueAction,
        metavar="KEY=VALUE",
        help="change values of the config, for example train_dataloader.batch_size=4. "
        "train_cfg.max_iters alone also stretches the learning rate's schedule",
    )
    parser.add_argument(
        "--launcher",
        choices=LAUNCHERS,
        help="how the processes of a distributed run were started: pytorch for "
        "torchrun, which needs no GPU (default: the config's, or none)",
    )
    # What torch.distributed.launch, the forerunner of torchrun, passes on.
    parser.add_argument(
        "--local_rank", "--local-rank", type=int, help=argparse.SUPPRESS
    )


def add_runtime_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options of a tool that runs a network: in what, where, how exactly."""
    group.add_argument(
        "--runtime",
        choices=RUNTIMES,
        help="what runs the network (default: the fastest that is installed and can)",
    )
    group.add_argument(
        "--device",
        help="such as cpu or cuda:0; of ONNX Runtime an execution provider, too "
        "(default: a GPU where there is one)",
    )
    group.add_argument(
        "--half",
        action="store_true",
        help="compute with float16 in PyTorch on a GPU, with bfloat16 in OpenVINO",
    )


def add_lane_options(group: "argparse._ArgumentGroup") -> None:
    """Add the options of a tool that finds the lanes of clips: how it does."""
    group.add_argument(
        "--weights",
        type=Path,
        help="weights (.safetensors), checkpoint (.pth), or what lanedet export wrote "
        "(.onnx, .xml, .engine) (default: the package's own model)",
    )
    add_runtime_options(group)
    group.add_argument(
        "--batch-size",
        type=int,
        default=1,
        help="frames per pass; more helps on a GPU only, where 16 is good (default: 1)",
    )
    group.add_argument(
        "--no-tracking",
        dest="tracking",
        action="store_false",
        help="take each frame's lanes as they are found in it alone, as for pictures "
        "that are no clip",
    )
    group.add_argument(
        "--calibration",
        type=Path,
        metavar="FILE",
        help="of the camera, for metres (docs/driving.md)",
    )


def resume_command(argv: Sequence[str]) -> str:
    """Return the command line that goes on with an interrupted run.

    Args:
        argv: The run's own command line, as in ``sys.argv``.
    """
    program, *arguments = argv
    kept: list[str] = []
    is_after_resume = False
    for argument in arguments:
        is_value = is_after_resume and not argument.startswith("-")
        option, equals, _ = argument.partition("=")
        # argparse takes the beginning of a name for the name.
        is_resume = option.startswith("--r") and "--resume".startswith(option)
        is_after_resume = is_resume and not equals
        if not (is_value or is_resume):
            kept.append(argument)
    words = [*_launcher(arguments), *_program(program), *kept, "--resume"]
    return " ".join(map(shell_word, words))


def _program(name: str) -> list[str]:
    """Return how Python, or torchrun, is asked to run something."""
    return ["-m", *name.split()] if name.startswith("lanedet ") else [name]


def _launcher(arguments: Sequence[str]) -> list[str]:
    """Return the words that started this process, before the program's name."""
    processes = os.environ.get("LOCAL_WORLD_SIZE")
    if processes is not None:  # torchrun says so
        return ["torchrun", "--nproc-per-node", processes]
    executable = Path(sys.executable)
    if executable.is_relative_to(Path.cwd()):
        executable = executable.relative_to(Path.cwd())
    is_of_slurm = ("--launcher", "slurm") in pairwise(arguments)
    is_of_slurm |= "--launcher=slurm" in arguments
    tasks = os.environ.get("SLURM_NTASKS")  # srun says so, and salloc in its shell
    starter = ["srun", "--ntasks", tasks] if is_of_slurm and tasks else []
    return [*starter, str(executable)]
