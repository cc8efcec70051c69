"""From network inputs to lanes, whatever runs the network."""

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.inference.predictors import Predictor
from lanedet.ops import add_lanes
from lanedet.structures import LaneSample


def find_lanes(
    predictor: Predictor, inputs: Sequence[ByteArray], samples: Sequence[LaneSample]
) -> list[LaneSample]:
    """Return the samples with the lanes that a predictor finds.

    Args:
        predictor: The network.
        inputs: Network inputs, each (H, W, 3) uint8, RGB.
        samples: One for each, with the ``view`` that made it.
    """
    begin = 0
    for place, group in groupby(samples, lambda sample: sample.view.place):
        together = list(group)
        batch = np.stack(inputs[begin : begin + len(together)])
        readings = predictor.read(batch, np.array(place))
        for number, sample in enumerate(together):
            own = {name: array[number] for name, array in readings.items()}
            lanes = predictor.parts.lanes(predictor.kind, own, sample.view)
            add_lanes(sample, lanes, predictor.parts.num_slots)
        begin += len(together)
    return list(samples)
