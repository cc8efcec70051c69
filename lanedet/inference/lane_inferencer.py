"""The user's object: trained weights that find lanes in images."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lanedet.arrays import ByteArray
from lanedet.images import ImageError, find_images, read_image
from lanedet.inference.caller_line import callers_stacklevel
from lanedet.inference.find_lanes import find_lanes
from lanedet.inference.packaged_weights import packaged_model
from lanedet.inference.predictors import Predictor, open_predictor
from lanedet.ops import ViewTransform
from lanedet.runtime import RUNTIMES, progress_bar
from lanedet.structures import LaneSample

if TYPE_CHECKING:
    from mmengine.config import Config
    from torch import Tensor

    from lanedet.models import LaneDetector

Images = ByteArray | Path | str | Iterable["Images"]
"""An image (H, W, 3) uint8, RGB, or a batch of them (N, H, W, 3); a file, a folder or a
pattern; or several of these."""

_MANY_IMAGES = 50  # from here on a progress bar is shown
_MAX_EMPTY_SHARE = 0.5


class LaneInferencer:
    """Find lanes with a trained detector.

    ``LaneInferencer()`` uses the model that comes with the package,
    ``LaneInferencer(weights)`` a file that says what model it holds,
    ``LaneInferencer(config, weights)`` any other, and ``LaneInferencer(detector)`` a
    detector that is there already. What ``lanedet export`` wrote runs without PyTorch.

    Args:
        model: A weights file (``.safetensors``), a training checkpoint (``.pth``), or
            an exported file: ONNX (``.onnx``), OpenVINO (``.xml``), a TensorRT engine
            (``.engine``). If ``weights`` is given too, the config of the model: a file
            or what ``lanedet.engine.load_config`` returned. A config file is code and
            is run. Or a detector, which is copied.
        weights: The weights for a config. Nothing in weights is run as code.
        device: Such as ``cpu`` or ``cuda:0``, see
            :func:`~lanedet.inference.open_predictor`. If not given, PyTorch and ONNX
            Runtime take a GPU where they have one, and OpenVINO the CPU.
        half: Whether to compute with float16, on a GPU; or with bfloat16 in OpenVINO.
        runtime: ``torch``, ``onnxruntime``, ``openvino`` or ``tensorrt``. If not given,
            the fastest that is installed and can run the model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no lane detector or another one than the config
            describes, or would run code; if the runtime is not installed, or there is
            no such device or precision.

    Attributes:
        device: Where the network runs, such as ``cpu``.
        runtime: What runs it: a name and a version.
        num_slots: Number of slots K in which the detector places lanes.

    Example:
        >>> inferencer = LaneInferencer()  # doctest: +SKIP
        >>> (sample,) = inferencer("road.jpg")  # doctest: +SKIP
        >>> sample.pred_lanes[0].shape  # doctest: +SKIP
        (40, 2)
        >>> sample.pred_names  # doctest: +SKIP
        ['ego left', 'ego right']
    """

    # Not mmengine's BaseInferencer: it wants a config registry and a visualizer, holds
    # all results at once and has no batches of arrays without a data pipeline.

    def __init__(
        self,
        model: "Path | str | Config | LaneDetector | None" = None,
        weights: Path | str | None = None,
        *,
        device: str | None = None,
        half: bool = False,
        runtime: str | None = None,
    ) -> None:
        if runtime is not None and runtime not in RUNTIMES:
            raise ValueError(
                f"runtime must be one of {', '.join(RUNTIMES)}, got {runtime!r}."
            )
        if model is None and weights is None:
            model = packaged_model(runtime, device)
        self._predictor: Predictor
        if isinstance(model, Path | str) and weights is None:
            self._predictor = open_predictor(
                Path(model), runtime=runtime, device=device, half=half
            )
        else:
            if runtime not in (None, "torch"):
                raise ValueError(
                    "Configs and detectors run in PyTorch, got "
                    f"runtime={runtime!r}. Export the weights for another runtime."
                )
            from lanedet.inference.predictors.detectors import open_detector

            self._predictor = open_detector(model, weights, device=device, half=half)
        self._parts = self._predictor.parts
        self._warned_shapes: set[tuple[int, int]] = set()
        self.num_slots: int = self._parts.num_slots
        self.device: str = self._predictor.device
        self.runtime: str = self._predictor.runtime

    def __call__(
        self, images: Images, *, batch_size: int = 8, progress: bool = True
    ) -> list[LaneSample]:
        """Return the lanes of each image, as :meth:`predict` does."""
        return self.predict(images, batch_size=batch_size, progress=progress)

    def predict(
        self, images: Images, *, batch_size: int = 8, progress: bool = True
    ) -> list[LaneSample]:
        """Return the lanes of each image.

        Args:
            images: An image (H, W, 3) uint8, RGB, or a batch (N, H, W, 3) of them; the
                path of an image; a folder, of which all images are taken, sorted; a
                pattern such as ``clip/*.jpg``; or several of these. Images may differ
                in size.
            batch_size: Images per pass of the network, at least 1. On a CPU it makes
                little difference.
            progress: Whether to show a progress bar where there are 50 images or more.

        Returns:
            One sample per image, with ``pred_lanes`` in pixels of that image,
            ``pred_scores`` in [0, 1] and ``pred_slots``, leftmost slot first and as
            :func:`~lanedet.ops.slots_under_camera` gives them, their names in
            ``pred_names``, and with ``ori_shape`` (H, W), ``view`` and, if it was read
            from a file, ``img_path``.

        Raises:
            FileNotFoundError: If there is no such image or folder, or no image in it.
            ValueError: If an image is not (H, W, 3) uint8, a file is no whole image or
                ``batch_size`` is below 1.

        Warns:
            UserWarning: Once for each shape of image that is far from the network's.
                Images keep their shape where the detector's view is a letterbox; it is
                far where more than half of the network input would be empty, as for a
                portrait: ``1 - min(w, h) / max(w, h)`` of the factors w and h by which
                the width and the height of the view's crop fit the input. Where the
                view stretches images, more than twice as much along one axis.
        """
        named = list(_each_image(images))
        if not progress or len(named) < _MANY_IMAGES:
            return list(self.stream(named, batch_size=batch_size))
        with progress_bar(total=len(named), desc="lanes", unit="image") as bar:
            samples = []
            for sample in self.stream(named, batch_size=batch_size):
                samples.append(sample)
                bar.update()
        return samples

    def stream(self, images: Images, *, batch_size: int = 8) -> Iterator[LaneSample]:
        """Yield what :meth:`predict` returns, image by image.

        No more than one batch of images is held, and none of the samples. Images may
        come from a generator.
        """
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}.")
        each = _each_image(images)
        while batch := list(islice(each, batch_size)):
            yield from self._predict_batch(batch)

    def _predict_batch(
        self, images: Sequence[ByteArray | Path | str]
    ) -> list[LaneSample]:
        inputs, samples = self._prepare(images)
        return find_lanes(self._predictor, inputs, samples)

    def attention(
        self, image: ByteArray | Path | str, stages: Sequence[str] | None = None
    ) -> "tuple[LaneSample, dict[str, Tensor]]":
        """Return the lanes of an image and where the network's stages look.

        Args:
            image: (H, W, 3) uint8, RGB, or the path of an image.
            stages: Names of the backbone's stages; those of its encoder if not given.

        Returns:
            The image's sample, as :meth:`predict` returns it, with its ``view``; and
            the energy of each stage by name, (h, w) float32 on the CPU, at least 0,
            over the *network input*. ``lanedet.ops.map_to_original(energy.numpy(),
            sample.view)`` brings one onto the image.

        Raises:
            FileNotFoundError: If there is no such image.
            ValueError: If the image is not (H, W, 3) uint8, there is no such stage, or
                the network does not run in PyTorch: exported, it has no stages.
        """
        insight = self._predictor.insight
        if insight is None:
            raise ValueError(
                f"{self.runtime} cannot say where a network looks: an exported one has "
                "no stages. Choose its weights (.safetensors), or runtime='torch'."
            )
        [sample] = self._predict_batch([image])
        [pixels], _ = self._prepare([image])
        found = insight.energies(pixels[None], stages)
        return sample, {stage: energy[0] for stage, energy in found.items()}

    def pixel_attention(
        self, image: ByteArray | Path | str, pixel: tuple[float, float]
    ) -> "dict[str, Tensor]":
        """Return with which weights a pixel looks at others, in each layer that has.

        Args:
            image: (H, W, 3) uint8, RGB, or the path of an image.
            pixel: (x, y) in pixels of the image.

        Returns:
            (heads, h, w) float32 on the CPU, over the *network input*, by the layer's
            place; see :func:`~lanedet.models.pixel_attention`.

        Raises:
            FileNotFoundError: If there is no such image.
            ValueError: If the image is not (H, W, 3) uint8, the network does not see
                the pixel, no layer has such weights, or the network does not run in
                PyTorch.
        """
        insight = self._predictor.insight
        if insight is None:
            raise ValueError(
                f"{self.runtime} cannot say where a pixel looks: an exported network "
                "has no layers. Choose its weights (.safetensors), or runtime='torch'."
            )
        [pixels], [sample] = self._prepare([image])
        height, width = sample.ori_shape
        if not (-0.5 <= pixel[0] < width - 0.5 and -0.5 <= pixel[1] < height - 0.5):
            raise ValueError(
                f"The pixel must lie in the image of {width}x{height}, got "
                f"({pixel[0]:g}, {pixel[1]:g})."
            )
        x, y = sample.view.to_input(np.array(pixel, dtype=np.float64)).tolist()
        return insight.pixel_attention(pixels[None], (x, y))

    @property
    def has_stages(self) -> bool:
        """Whether :meth:`attention` can look into the network: not if exported."""
        return self._predictor.insight is not None

    def concurrent(self, num_calls: int) -> AbstractContextManager[Callable[[], None]]:
        """Let so many threads call this object at once, on a core each.

        Yields:
            What each of these threads must call first.
        """
        return self._predictor.concurrent(num_calls)

    def _prepare(
        self, images: Sequence[ByteArray | Path | str]
    ) -> tuple[list[ByteArray], list[LaneSample]]:
        """Return the network's inputs, each (H, W, 3), and a sample for each image."""
        inputs, samples = [], []
        for source in images:
            metainfo: dict[str, Any] = {}
            if isinstance(source, np.ndarray):
                image = source
            else:
                metainfo["img_path"] = str(source)
                image = _read(source)
            _check_image(image)
            ori_shape = (image.shape[0], image.shape[1])
            view = self._parts.view(ori_shape)
            self._check_shape(view)
            inputs.append(view.warp(image))
            metainfo |= {"ori_shape": ori_shape, "view": view}
            samples.append(LaneSample(metainfo=metainfo))
        return inputs, samples

    def _check_shape(self, view: ViewTransform) -> None:
        """Warn once of images whose shape the network does not know."""
        if view.ori_shape in self._warned_shapes:
            return
        share = _empty_share(view)
        if share <= _MAX_EMPTY_SHARE:
            return
        self._warned_shapes.add(view.ori_shape)
        (height, width), (input_height, input_width) = view.ori_shape, view.input_shape
        warnings.warn(
            f"An image of {width}x{height} is far from the shape that the network "
            f"takes, {input_width}x{input_height}: kept in shape it would leave "
            f"{share:.0%} of the input empty. Expect poor lanes; cut the image to the "
            "road, or use weights that were trained on such images.",
            stacklevel=callers_stacklevel(),
        )


def _each_image(images: Images) -> Iterator[ByteArray | Path]:
    """Yield the images of arrays, and the files that paths and patterns name."""
    if isinstance(images, np.ndarray):
        yield from images if images.ndim == 4 else [images]
    elif isinstance(images, Path | str):
        yield from find_images(images)
    elif (
        isinstance(images, bytes)
        or hasattr(images, "numpy")
        or not isinstance(images, Iterable)
    ):
        raise ValueError(
            "Images must be arrays (H, W, 3) uint8 or paths, got "
            f"{type(images).__name__}. Make an array of it: a tensor (3, H, W) in "
            "[0, 255] by image.permute(1, 2, 0).byte().cpu().numpy(), a PIL image by "
            'np.asarray(image.convert("RGB")).'
        )
    else:
        for part in images:
            yield from _each_image(part)


def _read(path: Path | str) -> ByteArray:
    try:
        return read_image(path)
    except ImageError as error:
        raise ImageError(
            f"{error} lanedet.video.open_source, and with it lanedet video, "
            "leaves out such files of a folder by itself."
        ) from None


def _check_image(image: ByteArray) -> None:
    """Raise ValueError, with what to do, if an array is no image."""
    if image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8:
        if image.size:
            return
        hint = "It is empty: leave it out."
    elif image.dtype != np.uint8:
        hint = "Scale it to [0, 255] and convert it by image.astype(np.uint8)."
    elif image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 1):
        hint = "If it is grey: np.dstack([image] * 3)."
    elif image.ndim == 3 and image.shape[2] == 4:
        hint = "If it is RGBA: image[..., :3]."
    else:
        hint = "If the channels come first: np.moveaxis(image, -3, -1)."
    raise ValueError(
        f"Images must be (H, W, 3) uint8, got {image.shape} {image.dtype}. {hint}"
    )


def _empty_share(view: ViewTransform) -> float:
    """Return what of the network input stays empty if the crop keeps its shape."""
    top, bottom, left, right = view.crop
    input_height, input_width = view.input_shape
    factors = (input_height / (bottom - top), input_width / (right - left))
    return 1 - min(factors) / max(factors)
