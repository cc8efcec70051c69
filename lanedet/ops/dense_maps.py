"""Dense maps of the network, back on the original image."""

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.ops.view import ViewTransform


def map_to_original(values: FloatArray, view: ViewTransform) -> FloatArray:
    """Resample a map that covers the network input onto the original image.

    Each pixel of the original image is looked up, bilinearly, where the view puts its
    centre. The map's outermost values reach half a cell beyond their centres, as in
    ``cv2.resize`` and in PyTorch's ``interpolate`` with ``align_corners=False``.

    Args:
        values: (h, w), one value per cell of a grid over the network input, of any
            resolution: a class map, the energies of a stage.
        view: How the original image became the network input.

    Returns:
        (H, W) float64 of ``view.ori_shape``. NaN outside the view's crop, which the
        network did not see.

    Raises:
        ValueError: If ``values`` is not (h, w) or empty.
    """
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"A map must have shape (h, w), got {values.shape}.")
    top, bottom, left, right = view.crop
    rows, columns = np.arange(top, bottom), np.arange(left, right)
    corners = np.zeros((max(len(rows), len(columns)), 2))
    corners[: len(columns), 0], corners[: len(rows), 1] = columns, rows
    # The view is separable: x depends on x alone and y on y.
    in_input = view.to_input(corners)
    cells = np.array([values.shape[1], values.shape[0]]) / view.input_shape[::-1]
    in_map = (in_input + 0.5) * cells - 0.5
    result = np.full(view.ori_shape, np.nan)
    result[top:bottom, left:right] = _interpolate(
        _interpolate(values, in_map[: len(rows), 1]).T, in_map[: len(columns), 0]
    ).T
    return result


def _interpolate(values: FloatArray, positions: FloatArray) -> FloatArray:
    """Return rows (P, w) at fractional ``positions`` (P,) of rows (h, w)."""
    positions = np.clip(positions, 0, len(values) - 1)
    lower = np.minimum(positions.astype(int), max(0, len(values) - 2))
    upper = np.minimum(lower + 1, len(values) - 1)
    share = (positions - lower)[:, None]
    interpolated: FloatArray = values[lower] * (1 - share) + values[upper] * share
    return interpolated
