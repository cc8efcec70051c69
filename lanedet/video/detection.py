"""Frames through the network, several at once where that is faster."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import NamedTuple

from lanedet.arrays import ByteArray, FloatArray
from lanedet.inference import LaneInferencer
from lanedet.ops import map_to_original
from lanedet.structures import LaneSample
from lanedet.video.sources.source import VideoBreakError, VideoFrame
from lanedet.video.threads import map_ahead, single_threaded_opencv


class DetectedLanes(NamedTuple):
    """Frames that went through the network together."""

    frames: Sequence[VideoFrame]
    samples: list[LaneSample]
    """The lanes of each."""
    attention: list[dict[str, FloatArray]]
    """Maps (H, W) of each by stage; empty where they are not wanted."""
    seconds: float
    """Time from the frames to their lanes."""


class LaneDetection:
    """Find the lanes of frames, in their order.

    Args:
        inferencer: Finds the lanes of images.
        batch_size: Frames per pass of the network.
        num_networks: How many threads look at a batch each, at least 1.
        attention: Whether to look for attention maps too.
    """

    def __init__(
        self,
        inferencer: LaneInferencer,
        *,
        batch_size: int,
        num_networks: int,
        attention: bool,
    ) -> None:
        self._inferencer, self._batch_size = inferencer, batch_size
        self._num_networks, self._attention = num_networks, attention

    @contextmanager
    def run(self, frames: Iterable[VideoFrame]) -> Iterator[Iterator[DetectedLanes]]:
        """Yield what comes out of the network; what reading raises comes after that.

        Args:
            frames: Read by one thread only.
        """
        batches = _batches(frames, self._batch_size)
        if self._num_networks == 1:
            yield map(self._look_at, batches)
            return
        # An operator of a small network is too short to be shared: two threads of one
        # operator wait for one another as long as they compute. Two frames do not.
        with (
            single_threaded_opencv(),
            self._inferencer.concurrent(self._num_networks) as begin,
            map_ahead(self._look_at, batches, self._num_networks, begin) as detected,
        ):
            yield detected

    def _look_at(self, frames: Sequence[VideoFrame]) -> DetectedLanes:
        begin = perf_counter()
        samples, attention = self._infer([frame.image for frame in frames])
        return DetectedLanes(frames, samples, attention, perf_counter() - begin)

    def _infer(
        self, images: Sequence[ByteArray]
    ) -> tuple[list[LaneSample], list[dict[str, FloatArray]]]:
        """Return the lanes of images, and their attention maps if they are wanted."""
        if not self._attention:
            samples = self._inferencer.predict(
                images, batch_size=len(images), progress=False
            )
            return samples, [{} for _ in samples]
        samples, maps = [], []
        for image in images:
            sample, energies = self._inferencer.attention(image)
            samples.append(sample)
            maps.append(
                {
                    stage: map_to_original(energy.double().numpy(), sample.view)
                    for stage, energy in energies.items()
                }
            )
        return samples, maps


def _batches(frames: Iterable[VideoFrame], size: int) -> Iterator[list[VideoFrame]]:
    """Yield lists of ``size`` frames; the last, also before a break, may be shorter."""
    batch: list[VideoFrame] = []
    try:
        for frame in frames:
            batch.append(frame)
            if len(batch) == size:
                yield batch
                batch = []
    except VideoBreakError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
