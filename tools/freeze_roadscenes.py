"""Write down how RoadScenes' scenes are drawn now.

Only for a new version of the benchmark: in its definition, name another file of
fingerprints and another folder for its scenes first. What is frozen stays as it is.
Scores of the old version compare with those of the new one no more.
"""

import argparse
from pathlib import Path

from lanedet.runtime import user_errors

DEFINITION = Path("configs/_base_/datasets/roadscenes.py")
SPLITS = ("train", "val", "test")


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
    from mmengine.config import Config

    from lanedet.simulation.export.scene_files import SceneCollection
    from lanedet.simulation.roadscenes.freezing import (
        fingerprints_path,
        take_fingerprints,
        write_fingerprints,
    )

    config = Config.fromfile(args.config)
    datasets = {split: config[f"{split}_dataloader"].dataset for split in SPLITS}
    files = {dataset.get("fingerprints") for dataset in datasets.values()}
    if len(files) > 1 or None in files:
        raise ValueError(
            f"'{args.config}' must name one file of fingerprints for all of "
            f"{', '.join(SPLITS)}, got {', '.join(map(str, sorted(files, key=str)))}."
        )
    (file,) = files
    splits = {
        split: take_fingerprints(
            SceneCollection(each.seed, tuple(each.shape), each.category),
            each.num_scenes,
        )
        for split, each in datasets.items()
    }
    write_fingerprints(file, splits)
    number = sum(map(len, splits.values()))
    print(f"{number} fingerprints in {fingerprints_path(file)}")


if __name__ == "__main__":
    main()
