"""The logic of a known port's video demo, written anew, to compare with.

Most demos of lane detectors go like this one. OpenCV reads a frame, resizes it and
makes a tensor of it; the network runs as it was trained, channels first, in eager
PyTorch; a softmax goes over all of its output; the map of each lane is smoothed as a
whole and looked up row by row in Python; the classes of all pixels are enlarged to the
frame and tinted by boolean indexing; OpenCV writes MPEG-4 Part 2. Nothing is tracked,
no time stamp or sound is kept.

It stands for the work of such a demo, not for its code. In one point it is better off:
it runs with our settings of the allocator and of OpenMP, which a process has but once.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lanedet.arrays import ByteArray
from lanedet.models import LaneDetector
from lanedet.video import StepTimes

_NUM_ROWS = 18
_ROW_STEP = 20 / 590  # of the image height, as CULane's official conversion has it
_WINDOW = (9, 9)
_COLORS = ((0, 0, 255), (0, 255, 0), (255, 0, 0), (0, 255, 255))


class KnownPort:
    """Annotate clips as a known port's demo does.

    Args:
        detector: As it was trained, on its device, with a segmentation head. Its memory
            is laid out anew.
    """

    def __init__(self, detector: LaneDetector) -> None:
        self._detector = detector.to(memory_format=torch.contiguous_format).eval()
        self._device = next(detector.parameters()).device
        self._input_shape = detector.view.input_shape
        self._threshold: float = detector.head.decode.threshold
        self._mean = detector.data_preprocessor.mean
        self._std = detector.data_preprocessor.std

    def annotate(self, source: Path, out: Path) -> StepTimes:
        """Write a clip with tinted lanes; return how long that took by step.

        Raises:
            ValueError: If the source is no video.
        """
        times = StepTimes()
        writer = None
        for frame in _frames(source, times):
            with times.measure("infer"):
                probs = self._predict(frame)
                look_up_lanes(probs, self._threshold)
            with times.measure("draw"):
                picture = tint_lanes(frame, probs)
            with times.measure("encode"):
                if writer is None:
                    codec = cv2.VideoWriter.fourcc(*"mp4v")
                    size = (frame.shape[1], frame.shape[0])
                    writer = cv2.VideoWriter(str(out), codec, 25, size)
                writer.write(picture)
        if writer is None:
            raise ValueError(f"OpenCV cannot read {str(source)!r}. Use a video file.")
        with times.measure("encode", num_frames=0):
            writer.release()
        return times

    @torch.inference_mode()
    def _predict(self, frame: ByteArray) -> NDArray[np.float32]:
        """Return the probabilities (K + 1, H, W) of a frame (H, W, 3), BGR."""
        height, width = self._input_shape
        resized = cv2.resize(frame, (width, height), interpolation=cv2.INTER_CUBIC)
        pixels = cv2.cvtColor(resized, cv2.COLOR_BGR2RGB)
        inputs = torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float()
        inputs = (inputs.to(self._device)[None] - self._mean) / self._std
        logits, _ = self._detector(inputs)
        return np.asarray(logits.softmax(dim=1)[0].cpu())


def _frames(source: Path, times: StepTimes) -> Iterator[ByteArray]:
    capture = cv2.VideoCapture(str(source))
    try:
        while True:
            with times.measure("decode", num_frames=0):
                is_frame, frame = capture.read()
            if not is_frame:
                return
            times.num_frames["decode"] += 1
            yield np.asarray(frame, dtype=np.uint8)
    finally:
        capture.release()


def look_up_lanes(
    probs: NDArray[np.float32], threshold: float
) -> list[list[tuple[int, int]]]:
    """Return the points (x, y) of each lane, from the lowest row up.

    Args:
        probs: Probabilities of the background and of each lane, (K + 1, H, W).
        threshold: What a smoothed probability must exceed, in [0, 1].

    Returns:
        The points of each of the K lanes in pixels of the network's input.
    """
    height = probs.shape[1]
    smooth = [cv2.blur(lane, _WINDOW) for lane in probs[1:]]
    lanes: list[list[tuple[int, int]]] = [[] for _ in smooth]
    for points, lane in zip(lanes, smooth, strict=True):
        for number in range(_NUM_ROWS):
            y = int(height - 1 - number * _ROW_STEP * height)
            x = int(np.argmax(lane[y]))
            if lane[y, x] > threshold:
                points.append((x, y))
    return lanes


def tint_lanes(frame: ByteArray, probs: NDArray[np.float32]) -> ByteArray:
    """Return a frame with the most probable lane of each pixel over it.

    Args:
        frame: (H, W, 3) uint8, BGR.
        probs: Probabilities of the background and of up to four lanes, (K + 1, h, w).

    Returns:
        (H, W, 3) uint8, BGR.
    """
    size = (frame.shape[1], frame.shape[0])
    classes = probs.argmax(axis=0).astype(np.uint8)
    classes = np.asarray(cv2.resize(classes, size, interpolation=cv2.INTER_NEAREST))
    lanes = np.zeros_like(frame)
    for slot, color in enumerate(_COLORS, start=1):
        lanes[classes == slot] = color
    return np.asarray(cv2.addWeighted(lanes, 0.8, frame, 1.0, 0.0), dtype=np.uint8)
