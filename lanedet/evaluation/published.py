"""Results that others published, to stand beside one's own.

Only numbers that were read at their source are here; the source is named with each.
A column that a source does not report is left out of its row.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

_CARDWING = "github.com/cardwing/Codes-for-Lane-Detection (README)"
_CARDWING_ENET = (
    "github.com/cardwing/Codes-for-Lane-Detection (ENet-TuSimple-Torch/README)"
)
_INHWANBAE = "github.com/InhwanBae/ENet-SAD_Pytorch (README)"
_PAD = "github.com/voldemortX/pytorch-auto-drive (MODEL_ZOO, mean of 3 runs)"
_CLRNET = "github.com/Turoad/CLRNet (README)"
_YOLOP = "github.com/hustvl/YOLOP (README)"


class PublishedResult(NamedTuple):
    """One row of somebody's table."""

    method: str
    """Model, as its authors name it."""

    values: Mapping[str, float]
    """Metric to value, both as our metrics name and scale them."""

    source: str
    """Where the numbers stand."""


TUSIMPLE: Sequence[PublishedResult] = (
    PublishedResult(
        "ENet-SAD (paper)", {"accuracy": 0.9664, "fp": 0.0602, "fn": 0.0205}, _CARDWING
    ),
    PublishedResult(
        "SCNN (paper)", {"accuracy": 0.9653, "fp": 0.0617, "fn": 0.0180}, _CARDWING
    ),
    PublishedResult(
        "ENet without SAD, the authors' code",
        {"accuracy": 0.9486756915, "fp": 0.0457901133, "fn": 0.0386712197},
        _CARDWING_ENET,
    ),
    PublishedResult(
        "ENet-SAD, 4 lanes",
        {"accuracy": 0.9393, "fp": 0.2279, "fn": 0.0838},
        _INHWANBAE,
    ),
    PublishedResult("ENet without SAD", {"accuracy": 0.9555}, _PAD),
    PublishedResult("ResNet-18 without SAD", {"accuracy": 0.9418}, _PAD),
    PublishedResult("ResNet-34 without SAD", {"accuracy": 0.9523}, _PAD),
    PublishedResult(
        "CLRNet, ResNet-18",
        {"accuracy": 0.9684, "fp": 0.0228, "fn": 0.0192, "f1": 0.9789},
        _CLRNET,
    ),
)
"""TuSimple's test set: shares in [0, 1]."""


def _culane_row(
    method: str, source: str, total: float, *categories: float
) -> PublishedResult:
    """Return a row; categories in the order of the papers, crossroad last, as FP."""
    names = (
        "normal",
        "crowd",
        "night",
        "noline",
        "shadow",
        "arrow",
        "hlight",
        "curve",
    )
    values = {"f1": total / 100}
    if categories:
        *scores, cross_fp = categories
        values |= {
            f"f1_{name}": score / 100 for name, score in zip(names, scores, strict=True)
        }
        values["fp_cross"] = cross_fp
    return PublishedResult(method, values, source)


# fmt: off
CULANE: Sequence[PublishedResult] = (
    _culane_row("ENet-SAD (paper)", _INHWANBAE, 70.8,
                90.1, 68.8, 66.0, 41.6, 65.9, 84.0, 60.2, 65.7, 1995),
    _culane_row("ENet-Label, 208x976, the authors' code", _CARDWING, 72.0,
                90.7, 70.8, 65.9, 44.7, 70.6, 85.8, 64.4, 65.4, 2729),
    _culane_row("SCNN", _CARDWING, 71.6,
                90.6, 69.7, 66.1, 43.4, 66.9, 84.1, 58.5, 64.4, 1990),
    _culane_row("ERFNet without SAD, the authors' code", _CARDWING, 73.1,
                91.5, 71.6, 67.1, 45.1, 71.3, 87.2, 66.0, 66.3, 2199),
    _culane_row("ENet-SAD", _INHWANBAE, 65.5,
                86.8, 65.3, 54.0, 37.3, 52.4, 78.2, 51.0, 58.6, 2278),
    _culane_row("ENet without SAD", _PAD, 69.39),
    _culane_row("ResNet-18 without SAD", _PAD, 65.19),
    _culane_row("ResNet-34 without SAD", _PAD, 69.82),
    PublishedResult("CLRNet, ResNet-18", {"f1": 0.7958, "mf1": 0.5523}, _CLRNET),
)
# fmt: on
"""CULane's test set at IoU 0.5: F1 in [0, 1]; ``fp_cross`` counts false positives."""

BDD100K: Sequence[PublishedResult] = (
    PublishedResult(
        "ENet-SAD (paper)", {"sad_accuracy": 0.3656, "sad_iou": 0.1602}, _CARDWING
    ),
    PublishedResult(
        "SCNN (paper)", {"sad_accuracy": 0.3579, "sad_iou": 0.1584}, _CARDWING
    ),
    PublishedResult(
        "ENet (paper)", {"sad_accuracy": 0.3412, "sad_iou": 0.1464}, _YOLOP
    ),
    PublishedResult(
        "ENet-SAD", {"sad_accuracy": 0.3709, "sad_iou": 0.1514}, _INHWANBAE
    ),
    PublishedResult(
        "YOLOP", {"multitask_accuracy": 0.705, "multitask_iou": 0.262}, _YOLOP
    ),
)
"""BDD100K's 10,000 validation images: shares in [0, 1], each by its own protocol.

YOLOP's README lists SAD's numbers beside its own. They are of another protocol.
"""
