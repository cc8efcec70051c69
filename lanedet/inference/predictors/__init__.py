"""What runs networks: one small protocol over several runtimes.

Each runtime is an extra (``pip install 'lanedet[onnx]'``), and is imported when it is
chosen: who runs an exported file waits for no PyTorch.
"""

from lanedet.inference.predictors.choice import (
    choose_runtime,
    open_predictor,
    runtimes_of,
)
from lanedet.inference.predictors.predictor import Predictor

__all__ = ["Predictor", "choose_runtime", "open_predictor", "runtimes_of"]
