"""The folder of a run's logs, checkpoints and weights."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import broadcast_object_list, is_main_process

from lanedet.files import ClaimedError, claim_folder


def set_work_dir(config: Config, work_dir: Path | str | None) -> None:
    """Choose the work directory.

    First what the command line says, then the config, then ``work_dirs/<config>``.
    """
    if work_dir is not None:
        config.work_dir = str(work_dir)
    elif config.get("work_dir") is None:
        config.work_dir = str(Path("work_dirs") / Path(config.filename).stem)


@contextmanager
def claimed_work_dir(config: Config) -> Iterator[None]:
    """Hold the work directory for one run, all processes of which come in.

    The processes must have joined
    (:func:`~lanedet.engine.processes.start_processes`).

    Raises:
        ClaimedError: In all processes, if another run holds it.
        OSError: Likewise, if it cannot be made.
        ValueError: If a name of a file or folder is not UTF-8.
    """
    _check_text(config)
    problem: list[OSError | None] = [None]
    with ExitStack() as stack:
        if is_main_process():
            try:
                stack.enter_context(claim_folder(config.work_dir))
            except ClaimedError:
                problem = [
                    ClaimedError(
                        f"Only one run at a time may use the work dir "
                        f"'{config.work_dir}', and another one does. Wait until it is "
                        "done, or name another one with --work-dir, also for a test "
                        "during a training."
                    )
                ]
            except OSError as error:
                problem = [error]
        broadcast_object_list(problem)
        if problem[0] is not None:
            raise problem[0]
        yield


def _check_text(config: Config) -> None:
    """Refuse what configs, logs and checkpoints cannot hold, before any work."""
    work_dir = os.path.abspath(config.work_dir)  # noqa: PTH100 (links stay)
    for text in (work_dir, str(config.filename or ""), config.pretty_text):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise ValueError(
                "The work dir of a run, and its config with all that is in it, must "
                "have names in UTF-8: TensorBoard opens no other files, and the saved "
                f"config holds no other text. Got {_around(text, error.start)}. Name "
                "another with --work-dir, rename it, or make a link to it that has "
                "such a name."
            ) from error


def _around(text: str, place: int) -> str:
    """Return the word that a place of a text is in, in ASCII."""
    before, after = text[:place], text[place:]
    start = max(before.rfind(char) for char in "'\"\n") + 1
    ends = [end for char in "'\"\n" if (end := after.find(char)) >= 0]
    return ascii(before[start:] + after[: min(ends, default=len(after))])
