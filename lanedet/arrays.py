"""Array types that appear in public signatures."""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
"""Coordinates and measurements. A polyline is (N, 2), ordered (x, y)."""

ByteArray = NDArray[np.uint8]
"""Images (H, W, 3), RGB unless said otherwise, and class maps (H, W)."""

Float32Array = NDArray[np.float32]
"""What is as large as a picture, (H, W) or (H, W, C): gains, shares, probabilities."""
