"""The image of a sample, read."""

from lanedet.datasets.transforms.results import Results
from lanedet.images import read_shrunk_image


class LoadImage:
    """Read the image of a sample: adds ``inputs`` and the sample's ``ori_shape``.

    Args:
        shrink: 2, 4 or 8 to decode JPEGs at that fraction of their size, which is
            faster (:func:`lanedet.images.read_shrunk_image`). At half size a pixel is
            nearly the mean of 2x2: on 63 real frames the network inputs differed by a
            fifth of a grey level on average, by more than 3 in one value of a
            thousand, and by 23 at most. ``ApplyView`` refuses it where the network
            would see less for it.
    """

    def __init__(self, shrink: int = 1) -> None:
        self.shrink = shrink

    def __call__(self, results: Results) -> Results:
        """Raise FileNotFoundError or ValueError if there is no image to read."""
        sample = results["data_samples"]
        try:
            image, ori_shape = read_shrunk_image(sample.img_path, self.shrink)
        except FileNotFoundError as error:
            raise FileNotFoundError(
                f"No image at {sample.img_path!r}, though a label names it. Is "
                "data_root (--data-root) the folder of the whole data set?"
            ) from error
        if "label_shape" in sample and sample.ori_shape != ori_shape:
            raise ValueError(
                f"The labels of {sample.img_path!r} were scaled to the (H, W) that its "
                f"header tells, {sample.ori_shape}, but the image is {ori_shape}: an "
                "EXIF tag turns it. Store it upright."
            )
        sample.set_metainfo({"ori_shape": ori_shape})
        return results | {"inputs": image}
