"""What a clip's rows amount to."""

from lanedet.archive.manifest_row import ManifestRow
from lanedet.archive.rows import FollowedLanes


class ClipFigures:
    """Counts what goes into a clip's row of the manifest, frame by frame.

    Attributes:
        num_frames: Frames so far.
    """

    def __init__(self) -> None:
        self.num_frames = 0
        self._shape = (0, 0)
        self._last_s = 0.0
        self._num_with_lanes = self._num_own = 0
        self._departures = {"left": 0, "right": 0}
        self._offsets = {"share": 0.0, "m": 0.0}
        self._num_metres = 0

    def add(self, row: FollowedLanes) -> None:
        """Count the next frame."""
        if not self.num_frames:
            self._shape = row.sample.ori_shape
        self.num_frames += 1
        self._last_s = row.time_s
        self._num_with_lanes += bool(row.sample.pred_lanes)
        state = row.state
        if state.offset_share is not None:
            self._num_own += 1
            self._offsets["share"] += abs(state.offset_share)
        if state.offset_m is not None:
            self._num_metres += 1
            self._offsets["m"] += abs(state.offset_m)
        for event in state.events:
            self._departures[event.kind] += 1

    def fill(self, row: ManifestRow, frame_rate: float) -> None:
        """Write the figures into a row.

        Args:
            row: Of a clip with at least one frame.
            frame_rate: In frames per second: how long the last frame is shown.
        """
        row.frames, row.frame_rate = self.num_frames, frame_rate
        row.seconds = round(self._last_s + 1 / frame_rate, 6)
        row.height, row.width = self._shape
        row.lane_share = self._num_with_lanes / self.num_frames
        row.own_lane_share = self._num_own / self.num_frames
        row.departures_left = self._departures["left"]
        row.departures_right = self._departures["right"]
        if self._num_own:
            row.mean_abs_offset_share = self._offsets["share"] / self._num_own
        if self._num_metres:
            row.mean_abs_offset_m = self._offsets["m"] / self._num_metres
