"""Show where a lane detector looks: the attention maps of its stages over images."""

import argparse
from pathlib import Path

from lanedet.cli.options import PATH_HINT
from lanedet.runtime import progress_bar, tune_allocator, tune_threads, user_errors

EXAMPLES = """examples:
  lanedet attention road.jpg
  lanedet attention frames/ --weights weights.safetensors \\
      --stages E2 E3 --softmax standardize --out out/attention
  lanedet attention road.jpg --weights plain.safetensors \\
      --compare sad.safetensors
  lanedet attention road.jpg --weights attending.safetensors \\
      --pixel 640,500 --heads 0 1

Each picture shows the image with its lanes and then one tile a stage. Maps are brought
back onto the original image; what the network does not see of it stays grey. Colors go
from black, where a map is lowest in this image, to yellow, where it is highest: they
compare places, not stages or images.

With --pixel, rows below show with which weights that pixel looks at the others, for
each layer of self-attention and each of its heads, relative to the map's largest
weight. The network must have such layers (docs/attention.md).
"""


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=f"{EXAMPLES}\n{PATH_HINT}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source",
        metavar="IMAGE|DIR",
        type=Path,
        help="image, folder with images, or pattern in quotes",
    )
    parser.add_argument(
        "--weights",
        help="weights (.safetensors) or checkpoint (.pth) (default: the package's own)",
    )
    parser.add_argument(
        "--compare", metavar="WEIGHTS", help="other weights, for a row below"
    )
    parser.add_argument(
        "--stages",
        nargs="+",
        metavar="STAGE",
        help="stages to show, such as E2 E3 (default: all of the encoder)",
    )
    parser.add_argument(
        "--softmax",
        metavar="NORM",
        help="show what SAD compares, the spatial softmax of energies normalised by "
        "NORM (such as standardize), and its entropy as a share of the largest "
        "possible, instead of the energies",
    )
    parser.add_argument(
        "--pixel",
        type=_pixel,
        metavar="X,Y",
        help="pixel of the image whose self-attention is shown below",
    )
    parser.add_argument(
        "--heads",
        type=int,
        nargs="+",
        metavar="HEAD",
        help="heads of it to show, counted from 0 (default: all)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("out/attention"),
        help="folder for the pictures (out/attention)",
    )
    parser.add_argument(
        "--tile-width", type=int, default=480, help="width of a tile in pixels (480)"
    )
    parser.add_argument(
        "--device", help="such as cpu or cuda:0 (default: a GPU where there is one)"
    )
    args = parser.parse_args()
    if args.heads is not None and args.pixel is None:
        parser.error("--heads needs --pixel")
    return args


def _pixel(text: str) -> tuple[float, float]:
    """Read (x, y) from a text such as ``640,500``."""
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be X,Y in pixels, such as 640,500, got {text!r}"
        ) from None
    return x, y


@user_errors()
def main() -> None:
    """Write one picture for each image."""
    args = parse_args()
    tune_allocator()
    tune_threads()
    from lanedet.images import find_images, plan_outputs, read_image, write_image
    from lanedet.inference import (
        EnergyMaps,
        LaneInferencer,
        SoftmaxMaps,
        default_weights,
        draw_detector_attention,
        draw_pixel_attention,
    )
    from lanedet.models import AttentionGenerator
    from lanedet.visualization import stack_grids

    images = find_images(args.source)
    outputs = plan_outputs(images, args.source, args.out)
    maps = (
        EnergyMaps()
        if args.softmax is None
        else SoftmaxMaps(AttentionGenerator(energy_norm=args.softmax))
    )
    weights = args.weights or str(default_weights())
    inferencers = {
        caption: LaneInferencer(path, device=args.device)
        for caption, path in _captions(weights, args.compare).items()
    }
    for path, output in progress_bar(outputs.items(), desc="attention", unit="image"):
        image = read_image(path)
        grids = [
            draw_detector_attention(
                image,
                inferencers,
                stages=args.stages,
                maps=maps,
                tile_width=args.tile_width,
            )
        ]
        if args.pixel is not None:
            grids += [
                draw_pixel_attention(
                    image,
                    inferencer,
                    args.pixel,
                    heads=args.heads,
                    tile_width=args.tile_width,
                )
                for inferencer in inferencers.values()
            ]
        write_image(output, stack_grids(grids))
    print(f"Pictures written to {args.out}: {len(images)}")


def _captions(weights: str, other: str | None) -> dict[str, str]:
    """Return the weights files by what to call them in the picture."""
    if other is None:
        return {"lanes": weights}
    paths = (Path(weights), Path(other))
    for names in (
        [path.stem for path in paths],  # plain and sad
        [path.parent.name for path in paths],  # run1/weights and run2/weights
        [str(path) for path in paths],
    ):
        if "" not in names and names[0] != names[1]:
            return dict(zip(names, (weights, other), strict=True))
    raise ValueError(f"--compare must name other weights than {weights!r}.")
