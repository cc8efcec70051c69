"""Print what SAD and its known variants optimise, on the same features.

The images are generated. Without --weights the network is an ENet at initialisation, in
training mode: the state in which every training starts.
"""

import argparse
import statistics
from typing import TYPE_CHECKING

from lanedet.cli.options import PATH_HINT
from lanedet.formats import CULANE_SHAPE
from lanedet.runtime import user_errors

if TYPE_CHECKING:
    from lanedet.models import LaneDetector, StageFeatures
    from lanedet.structures import LaneSample

EXAMPLES = f"""examples:
  lanedet compare
  lanedet compare --weights out/train/weights.safetensors
{PATH_HINT}"""

CONFIG = "configs/sad/enet_sad_culane.py"  # the network, at 288x800
STAGES = ("E1", "E2", "E3", "E4")


def parse_args() -> argparse.Namespace:
    """Return the arguments of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", help="trained ENet-SAD, in place of a new one")
    parser.add_argument("--num-images", type=int, default=16, help="default: 16")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    args = parser.parse_args()
    if args.num_images < 1 or args.seed < 0:
        parser.error("--num-images must be at least 1 and --seed at least 0")
    return args


@user_errors()
def main() -> None:
    """Print a Markdown table."""
    args = parse_args()
    import torch

    from lanedet.models import SAD_PRESETS, AttentionGenerator, sad_preset
    from lanedet.models.distillation import report_distiller

    torch.manual_seed(args.seed)
    features, samples = _features(args.weights, args.num_images, args.seed)
    raw = AttentionGenerator(energy_norm="none")
    mean = AttentionGenerator(mapping="mean", energy_norm="none")
    distillers = {name: sad_preset(name) for name in SAD_PRESETS} | {
        "standardized, KL": sad_preset("standardized", divergence="kl"),
        "mean over channels": sad_preset("standardized", attention=mean),
        "paper, KL": sad_preset("standardized", attention=raw, divergence="kl"),
    }
    print(
        "| variant | weighted loss | gradient per image at E1, E2, E3, E4: median "
        "(largest) | entropy of the maps |"
    )
    print("|---|---|---|---|")
    for name, distiller in distillers.items():
        report = report_distiller(distiller, features, samples)
        gradients = (_spread(report.gradient_norms.get(stage)) for stage in STAGES)
        entropies = (
            f"{stage} {abs(value):.2f}" for stage, value in report.entropies.items()
        )
        print(
            f"| {name} | {report.loss:.1e} | {', '.join(gradients)} | "
            f"{', '.join(entropies) or '-'} |"
        )


def _spread(norms: list[float] | None) -> str:
    if norms is None:
        return "-"
    return f"{statistics.median(norms):.0e} ({max(norms):.0e})"


def _features(
    weights: str | None, num_images: int, seed: int
) -> "tuple[StageFeatures, list[LaneSample]]":
    """Return the stage features of generated scenes, and the scenes' labels."""
    import torch

    from lanedet.datasets import RasterizeLanes, ToTensors
    from lanedet.models import load_weights
    from lanedet.simulation import make_scene

    detector = _new_detector() if weights is None else load_weights(weights).train()
    draw_labels = RasterizeLanes(detector.head.num_lanes, lane_width_px=8)
    prepared = []
    for index in range(num_images):
        image, sample = make_scene(seed, index, CULANE_SHAPE)
        view = detector.view(CULANE_SHAPE)
        sample.set_metainfo({"view": view})
        lanes = [view.to_input(lane) for lane in sample.gt_lanes]
        results = {"inputs": view.warp(image), "input_lanes": lanes}
        prepared.append(ToTensors()(draw_labels(results | {"data_samples": sample})))
    batch = {
        "inputs": [results["inputs"] for results in prepared],
        "data_samples": [results["data_samples"] for results in prepared],
    }
    with torch.no_grad():
        inputs = detector.data_preprocessor(batch)["inputs"]
        return detector.extract_features(inputs), batch["data_samples"]


def _new_detector() -> "LaneDetector":
    from lanedet.engine import load_config
    from lanedet.models import build_model, describe_model

    return build_model(describe_model(load_config(CONFIG).model)).train()
