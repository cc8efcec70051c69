"""From a sample's image file to the network input and its labels.

A pipeline is a list of these transforms. They hand on one dict:

* ``data_samples``: the :class:`~lanedet.structures.LaneSample`. Its ``gt_lanes`` stay
  in pixels of the original image.
* ``inputs``: the image, (H, W, 3) uint8 RGB, at last a tensor (3, H, W).
* ``input_lanes``: the lanes in the frame of ``inputs``; they move with the image.
* ``matrix``: the 3x3 map from the original image to the network input.
* ``rng``: the NumPy generator of this draw.
"""

from typing import Any

Results = dict[str, Any]
