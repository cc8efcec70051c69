"""Write into RoadScenes' definition how its scenes are drawn now.

Only for a new version of the benchmark: give it another number and folder first.
Scores of the old version compare with those of the new one no more.
"""

import argparse
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from lanedet.runtime import user_errors

DEFINITION = Path("configs/_base_/datasets/roadscenes.py")
_BLOCK = re.compile(r"^_fingerprints = dict\(\n.*?^\)\n", re.MULTILINE | re.DOTALL)


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "config",
        type=Path,
        nargs="?",
        default=DEFINITION,
        help=f"the definition ({DEFINITION})",
    )
    return parser.parse_args()


@user_errors()
def main() -> None:
    """Take the fingerprints and write them."""
    args = parse_args()
    text = args.config.read_text(encoding="utf-8")
    if len(_BLOCK.findall(text)) != 1:
        raise ValueError(
            f"'{args.config}' must have one block '_fingerprints = dict('."
        )
    from mmengine.config import Config

    from lanedet.simulation.export.scene_files import SceneCollection
    from lanedet.simulation.roadscenes.fingerprint import parse_fingerprints
    from lanedet.simulation.roadscenes.freezing import take_fingerprints

    config = Config.fromfile(args.config)
    fingerprints = {}
    for split in ("train", "val", "test"):
        dataset = config[f"{split}_dataloader"].dataset
        collection = SceneCollection(dataset.seed, dataset.shape, dataset.category)
        fingerprints[split] = take_fingerprints(collection, dataset.num_scenes)
    frozen = _BLOCK.sub(lambda _: format_block(fingerprints), text)
    args.config.write_text(frozen, encoding="utf-8")
    number = sum(map(len, map(parse_fingerprints, fingerprints.values())))
    print(f"{number} fingerprints in {args.config}")


def format_block(fingerprints: Mapping[str, Sequence[str]]) -> str:
    """Return the fingerprints of each split as the definition has them."""
    lines = ["_fingerprints = dict("]
    for split, of_split in fingerprints.items():
        lines += [
            f"    {split}=[",
            *(f'        "{each}",' for each in of_split),
            "    ],",
        ]
    return "\n".join([*lines, ")", ""])


if __name__ == "__main__":
    main()
