"""The part of the decoding that runs behind a network, in its own graph.

A network's maps are large and its lanes are not. So the first steps of
:class:`~lanedet.ops.LaneDecoder` are put behind the network, in operators that every
runtime has: what leaves the graph is a run of columns for every few rows, which
:meth:`~lanedet.ops.LaneDecoder.read_rows` makes lanes of.
"""

from abc import ABC, abstractmethod
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lanedet.ops import LaneDecoder

Readings = dict[str, Tensor]
"""What leaves the graph, by name; the first axis of each is the batch."""

_BITS = 8  # of a byte
_MAX_BYTES = 8  # that one product makes; to make them one by one takes twice as long


class Reader(nn.Module, ABC):
    """Turn a head's raw outputs into what lanes are made of outside of the graph."""

    kind: str
    """What is read, of :data:`~lanedet.formats.models.READINGS`."""

    @abstractmethod
    def forward(self, outputs: Any, place: Tensor) -> Readings:
        """Return the readings of a batch.

        Args:
            outputs: Raw outputs of the head.
            place: (top, bottom, left, right) of the images in the network input, bottom
                and right exclusive, (4,) int64.
        """


class MapReader(Reader):
    """Probabilities of pixels and of slots, for decoders that need whole maps."""

    kind = "maps"

    def forward(self, outputs: Any, place: Tensor) -> Readings:  # noqa: ARG002
        """Return ``lane_probs`` and ``existence``.

        Args:
            outputs: :class:`~lanedet.models.heads.SegmentationOutputs` of B images.
            place: Not needed.

        Returns:
            Probability of each lane at each pixel, (B, K, H, W), background left out,
            and of each slot, (B, K); float32 in [0, 1]. Slots whose existence is not
            predicted have 1.
        """
        probs = self.softmax(outputs.seg_logits.float())
        # Not a slice: of a split, runtimes read the part where it lies.
        _, lane_probs = probs.split([1, probs.shape[1] - 1], dim=1)
        if outputs.existence_logits is None:
            existence = torch.ones_like(lane_probs[..., 0, 0])
        else:
            existence = outputs.existence_logits.float().sigmoid()
        return {"lane_probs": lane_probs, "existence": existence}

    def softmax(self, logits: Tensor) -> Tensor:
        """Return the softmax over the channels of (B, C, H, W)."""
        # On a CPU it is found much faster where the channels lie side by side.
        return logits.contiguous(memory_format=torch.channels_last).softmax(dim=1)

    def plain(self) -> "_PlainMapReader":
        """Return a reader without the operator Softmax."""
        return _PlainMapReader()


class _PlainMapReader(MapReader):
    """:class:`MapReader` with a softmax that is spelt out.

    ONNX Runtime's operator over channels takes several times as long.
    """

    def softmax(self, logits: Tensor) -> Tensor:
        """Return the softmax over the channels of (B, C, H, W)."""
        powers = (logits - logits.amax(dim=1, keepdim=True)).exp()
        return powers / powers.sum(dim=1, keepdim=True)


class RowReader(Reader):
    """The rows of the maps, as :class:`~lanedet.ops.LaneDecoder` reads them.

    Args:
        decoder: Its threshold, its smoothing and the distance of its rows are taken.
        input_shape: (H, W) of the network input.
    """

    kind = "rows"
    steps: Tensor
    columns: Tensor
    wide_columns: Tensor
    window: Tensor
    bit_values: Tensor

    def __init__(self, decoder: LaneDecoder, input_shape: tuple[int, int]) -> None:
        super().__init__()
        height, width = input_shape
        self.maps = MapReader()
        self.threshold = decoder.threshold
        self.smoothing = decoder.smoothing or 1
        reach = self.smoothing // 2
        self._keep("steps", torch.arange(0, height, decoder.row_step))
        self._keep("columns", torch.arange(width))
        self._keep("wide_columns", torch.arange(-reach, width + reach))
        self._keep("window", torch.arange(-reach, reach + 1))
        num_bytes = -(-width // _BITS)
        together = max(
            each for each in range(1, _MAX_BYTES + 1) if num_bytes % each == 0
        )
        values = 2.0 ** torch.arange(_BITS - 1, -1, -1)[:, None]
        self._keep("bit_values", torch.block_diag(*[values] * together))

    def _keep(self, name: str, tensor: Tensor) -> None:
        self.register_buffer(name, tensor, persistent=False)

    def forward(self, outputs: Any, place: Tensor) -> Readings:
        """Return ``rows``, ``lane_bits`` and ``existence``.

        Args:
            outputs: As of :class:`MapReader`.
            place: As of :class:`Reader`.

        Returns:
            What :meth:`~lanedet.ops.LaneDecoder.read_rows` takes, of each image: rows
            (B, K, R, 3) float32, bits (B, K, H, ceil(W / 8)) uint8 and existence
            (B, K).
        """
        maps = self.maps(outputs, place)
        lane_probs = maps["lane_probs"]
        return {
            "rows": self._rows(lane_probs, place),
            "lane_bits": self._bits(lane_probs),
            "existence": maps["existence"],
        }

    def _rows(self, lane_probs: Tensor, place: Tensor) -> Tensor:
        top, bottom, left, right = place[0], place[1], place[2], place[3]
        ys = bottom - 1 - self.steps
        values = self._smooth_rows(lane_probs, ys, place)
        values = values * ((self.columns >= left) & (self.columns < right)).float()
        columns, before_first, last = self.columns.float(), left - 1.0, right.float()
        peak = values.amax(dim=-1, keepdim=True)  # (B, K, R, 1)
        # Of several maxima the first, as in np.argmax.
        top_column = torch.where(values == peak, columns, last).amin(-1, keepdim=True)
        half = peak / 2
        is_low = values < half
        is_before, is_after = columns < top_column, columns > top_column
        before = torch.where(is_low & is_before, columns, before_first).amax(
            dim=-1, keepdim=True
        )
        after = torch.where(is_low & is_after, columns, last).amin(dim=-1, keepdim=True)
        left_edge = before + self._share(values, half, before, before + 1)
        right_edge = after - self._share(values, half, after, after - 1)
        left_edge = torch.where(before < left, left - 0.5, left_edge)
        right_edge = torch.where(after >= right, right - 0.5, right_edge)
        peak = peak * (ys >= top)[:, None].float()  # above the picture is nothing
        return torch.cat([left_edge, right_edge, peak], dim=-1)

    def _share(
        self, values: Tensor, half: Tensor, outside: Tensor, inside: Tensor
    ) -> Tensor:
        """Return which share of the way from a column to the next one half lies."""
        end = values.shape[-1] - 1
        low = values.gather(-1, outside.clamp(0, end).long())
        high = values.gather(-1, inside.clamp(0, end).long())
        return (half - low) / (high - low).clamp_min(torch.finfo(values.dtype).tiny)

    def _smooth_rows(self, lane_probs: Tensor, ys: Tensor, place: Tensor) -> Tensor:
        """Return the rows (B, K, R, W) at ``ys`` (R,) of maps that were smoothed.

        By the mean over a square; beyond its border the image goes on as it ends.
        """
        if self.smoothing == 1:
            # Not clamp_min: TensorRT clips floats alone.
            return lane_probs.index_select(2, ys.maximum(torch.zeros_like(ys)))
        top, bottom, left, right = place[0], place[1], place[2], place[3]
        rows = (ys[:, None] + self.window).minimum(bottom - 1).maximum(top)
        values = lane_probs.index_select(2, rows.flatten())
        values = values.unflatten(2, (len(self.steps), self.smoothing)).mean(dim=3)
        columns = self.wide_columns.minimum(right - 1).maximum(left)
        values = values.index_select(3, columns)
        return F.avg_pool2d(values, (1, self.smoothing), stride=1)

    def _bits(self, lane_probs: Tensor) -> Tensor:
        is_probable = (lane_probs >= self.threshold).float()
        is_probable = F.pad(is_probable, (0, -is_probable.shape[-1] % _BITS))
        groups = is_probable.unflatten(-1, (-1, len(self.bit_values)))
        return cast(Tensor, (groups @ self.bit_values).flatten(-2).to(torch.uint8))
