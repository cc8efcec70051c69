"""What is known of one clip of an archive."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

DONE, FAILED = "done", "failed"


@dataclass
class ManifestRow:
    """One clip's row. ``lanedet.archive.schema.MANIFEST`` says what the fields are."""

    clip: str
    partition: str
    url: str
    state: str
    error: str | None = None
    fault: str | None = None
    remarks: list[str] = field(default_factory=list)
    frames: int | None = None
    seconds: float | None = None
    width: int | None = None
    height: int | None = None
    frame_rate: float | None = None
    undecodable: int | None = None
    lane_share: float | None = None
    own_lane_share: float | None = None
    departures_left: int | None = None
    departures_right: int | None = None
    mean_abs_offset_share: float | None = None
    mean_abs_offset_m: float | None = None
    file_version: str | None = None
    lanedet: str | None = None
    weights: str | None = None
    half: bool | None = None
    tracking: bool | None = None
    calibration: str | None = None
    runtime: str | None = None

    @property
    def is_done(self) -> bool:
        """Whether the clip's lanes are in the table."""
        return self.state == DONE

    def to_dict(self) -> dict[str, Any]:
        """Return the fields by name, in their order."""
        return asdict(self)

    def to_json(self) -> str:
        """Return the row as text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return the row that a text holds."""
        return cls(**json.loads(text))
