"""The parts of one's own car that a picture shows along its lower edge."""

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.simulation.projection.projection import Projection
from lanedet.simulation.world.conditions import DASHBOARDS


def bonnet_rows(projection: Projection, xs: FloatArray) -> FloatArray:
    """Return the row at which one's own bonnet begins, for each x."""
    height, width = projection.shape
    share = projection.scene.lens.bonnet
    if share == 0:
        return np.full(len(xs), float(height))
    sag = np.abs((xs - projection.center[0]) / (width / 2)) ** 3
    return height * (1 - share * (1 - 0.6 * sag))


def dashboard_rows(projection: Projection, xs: FloatArray) -> FloatArray:
    """Return the row at which one's own dashboard begins, for each x."""
    height, width = projection.shape
    windscreen = projection.scene.windscreen
    if windscreen.dashboard == 0:
        return np.full(len(xs), float(height))
    places, drops = np.array(DASHBOARDS[windscreen.dashboard_shape]).T
    drop = np.interp(xs / width, places, drops)
    return height * (1 - windscreen.dashboard * (1 - drop))
