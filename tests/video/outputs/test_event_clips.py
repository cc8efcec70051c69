from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from lanedet.structures import DepartureEvent
from lanedet.video import VideoReader, VideoWriter, cut_event_clips


def test_clips_around_events(make_video, tmp_path: Path) -> None:
    clip = make_video(num_frames=40, frame_rate=Fraction(2), sound="aac")
    before = clip.read_bytes()
    # The clip began at 100 s of its source, and is 20 s long.
    events = [
        DepartureEvent(kind, 100 + time_s, 0, 0.3)
        for kind, time_s in (("left", 1.0), ("right", 9.5), ("left", 19.0))
    ]
    folder = tmp_path / "new" / "events"
    paths = list(cut_event_clips(clip, events, Fraction(100), folder))
    assert [path.name for path in paths] == [
        "clip_event001_0101.0s_left.mp4",
        "clip_event002_0109.5s_right.mp4",
        "clip_event003_0119.0s_left.mp4",
    ]
    counts, levels = [], []
    for path in paths:
        with VideoReader(path, with_sound=True) as reader:
            assert reader.sound is not None
            frames = list(reader)
        counts.append(len(frames))
        levels.append(frames[0].image.mean())
    assert counts == [10, 16, 10]  # the first and the last meet the clip's ends
    assert levels == pytest.approx([30, 30 + 5 * 11, 30 + 5 * 30], abs=3)
    assert clip.read_bytes() == before


def test_ctrl_c_leaves_whole_clips_only(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = VideoWriter.write, []

    def write_until_interrupted(self: VideoWriter, *args: Any) -> None:
        written.append(self.path)
        if len(written) == 20:  # in the second clip
            raise KeyboardInterrupt
        write(self, *args)

    monkeypatch.setattr(VideoWriter, "write", write_until_interrupted)
    clip = make_video(num_frames=40, frame_rate=Fraction(2))
    events = [DepartureEvent("left", time_s, 0, 0.3) for time_s in (1.0, 9.5, 19.0)]
    folder = tmp_path / "events"
    clips = cut_event_clips(clip, events, Fraction(0), folder)
    first = next(clips)
    with pytest.raises(KeyboardInterrupt):
        next(clips)
    assert list(folder.iterdir()) == [first]
