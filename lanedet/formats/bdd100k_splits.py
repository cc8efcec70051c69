"""Which images of BDD100K train, validate and test."""

import codecs
import hashlib
from collections.abc import Sequence
from pathlib import Path

from lanedet.formats.bdd100k import Split
from lanedet.formats.label_faults import LabelError, LabelFaults
from lanedet.formats.picture_files import NAME_END, picture_stem, spelling_key
from lanedet.structures import LaneSample

_VAL_PART = 7  # one in so many images of the training folder is held out


def select_bdd100k_split(
    samples: Sequence[LaneSample], split: Split
) -> list[LaneSample]:
    """Return the samples of a split out of those of its folder.

    SAD holds out 10,000 of the 70,000 training images and tests on the 10,000 official
    validation images. Its list of the former was published
    (:func:`select_listed_images`). Without it, the images are ordered by the SHA-256
    of their names and the first seventh is held out: of 70,000 images 10,000, on every
    machine the same, and few change sides where some labels are missing.

    Args:
        samples: All labelled images of the split's folder.
        split: ``train``, ``val`` or ``test``.

    Raises:
        LabelError: If an image is labelled twice.
    """
    of_name = _by_name(samples)
    if split == "test":
        return list(samples)
    by_digest = sorted(of_name, key=_digest)
    held_out = set(by_digest[: round(len(by_digest) / _VAL_PART)])
    return [s for s in samples if (s.raw_file in held_out) == (split == "val")]


def select_listed_images(
    samples: Sequence[LaneSample], list_file: Path, faults: LabelFaults
) -> list[LaneSample]:
    """Return the samples that a list names, in its order.

    Args:
        samples: All labelled images of a folder.
        list_file: One image per line; what follows its name, such as the mask and the
            flags in SAD's lists, is ignored, and so are folders and suffixes.
        faults: Takes lines whose image has no label.

    Raises:
        FileNotFoundError: If there is no such list.
        LabelError: If an image is labelled twice, or a listed one has no label and
            ``faults`` does not take it.
    """
    of_name = _by_name(samples)
    spelt = {spelling_key(name): name for name in of_name}
    chosen = []
    for line, listed in read_bdd100k_list(list_file):
        name = listed if listed in of_name else spelt.get(spelling_key(listed), listed)
        with faults.allow():
            if name not in of_name:
                raise LabelError(
                    f"{list_file}:{line}: the image {name!r} has no label. Is this "
                    "the list of another split?"
                )
            chosen.append(of_name[name])
    return chosen


def read_bdd100k_list(list_file: Path) -> list[tuple[int, str]]:
    """Return the images that a list names: line, and name without folder and suffix.

    Raises:
        FileNotFoundError: If there is no such list.
        LabelError: If it is empty or no text.
    """
    if not list_file.is_file():
        raise FileNotFoundError(f"No list of images at '{list_file}'.")
    try:
        text = list_file.read_bytes().removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise LabelError(f"{list_file}: this is not UTF-8 ({error}).") from error
    names = [
        (number, picture_stem(_listed_name(line.strip())))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip()
    ]
    if not names:
        raise LabelError(f"{list_file} names no image: the file is empty.")
    return names


def _listed_name(line: str) -> str:
    end = NAME_END.search(line)
    return line[: end.end()] if end else line.split()[0]


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()


def _by_name(samples: Sequence[LaneSample]) -> dict[str, LaneSample]:
    of_name: dict[str, LaneSample] = {}
    for sample in samples:
        if sample.raw_file in of_name:
            raise LabelError(f"The labels name the image {sample.raw_file!r} twice.")
        of_name[sample.raw_file] = sample
    return of_name
