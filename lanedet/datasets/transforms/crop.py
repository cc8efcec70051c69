"""Random crops of the original image, as other cameras would have taken it."""

import numpy as np

from lanedet.arrays import FloatArray
from lanedet.datasets.transforms.results import Results


class RandomCrop:
    """Keep a random part of the original image, wide or narrow.

    Cameras differ in their format: 16:9 in TuSimple, 2.8:1 in CULane, 4:3 in old
    dashcams. The part has a drawn aspect; of the largest parts with this aspect it has
    a drawn size, and it lies anywhere up and down, but sideways in the middle half of
    where it could, since cameras look ahead. It comes after :class:`LoadImage` and
    before :class:`ApplyView`, for which the part is the original image. Lanes end where
    the part ends: above and below by interpolation, at the sides with their last point
    inside it.

    Args:
        aspect: Least and greatest width by height, in [0.1, 10]. Its logarithm is
            drawn uniformly.
        share: Least and greatest size by that of the largest part of the aspect, in
            [0.1, 1].
        probability: How often there is a crop at all, in [0, 1].

    Raises:
        ValueError: If a value is outside its range.
    """

    def __init__(
        self,
        aspect: tuple[float, float] = (1.33, 2.8),
        share: tuple[float, float] = (0.7, 1.0),
        probability: float = 1.0,
    ) -> None:
        for name, ends, least, most in (
            ("aspect", aspect, 0.1, 10.0),
            ("share", share, 0.1, 1.0),
        ):
            if len(ends) != 2 or not least <= ends[0] <= ends[1] <= most:
                raise ValueError(
                    f"{name} must be a least and a greatest value in [{least:g}, "
                    f"{most:g}], got {ends!r}."
                )
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must lie in [0, 1], got {probability!r}.")
        self.log_aspect = np.log(aspect)
        self.share = share
        self.probability = probability

    def __call__(self, results: Results) -> Results:
        """Replace ``inputs``, and the sample's lanes and ``ori_shape``.

        Raises:
            ValueError: If LoadImage shrank the image, or the label is a mask.
        """
        sample, rng, image = results["data_samples"], results["rng"], results["inputs"]
        height, width = image.shape[:2]
        if (height, width) != tuple(sample.ori_shape):
            raise ValueError(
                "RandomCrop must see the whole image, got one that LoadImage shrank. "
                "Leave out its shrink."
            )
        if "gt_mask_path" in sample:
            raise ValueError(
                "RandomCrop must get labels that are polylines, got one that is the "
                f"mask '{sample.gt_mask_path}'. Leave RandomCrop out for this data set."
            )
        if rng.random() >= self.probability:
            return results
        aspect = float(np.exp(rng.uniform(*self.log_aspect)))
        share = rng.uniform(*self.share)
        cut_width = max(1, round(share * min(width, height * aspect)))
        cut_height = max(1, round(share * min(height, width / aspect)))
        top = int(rng.integers(height - cut_height + 1))
        left = round((width - cut_width) * rng.uniform(0.25, 0.75))
        origin = np.array([left, top])
        shape = (cut_height, cut_width)
        pieces = [cut_lane(lane - origin, shape) for lane in sample.gt_lanes]
        sample.gt_lanes = [piece for piece in pieces if len(piece) > 1]
        sample.set_metainfo({"ori_shape": shape})
        part = image[top : top + cut_height, left : left + cut_width]
        return results | {"inputs": part}


def cut_lane(lane: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return the points of a lane that an image holds.

    Args:
        lane: Polyline, (N, 2), in pixels of the image.
        shape: (H, W) of the image.

    Returns:
        Polyline, (M, 2), perhaps empty. Where the lane crosses the first or the last
        row of the image there is a point of its own. A lane that leaves at a side and
        comes back is taken as one.
    """
    height, width = shape
    places, points = [np.arange(len(lane), dtype=np.float64)], [lane]
    for row in (0.0, height - 1.0):
        side = np.sign(lane[:, 1] - row)  # 0 for a point of the lane on the row itself
        first = np.flatnonzero(side[1:] * side[:-1] < 0)
        step = lane[first + 1] - lane[first]
        part = (row - lane[first, 1]) / step[:, 1]
        crossed = lane[first] + part[:, None] * step
        crossed[:, 1] = row  # whatever rounding made of it
        places.append(first + part)
        points.append(crossed)
    known = np.concatenate(points)[np.argsort(np.concatenate(places), kind="stable")]
    inside = (known >= 0) & (known <= [width - 1, height - 1])
    return np.asarray(known[inside.all(axis=1)])
