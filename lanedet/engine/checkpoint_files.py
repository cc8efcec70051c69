"""The checkpoints in a work directory: which is the last, and whose they are.

A run's work directory holds the checkpoints of one line of training. What a run finds
there that it does not go on from is another run's, and goes to ``previous/`` before
the first iteration. So the checkpoint with the highest number is the last of the run.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from lanedet.models import is_whole_checkpoint, read_checkpoint
from lanedet.runtime import shell_word

WEIGHTS_FILE = "weights.safetensors"
"""Name of the file that holds the weights of a finished run."""
_PREVIOUS = "previous"
_LAST = "last_checkpoint"  # mmengine writes its path to this file
_NUMBERED = re.compile(r"(?P<best>best_.*_)?iter_(?P<iteration>\d+)\.pth")


def latest_checkpoint(work_dir: Path) -> Path | None:
    """Return the checkpoint of the last iteration in a folder, None if it has none."""
    found = _resumable(work_dir)
    return found[max(found)] if found else None


def check_whole(path: Path) -> dict[str, object]:
    """Return what a checkpoint holds.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is damaged. The error names the last whole checkpoint before
            it and how to go on from that.
    """
    try:
        return read_checkpoint(path)
    except FileNotFoundError:
        raise
    except (ValueError, OSError) as error:
        raise ValueError(
            f"No run can go on from {str(path)!r}: {error} {_way_on(path)}"
        ) from error


def _way_on(damaged: Path) -> str:
    """Say which checkpoint of the same folder is whole."""
    match = _NUMBERED.fullmatch(damaged.name)
    found = _resumable(damaged.parent)
    end = int(match["iteration"]) if match else max(found, default=0) + 1
    for iteration in sorted((each for each in found if each < end), reverse=True):
        if not is_whole_checkpoint(found[iteration]):
            continue
        return (
            "The last whole one before it goes on with: --resume "
            f"{shell_word(str(found[iteration]))}"
        )
    return "None before it is whole either: start a new run, without --resume."


def set_aside(work_dir: Path, name: str, after: int | None) -> Path | None:
    """Move what another run has left in a work directory into ``previous/<name>``.

    These are its checkpoints, the best ones too, and its weights file.

    Args:
        work_dir: Folder of the run that is to begin.
        name: Name of the new folder; a number is added where it is taken.
        after: Iteration of the checkpoint in this folder that the run goes on from:
            only what is of later iterations is another run's. None if it goes on from
            none of them.

    Returns:
        The new folder, or None if there was nothing to move.
    """
    files = list(_of_others(work_dir, after))
    if not files:
        return None
    folder = _new_folder(work_dir / _PREVIOUS, name)
    for file in files:
        file.rename(folder / file.name)
    return folder


def _resumable(folder: Path) -> dict[int, Path]:
    """Return the checkpoints that a run can go on from, by iteration."""
    matches = ((_NUMBERED.fullmatch(path.name), path) for path in folder.glob("*.pth"))
    return {
        int(match["iteration"]): path
        for match, path in matches
        if match and not match["best"]
    }


def _of_others(work_dir: Path, after: int | None) -> Iterator[Path]:
    latest = -1
    for path in sorted(work_dir.glob("*.pth")):
        match = _NUMBERED.fullmatch(path.name)
        if match is None:
            continue
        latest = max(latest, int(match["iteration"]))
        if after is None or int(match["iteration"]) > after:
            yield path
    # The weights are those of the last checkpoint.
    is_of_others = after is None or latest > after
    names = (WEIGHTS_FILE, _LAST) if is_of_others else ()
    yield from (work_dir / name for name in names if (work_dir / name).is_file())


def _new_folder(parent: Path, name: str) -> Path:
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = parent / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder
