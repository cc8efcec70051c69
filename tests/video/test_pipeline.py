import errno
import gc
import itertools
import json
import re
import signal
import threading
import time
import warnings
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
import torch

from lanedet.formats import read_culane_lanes, read_tusimple_lines
from lanedet.ops import LetterboxView
from lanedet.structures import LaneSample
from lanedet.video import (
    STEPS,
    AnnotatedFrame,
    Calibration,
    FramePainter,
    LineFile,
    Selection,
    Source,
    VideoBreakError,
    VideoFrame,
    VideoOptions,
    VideoOutputs,
    VideoReader,
    VideoSummary,
    VideoWriter,
    annotate_video,
)


def _options(**more: Any) -> VideoOptions:
    """One thread, and one frame at a time in the network: most fakes count them."""
    return VideoOptions(**{"threads": False, "num_networks": 1} | more)


AS_FOUND = _options(tracking=False)
TOGETHER = _options(tracking=False, threads=True, num_networks=3)


class FakeInferencer:
    """Finds one upright lane in every image but the first, at x = 20."""

    num_slots = 6
    device = "cpu"

    def __init__(self) -> None:
        self.threads_begun: list[int] = []
        self.num_calls_at_once = 1
        self.batch_sizes: list[int] = []
        self.num_seen = 0

    def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
        self.batch_sizes.append(len(images))
        return [self._sample(image) for image in images]

    @contextmanager
    def concurrent(self, num_calls: int) -> Iterator[Callable[[], None]]:
        self.num_calls_at_once = num_calls
        yield lambda: self.threads_begun.append(threading.get_ident())
        self.num_calls_at_once = 1

    def _sample(self, image: np.ndarray) -> LaneSample:
        sample = LaneSample(metainfo={"ori_shape": image.shape[:2]})
        has_lane = self.num_seen > 0
        self.num_seen += 1
        lane = np.array([[20.0, len(image) - 1.0], [20.0, 0.0]])
        sample.pred_lanes = [lane] if has_lane else []
        sample.pred_scores = [0.9] if has_lane else []
        sample.pred_slots = [2] if has_lane else []
        sample.pred_names = ["ego left"] if has_lane else []
        return sample


def annotate(
    source: Path | Source,
    inferencer: FakeInferencer,
    out: Path | None = None,
    log: Path | None = None,
    options: VideoOptions = AS_FOUND,
    **more: Any,
) -> VideoSummary:
    outputs = VideoOutputs(out, log)
    return annotate_video(source, inferencer, outputs, options=options, **more)


THREADS = pytest.mark.parametrize("threads", [False, True], ids=["one", "threads"])


def _images(path: Path) -> list[np.ndarray]:
    with VideoReader(path) as reader:
        return [frame.image for frame in reader]


def _lines(path: Path) -> list[dict]:
    text = path.read_text()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_size_frame_rate_and_length_are_those_of_the_source(
    make_video, tmp_path: Path
) -> None:
    rate = Fraction(30000, 1001)
    shape = Fraction(4, 3)
    source = make_video(
        num_frames=23, size=(46, 62), frame_rate=rate, pixel_shape=shape
    )
    out = tmp_path / "out.mp4"
    annotate(source, FakeInferencer(), out)
    with VideoReader(out) as reader:
        assert (reader.height, reader.width) == (46, 62)
        assert reader.sample_aspect_ratio == shape
        assert reader.frame_rate == rate
        assert reader.num_frames == 23
        assert len(list(reader)) == 23


def test_lanes_are_drawn_and_logged(make_video, tmp_path: Path) -> None:
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    summary = annotate(make_video(num_frames=10), FakeInferencer(), out, log)
    images = _images(out)
    # Frame 0 has no lane; in the others column 20 is orange, column 50 is grey.
    orange = [int(image[10:40, 20, 0].mean()) for image in images]
    blue = [int(image[10:40, 20, 2].mean()) for image in images]
    assert abs(orange[0] - blue[0]) < 20
    assert min(orange[1:]) - max(blue[1:]) > 60
    assert abs(int(images[5][:, 50].mean()) - 55) < 10
    lines = _lines(log)
    assert [line["frame"] for line in lines] == list(range(10))
    assert [line["time"] for line in lines] == pytest.approx(np.arange(10) / 25)
    assert lines[0]["lanes"] == []
    lane = {"slot": 2, "name": "ego left", "id": None, "score": 0.9}
    assert lines[1]["lanes"] == [lane | {"points": [[20.0, 47.0], [20.0, 0.0]]}]
    assert lines[1]["ego"]["left"] == 0
    assert lines[1]["events"] == []
    assert summary.num_frames == 10
    assert summary.lane_share == pytest.approx(0.9)
    assert summary.frames_per_second == pytest.approx(10 / summary.seconds)


def test_either_output_is_enough(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=3)
    annotate(source, FakeInferencer(), tmp_path / "out.mp4")
    annotate(source, FakeInferencer(), log=tmp_path / "lanes.jsonl")
    assert len(_images(tmp_path / "out.mp4")) == 3
    assert len(_lines(tmp_path / "lanes.jsonl")) == 3


def test_batches_change_nothing_but_the_passes(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=10)
    single, batched = FakeInferencer(), FakeInferencer()
    annotate(source, single, log=tmp_path / "a.jsonl", options=_options(batch_size=1))
    annotate(source, batched, log=tmp_path / "b.jsonl", options=_options(batch_size=4))
    assert single.batch_sizes == [1] * 10
    assert batched.batch_sizes == [4, 4, 2]
    assert (tmp_path / "a.jsonl").read_text() == (tmp_path / "b.jsonl").read_text()


@pytest.mark.parametrize("batch_size", [1, 4, 100])
@THREADS
def test_what_comes_before_a_break_is_written_whole(
    make_video, tmp_path: Path, batch_size: int, threads: bool
) -> None:
    options = _options(batch_size=batch_size, threads=threads)
    source = make_video(num_frames=40, container_options={"movflags": "+faststart"})
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    with VideoReader(source) as reader, pytest.raises(VideoBreakError):
        for frame in reader:  # noqa: B007
            pass
    num_good = frame.index + 1
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(VideoBreakError, match=f"after {num_good} of 40") as caught:
        annotate(source, FakeInferencer(), out, log, options)
    assert len(_images(out)) == len(_lines(log)) == num_good
    summary, note = caught.value.__notes__
    assert summary.startswith(f"{num_good} frames, {num_good / 25:.1f} s long, in ")
    assert note.startswith(f"Whole and kept, with {num_good} frames: ")
    assert str(out) in note
    assert str(log) in note


@THREADS
def test_ctrl_c_leaves_both_outputs_whole_and_alike(
    make_video, tmp_path: Path, threads: bool
) -> None:
    options = _options(threads=threads)

    class InterruptedInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            if self.num_seen == 7:
                signal.raise_signal(signal.SIGINT)
            return super().predict(images)

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(KeyboardInterrupt) as caught:
        annotate(make_video(), InterruptedInferencer(), out, log, options)
    assert len(_images(out)) == len(_lines(log)) == 7
    summary, kept = caught.value.__notes__
    assert summary.startswith("7 frames, 0.3 s long, in ")
    assert "with 7 frames" in kept


def test_ctrl_c_while_a_frame_is_written_waits_for_the_frame(
    make_video, tmp_path: Path
) -> None:
    def interrupted_paint(annotated: AnnotatedFrame) -> np.ndarray:
        signal.raise_signal(signal.SIGINT)
        return annotated.frame.image

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    source = make_video(num_frames=20)
    with pytest.raises(KeyboardInterrupt):
        annotate(source, FakeInferencer(), out, log, paint=interrupted_paint)
    assert len(_images(out)) == len(_lines(log)) == 1


class SleepyInferencer(FakeInferencer):
    """Takes least for every third image, and places the lane by what it shows."""

    def __init__(self) -> None:
        super().__init__()
        self.at_once: set[int] = set()

    def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
        self.at_once.add(self.num_calls_at_once)
        x = images[0][:, 50].mean().round()
        time.sleep(0.002 * (x % 3))
        [sample] = super().predict(images)
        sample.pred_lanes = [np.array([[x, 47.0], [x, 0.0]])]
        sample.pred_scores, sample.pred_slots = [0.9], [2]
        sample.pred_names = ["ego left"]
        return [sample]


def test_several_frames_at_once_keep_their_order(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=40)
    alone, together = SleepyInferencer(), SleepyInferencer()
    annotate(source, alone, log=tmp_path / "a")
    summary = annotate(source, together, log=tmp_path / "b", options=TOGETHER)
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text()
    assert len({str(line["lanes"]) for line in _lines(tmp_path / "a")}) > 20
    assert summary.times.num_frames["infer"] == 40
    assert (alone.at_once, together.at_once) == ({1}, {3})
    assert 1 <= len(set(together.threads_begun)) == len(together.threads_begun) <= 3
    assert together.num_calls_at_once == 1


def test_several_frames_at_once_before_a_break(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=40, container_options={"movflags": "+faststart"})
    content = source.read_bytes()
    source.write_bytes(content[: len(content) // 2])
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(VideoBreakError) as caught:
        annotate(source, SleepyInferencer(), out, log, TOGETHER)
    num_good = int(str(caught.value).split("after ")[1].split()[0])
    assert len(_images(out)) == len(_lines(log)) == num_good > 5


def test_ctrl_c_among_several_frames_leaves_both_outputs_alike(
    make_video, tmp_path: Path
) -> None:
    calls = itertools.count()

    class InterruptedInferencer(SleepyInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            if next(calls) == 12:
                signal.raise_signal(signal.SIGINT)
            return super().predict(images)

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(KeyboardInterrupt):
        annotate(make_video(), InterruptedInferencer(), out, log, TOGETHER)
    frames = [line["frame"] for line in _lines(log)]
    assert len(_images(out)) == len(frames) > 3
    assert frames == list(range(len(frames)))


@THREADS
def test_few_frames_are_held_however_long_the_clip_is(
    make_video, tmp_path: Path, threads: bool
) -> None:
    held: weakref.WeakValueDictionary[int, np.ndarray] = weakref.WeakValueDictionary()
    numbers = itertools.count()
    most: list[int] = []

    class WatchingInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            held.update((next(numbers), image) for image in images)
            most.append(len(held))
            return super().predict(images)

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    options = _options(threads=threads, num_networks=3)
    annotate(make_video(num_frames=150), WatchingInferencer(), out, log, options)
    assert max(most) <= (20 if threads else 2)
    assert len(held) <= 1


def _fail_at(calls: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, but for a disk that is full from some call on."""
    counter = itertools.count(1)

    def failing(*args: Any, **keywords: Any) -> Any:
        if next(counter) >= calls:
            raise OSError(errno.ENOSPC, "No space left on device")
        return function(*args, **keywords)

    return failing


@THREADS
def test_a_log_that_gets_no_room_leaves_both_alike(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: bool
) -> None:
    options = _options(threads=threads)
    monkeypatch.setattr(LineFile, "append", _fail_at(8, LineFile.append))
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(OSError, match="No space left") as caught:
        annotate(make_video(), FakeInferencer(), out, log, options)
    assert len(_images(out)) == len(_lines(log)) == 7
    assert caught.value.__notes__[1:] == [
        f"Whole and kept, with 7 frames: {out}, {log}."
    ]


def test_a_clip_that_gets_no_room_leaves_the_log(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the end of the clip, with its index, does not fit.
    monkeypatch.setattr(Path, "replace", _fail_at(1, Path.replace))
    source = make_video(num_frames=20)
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with pytest.raises(OSError, match="No space left") as caught:
        annotate(source, FakeInferencer(), out, log)
    assert not out.exists()
    assert len(_lines(log)) == 20
    assert caught.value.__notes__[1:] == [f"Whole and kept, with 20 frames: {log}."]
    with pytest.raises(OSError, match="No space left") as caught:
        annotate(source, FakeInferencer(), out)
    assert caught.value.__notes__[-1] == "No frame was kept."


def test_a_clip_that_gets_too_little_room_is_kept_as_far_as_it_goes(
    make_video, full_disk, tmp_path: Path
) -> None:
    source = make_video(num_frames=40, frame_rate=Fraction(5))
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    with (
        full_disk(30_000),
        pytest.raises(OSError, match=r"too large|No space left") as caught,
    ):
        annotate(source, FakeInferencer(), out, log)
    in_clip, in_log = len(_images(out)), len(_lines(log))
    assert 0 < in_clip < in_log
    assert caught.value.__notes__[1:] == [
        f"Whole and kept: {out} ({in_clip} frames), {log} ({in_log} frames)."
    ]


def test_an_output_that_cannot_be_opened_needs_no_note(
    make_video, tmp_path: Path
) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        annotate(make_video(), FakeInferencer(), log=tmp_path)
    assert not hasattr(caught.value, "__notes__")


def test_an_interrupt_before_the_first_frame_leaves_no_clip(
    make_video, tmp_path: Path
) -> None:
    class InterruptedInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        annotate(make_video(), InterruptedInferencer(), tmp_path / "out.mp4")
    assert caught.value.__notes__ == ["No frame was kept."]
    assert not (tmp_path / "out.mp4").exists()


def test_an_output_must_be_asked_for(make_video) -> None:
    with pytest.raises(ValueError, match="ask for a clip, a log"):
        annotate(make_video(), FakeInferencer())


def test_the_source_is_not_overwritten(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_video()
    content = source.read_bytes()
    monkeypatch.chdir(tmp_path)
    for path in (source, Path(source.name), tmp_path / "x" / ".." / source.name):
        with pytest.raises(ValueError, match="must be different files"):
            annotate(source, FakeInferencer(), path)
    (tmp_path / "link.mp4").symlink_to(source)
    with pytest.raises(ValueError, match="must be different files"):
        annotate(source, FakeInferencer(), tmp_path / "link.mp4")
    with pytest.raises(ValueError, match="must be different files"):
        annotate(source, FakeInferencer(), Path("l.mp4"), Path("l.mp4"))
    assert source.read_bytes() == content


def _pictures(folder: Path, num_pictures: int) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.png" for number in range(num_pictures)]
    for number, path in enumerate(paths):
        cv2.imwrite(str(path), np.full((48, 64, 3), 5 * number, dtype=np.uint8))
    return paths


@pytest.mark.parametrize("pattern", ["drive", "drive/*.png", "drive/1.png"])
def test_pictures_of_the_source_are_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = [path.read_bytes() for path in _pictures(Path("drive"), 2)]
    Path("linked.json").hardlink_to("drive/1.png")
    for name in ("drive/1.png", "linked.json"):
        for outputs in (
            VideoOutputs(log=Path(name)),
            VideoOutputs(tusimple=Path(name)),
        ):
            with pytest.raises(ValueError, match="must be different files"):
                annotate_video(pattern, FakeInferencer(), outputs)
    assert [Path(f"drive/{i}.png").read_bytes() for i in (0, 1)] == before


@pytest.mark.parametrize(
    ("source", "folder"), [("root", "root"), ("root/a/*.png", "root/a")]
)
def test_labels_beside_the_pictures_are_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, folder: str
) -> None:
    monkeypatch.chdir(tmp_path)
    _pictures(Path("root/a"), 2)
    labels = Path("root/a/0.lines.txt")
    labels.write_text("1 589\n")
    outputs = VideoOutputs(log=Path("lanes.jsonl"), culane=Path(folder))
    with pytest.raises(ValueError, match=r"apart from the|different files"):
        annotate_video(source, FakeInferencer(), outputs)
    assert labels.read_text() == "1 589\n"
    assert not Path("lanes.jsonl").exists()


def test_a_source_named_by_a_url_is_not_overwritten(make_video) -> None:
    source = make_video(num_frames=2)
    outputs = VideoOutputs(clip=source)
    with pytest.raises(ValueError, match="must be different files"):
        annotate_video(f"file://{source}", FakeInferencer(), outputs)
    with VideoReader(source) as reader:
        assert len(list(reader)) == 2


def test_nothing_is_left_of_outputs_that_cannot_all_be_opened(
    make_video, tmp_path: Path
) -> None:
    source = make_video(num_frames=2)
    with pytest.raises(IsADirectoryError):
        annotate(source, FakeInferencer(), tmp_path / "out.mp4", log=tmp_path)
    assert list(tmp_path.iterdir()) == [source]


@pytest.mark.parametrize("kind", [SystemExit, RuntimeError, MemoryError])
def test_whatever_ends_a_run_tells_what_was_kept(
    make_video, tmp_path: Path, kind: type[BaseException]
) -> None:
    class StoppedInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            if self.num_seen == 3:
                raise kind
            return super().predict(images)

    log = tmp_path / "lanes.jsonl"
    with pytest.raises(kind) as caught:
        annotate(make_video(num_frames=5), StoppedInferencer(), log=log)
    summary, kept = caught.value.__notes__
    assert summary.startswith("3 frames, 0.1 s long, in ")
    assert kept == f"Whole and kept, with 3 frames: {log}."


def test_a_missing_source_makes_no_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="No video at"):
        annotate(
            tmp_path / "none.mp4", FakeInferencer(), tmp_path / "o.mp4", tmp_path / "l"
        )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["batch_size", "num_networks"])
def test_numbers_must_be_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        VideoOptions(**{name: 0})


@THREADS
def test_times_sound_and_numbers_of_a_stretch(
    make_video, tmp_path: Path, threads: bool
) -> None:
    times = [Fraction(40 * i + 7 * (i % 3), 1000) for i in range(30)]
    source = make_video(num_frames=30, times=times, sound="aac")
    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    summary = annotate(
        source,
        FakeInferencer(),
        out,
        log,
        _options(threads=threads),
        selection=Selection(0.4, 1.0, 2),
    )
    kept = [i for i in range(30) if 0.4 <= times[i] < 1][::2]
    assert [line["frame"] for line in _lines(log)] == kept
    assert [line["time"] for line in _lines(log)] == [float(times[i]) for i in kept]
    with VideoReader(out) as reader:
        assert [f.time for f in reader] == [times[i] - times[kept[0]] for i in kept]
    with av.open(str(out)) as container:
        sound = container.streams.audio[0]
        assert float(sound.duration * sound.time_base) == pytest.approx(0.6, abs=0.15)
    assert summary.num_frames == len(kept)
    assert summary.length_s == pytest.approx(0.6, abs=0.05)


def test_every_step_is_measured(make_video, tmp_path: Path) -> None:
    summary = annotate(make_video(num_frames=4), FakeInferencer(), tmp_path / "o.mp4")
    assert summary.times.num_frames == dict.fromkeys(STEPS, 4)
    assert all(seconds > 0 for seconds in summary.times.seconds.values())
    assert sum(summary.times.seconds.values()) < summary.seconds


def test_turned_pictures_are_written_upright(make_video, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    annotate(make_video(num_frames=3, rotation=90), FakeInferencer(), out)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        assert (stream.height, stream.width) == (64, 48)
        assert next(container.decode(stream)).rotation == 0


def test_benchmark_files_of_a_folder_of_images(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "clips" / "1"
    folder.mkdir(parents=True)
    for number in (9, 10):
        cv2.imwrite(str(folder / f"{number}.jpg"), np.zeros((48, 64, 3), np.uint8))
    outputs = VideoOutputs(
        tusimple=tmp_path / "predictions.json", culane=tmp_path / "culane"
    )
    inferencer = FakeInferencer()
    inferencer.num_seen = 1
    annotate_video(tmp_path / "root", inferencer, outputs, options=AS_FOUND)
    first, second = read_tusimple_lines(tmp_path / "predictions.json")
    assert (first.raw_file, second.raw_file) == ("clips/1/9.jpg", "clips/1/10.jpg")
    assert first.xs[0].tolist() == [20] * len(first.xs[0])
    [lane] = read_culane_lanes(tmp_path / "culane" / "clips" / "1" / "9.lines.txt")
    assert lane[:, 0].tolist() == [20] * len(lane)


def test_each_folder_of_images_is_a_sequence(tmp_path: Path) -> None:
    """Lanes near enough to be the same one, were they of one sequence."""
    for x, folder in enumerate(("a", "b", "c"), start=20):
        for path in _pictures(tmp_path / "root" / folder, 3):
            cv2.imwrite(str(path), np.full((48, 64, 3), x, dtype=np.uint8))

    class ShownInferencer(FakeInferencer):
        def _sample(self, image: np.ndarray) -> LaneSample:
            self.num_seen = 1
            sample = super()._sample(image)
            sample.pred_lanes[0][:, 0] = image.mean()
            return sample

    log = tmp_path / "lanes.jsonl"
    for source, num_each in (("", 3), ("*/1.png", 1)):
        source = str(tmp_path / "root" / source)
        annotate_video(source, ShownInferencer(), VideoOutputs(log=log))
        lanes = [lane for line in _lines(log) for lane in line["lanes"]]
        sequences = [sequence for sequence in range(3) for _ in range(num_each)]
        assert [lane["id"] for lane in lanes] == sequences
        xs = [lane["points"][0][0] for lane in lanes]
        assert xs == pytest.approx([20 + sequence for sequence in sequences], abs=0.05)


@THREADS
def test_images_of_another_size_fit_into_the_clip(
    tmp_path: Path, threads: bool
) -> None:
    folder = tmp_path / "drive"
    folder.mkdir()
    for number, size in enumerate([(48, 64, 3), (96, 64, 3)]):
        image = np.full(size, 200, dtype=np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    cv2.imwrite(str(folder / "2.png"), np.zeros((30, 30, 3), dtype=np.uint8))
    options = _options(threads=threads, tracking=False)
    text = "size: 0.png has 64x48 pixels, 1.png 64x96. All are shown at the size"
    with pytest.warns(UserWarning, match=text) as reported:
        annotate(folder, FakeInferencer(), tmp_path / "out.mp4", options=options)
    assert [warning.filename for warning in reported] == [__file__]
    _, last, _ = _images(tmp_path / "out.mp4")
    assert last.shape == (48, 64, 3)
    assert last[:, 26:38].mean() > 150  # half as wide as it was
    assert last[:, :10].mean() < 20
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # without a clip nobody need know
        annotate(folder, FakeInferencer(), log=tmp_path / "lanes.jsonl")


def test_pictures_that_are_no_sequence_are_counted_as_pictures(tmp_path: Path) -> None:
    """Of a sequence the same ones have a length, and departures."""
    _pictures(tmp_path / "drive", 40)
    (tmp_path / "drive" / "40.png").write_bytes(b"cut off")
    log = tmp_path / "lanes.jsonl"
    texts, num_events = [], []
    for tracking in (False, True):
        options = _options(tracking=tracking)
        inferencer = WeavingInferencer()
        summary = annotate(tmp_path / "drive", inferencer, log=log, options=options)
        texts.append(summary.lines())
        num_events.append(sum(len(line["events"]) for line in _lines(log)))
    first, lanes, *rest = texts[0]
    assert re.fullmatch(r"40 pictures in [0-9.]+ s \([0-9.]+ pictures/s\)", first)
    assert lanes.startswith("lanes in 100% of the pictures, ")
    assert "1 picture could not be decoded" in rest
    assert not re.search("frame|long|departure", "\n".join(texts[0]))
    assert texts[1][0].startswith("40 frames, 4.0 s long, in ")
    assert "1 frame could not be decoded" in texts[1]
    assert num_events == [0, 2]


class LiveFake(Source):
    """Comes faster than anybody can look."""

    name = "live"
    frame_rate = Fraction(25)
    time_base = Fraction(1, 25)
    is_live = True
    is_stopped = False
    expected_frames = None

    def __init__(self, num_frames: int, is_seen: threading.Event) -> None:
        self.num_frames, self.is_seen = num_frames, is_seen

    def __iter__(self) -> Iterator[VideoFrame]:
        image = np.zeros((48, 64, 3), dtype=np.uint8)
        for index in range(self.num_frames):
            yield VideoFrame(index, Fraction(index, 25), image, "")
            if index == 0:
                self.is_seen.wait(20)  # the first one is being looked at
        self.is_seen.clear()

    def stop(self) -> None:
        self.is_stopped = True

    def close(self) -> None:
        pass


@THREADS
def test_a_live_source_loses_old_frames(tmp_path: Path, threads: bool) -> None:
    is_seen = threading.Event()

    class SlowInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            if self.num_seen == 0:
                is_seen.set()
                while is_seen.is_set():  # until the source has sent all
                    time.sleep(0.001)
            return super().predict(images)

    source = LiveFake(20, is_seen)
    log = tmp_path / "lanes.jsonl"
    options = _options(threads=threads)
    summary = annotate(source, SlowInferencer(), log=log, options=options)
    assert [line["frame"] for line in _lines(log)] == [0, 18, 19]
    assert summary.num_dropped == 17
    assert any("17 frames came too fast" in line for line in summary.lines())
    assert source.is_stopped
    assert not any("sound" in line for line in summary.lines())


def test_the_missing_sound_of_a_live_source_is_told(tmp_path: Path) -> None:
    is_seen = threading.Event()
    is_seen.set()
    summary = annotate(LiveFake(1, is_seen), FakeInferencer(), tmp_path / "out.mp4")
    assert "no sound: that of a live source is not recorded" in summary.lines()
    assert summary.lines()[0].startswith("1 frame, ")


class LongDrive(Source):
    """Remembers which of its pictures somebody still holds."""

    name = "long"
    frame_rate = Fraction(25)
    time_base = Fraction(1, 25)
    expected_frames = None

    def __init__(self, num_frames: int) -> None:
        self.num_frames = num_frames
        self.pictures: list[weakref.ref[np.ndarray]] = []

    def __iter__(self) -> Iterator[VideoFrame]:
        for index in range(self.num_frames):
            image = np.zeros((16, 16, 3), dtype=np.uint8)
            self.pictures.append(weakref.ref(image))
            yield VideoFrame(index, Fraction(index, 25), image, "")

    def close(self) -> None:
        pass


@THREADS
def test_what_is_held_does_not_grow_with_the_length(
    tmp_path: Path, threads: bool
) -> None:
    source = LongDrive(300)
    samples: list[weakref.ref[LaneSample]] = []
    held: list[int] = []

    class CountingInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            held.append(sum(ref() is not None for ref in [*source.pictures, *samples]))
            found = super().predict(images)
            samples.extend(map(weakref.ref, found))
            return found

    gc.disable()  # what is in a circle would look as if it was held for long
    try:
        annotate(
            source,
            CountingInferencer(),
            tmp_path / "out.mp4",
            tmp_path / "lanes.jsonl",
            _options(threads=threads),
        )
    finally:
        gc.enable()
    assert len(held) == 300
    assert max(held) <= 30


def _resident_mib() -> float:
    """Return how much of this process is in memory."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [size] = re.findall(r"^VmRSS:\s*(\d+) kB$", status, re.MULTILINE)
    return int(size) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@THREADS
def test_the_process_does_not_grow_with_the_length(
    tmp_path: Path, threads: bool
) -> None:
    clip = tmp_path / "long.mp4"
    with VideoWriter(clip, 25) as writer:
        for number in range(900):
            writer.write(np.full((360, 640, 3), number % 256, dtype=np.uint8))
    sizes_mib: list[float] = []

    class MeasuringInferencer(FakeInferencer):
        def predict(self, images: Sequence[np.ndarray], **_: Any) -> list[LaneSample]:
            sizes_mib.append(_resident_mib())
            return super().predict(images)

    outputs = VideoOutputs(
        tmp_path / "out.mp4",
        tmp_path / "lanes.jsonl",
        tmp_path / "predictions.json",
        event_clips=tmp_path / "events",
    )
    options = _options(threads=threads)
    annotate_video(clip, MeasuringInferencer(), outputs, options=options)
    assert len(sizes_mib) == 900
    # The frames from here to the end are 395 MiB, and as much again once drawn.
    assert max(*sizes_mib[300:], _resident_mib()) - sizes_mib[300] < 60


def test_a_run_without_lanes_says_so(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=1)  # in which the inferencer finds nothing
    summary = annotate(source, FakeInferencer(), log=tmp_path / "lanes.jsonl")
    assert "No lane was found" in summary.lines()[-1]
    source = make_video(num_frames=2)
    summary = annotate(source, FakeInferencer(), log=tmp_path / "lanes.jsonl")
    assert not any("No lane was found" in line for line in summary.lines())
    assert "lanes in 50% of the frames" in summary.lines()[1]


class DriftingInferencer(FakeInferencer):
    """Finds the own lane's lines, which move to the left from the third second on."""

    def _sample(self, image: np.ndarray) -> LaneSample:
        sample = super()._sample(image)
        shift = 0.6 * max(0, self.num_seen - 30)
        moved = min(shift, 20) * np.array([[1, 0], [1 / 6, 0]])  # the far end less
        lanes = [[[8.0, 47.0], [28.0, 20.0]], [[56.0, 47.0], [36.0, 20.0]]]
        sample.pred_lanes = [np.array(lane) - moved for lane in lanes]
        sample.pred_scores, sample.pred_slots = [0.9, 0.9], [2, 3]
        sample.pred_names = ["ego left", "ego right"]
        return sample


def test_events_are_logged_and_cut_out(make_video, tmp_path: Path) -> None:
    source = make_video(num_frames=120, frame_rate=Fraction(10))
    outputs = VideoOutputs(
        clip=tmp_path / "drive.mp4",
        log=tmp_path / "lanes.jsonl",
        event_clips=tmp_path / "events",
    )
    summary = annotate_video(source, DriftingInferencer(), outputs, options=AS_FOUND)
    [event] = [e for line in _lines(tmp_path / "lanes.jsonl") for e in line["events"]]
    assert summary.driving.events[0].kind == event["kind"] == "right"
    [clip] = (tmp_path / "events").iterdir()
    assert clip.name == f"drive_event001_{event['time']:06.1f}s_right.mp4"
    assert len(_images(clip)) in (79, 80, 81)
    shares = [
        abs(line["ego"]["offset_share"])
        for line in _lines(tmp_path / "lanes.jsonl")
        if line["lanes"]
    ]
    mean = f"mean distance from the own lane's centre: {np.mean(shares):.0%} of its"
    assert f"{mean} width" in summary.lines()
    driving = replace(summary.driving, mean_abs_offset_m=0.314)
    lines = replace(summary, driving=driving).lines()
    assert f"{mean} width, 0.31 m" in lines
    assert "1 lane departure (0 left, 1 right)" in summary.lines()
    assert f"1 event clip: {clip.name}" in summary.lines()
    assert summary.written == (outputs.clip, outputs.log, clip)


class WeavingInferencer(FakeInferencer):
    """Finds the own lane's lines, which are off its middle every other second."""

    def _sample(self, image: np.ndarray) -> LaneSample:
        sample = super()._sample(image)
        is_off = self.num_seen // 10 % 2
        moved = 17 * is_off * np.array([[1, 0], [1 / 6, 0]])  # the far end less
        lanes = [[[8.0, 47.0], [28.0, 20.0]], [[56.0, 47.0], [36.0, 20.0]]]
        sample.pred_lanes = [np.array(lane) - moved for lane in lanes]
        sample.pred_scores, sample.pred_slots = [0.9, 0.9], [2, 3]
        sample.pred_names = ["ego left", "ego right"]
        if self.num_seen == 65:
            signal.raise_signal(signal.SIGINT)
        return sample


@pytest.mark.parametrize(
    ("stop_at", "num_cut"),
    [
        pytest.param(None, 3, id="once"),
        pytest.param((1, 5), 0, id="twice, at once"),
        pytest.param((2, 5), 1, id="twice"),
        pytest.param((3, 0), 2, id="twice, late"),
    ],
)
@THREADS
def test_ctrl_c_cuts_the_events_and_ctrl_c_again_stops_that(
    make_video,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    stop_at: tuple[int, int] | None,
    num_cut: int,
    threads: bool,
) -> None:
    """``stop_at`` is number and frame of a clip; at 0 frames it is being closed."""
    events = tmp_path / "events"
    write, close = VideoWriter.write, VideoWriter.close

    def is_at(writer: VideoWriter, num_frames: int) -> bool:
        number = writer.path.name.partition("_event")[2][:3]
        return bool(number) and (int(number), num_frames) == stop_at

    def write_and_stop(writer: VideoWriter, *args: Any) -> None:
        write(writer, *args)
        if is_at(writer, writer.num_frames):
            signal.raise_signal(signal.SIGINT)

    def close_and_stop(writer: VideoWriter) -> None:
        close(writer)
        if is_at(writer, 0):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(VideoWriter, "write", write_and_stop)
    monkeypatch.setattr(VideoWriter, "close", close_and_stop)
    source = make_video(num_frames=70, frame_rate=Fraction(10))
    outputs = VideoOutputs(tmp_path / "out.mp4", event_clips=events)
    options = _options(threads=threads, tracking=False)
    with pytest.raises(KeyboardInterrupt) as caught:
        annotate_video(source, WeavingInferencer(), outputs, options=options)
    cut = sorted(events.iterdir())  # hidden files, too
    assert [path.name[:12] for path in cut] == [
        f"out_event{number:03d}" for number in range(1, num_cut + 1)
    ]
    assert all(len(_images(path)) > 40 for path in cut)
    assert len(_images(tmp_path / "out.mp4")) == 64
    reported = {3: "3 event clips: ", 0: "0 event clips of 3"}.get(
        num_cut, f"{num_cut} event clip{'s' * (num_cut > 1)} of 3: "
    )
    reported += ", ".join(path.name for path in cut)
    assert reported in caught.value.__notes__[0].splitlines()


def test_attention_is_shown_beside_the_road(make_video, tmp_path: Path) -> None:
    class AttentiveInferencer(FakeInferencer):
        def attention(self, image: np.ndarray) -> tuple[LaneSample, dict]:
            view = LetterboxView((24, 32))(image.shape[:2])
            sample = self._sample(image)
            sample.set_metainfo({"view": view})
            return sample, {"E2": torch.rand(6, 8), "E3": torch.rand(3, 4)}

    options = _options(tracking=False, attention=True)
    out = tmp_path / "out.mp4"
    source = make_video(num_frames=3)
    annotate(source, AttentiveInferencer(), out, options=options)
    assert _images(out)[0].shape == (48, 96, 3)


def test_what_outputs_need(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cut out of a clip: ask for it too"):
        VideoOutputs(log=tmp_path / "l", event_clips=tmp_path).check("drive.mp4")
    with pytest.raises(ValueError, match="only with a calibration"):
        VideoOptions(birds_eye=True)


def test_a_window_needs_a_screen(make_video, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(OSError, match="no screen to show frames on"):
        annotate_video(make_video(), FakeInferencer(), VideoOutputs(show=True))


@THREADS
def test_a_window_that_is_closed_ends_the_run(
    make_video, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: bool
) -> None:
    shown = []

    class FakeWindow:
        def __init__(self, title: str) -> None:
            assert title.endswith("clip.mp4")

        def show(self, image: np.ndarray) -> bool:
            shown.append((image.shape, threading.current_thread().name))
            return len(shown) < 3

        def close(self) -> None:
            shown.append("closed")

    monkeypatch.setattr("lanedet.video.outputs.open_outputs.FrameWindow", FakeWindow)
    outputs = VideoOutputs(tmp_path / "out.mp4", show=True)
    options = _options(threads=threads)
    annotate_video(make_video(), FakeInferencer(), outputs, options=options)
    assert shown == [((48, 64, 3), "MainThread")] * 3 + ["closed"]
    assert len(_images(tmp_path / "out.mp4")) == 3


@THREADS
def test_a_user_draws_what_he_likes(make_video, tmp_path: Path, threads: bool) -> None:
    """A bar as long as the frame's number, on top of what is drawn otherwise."""
    painter, lanes = FramePainter(num_slots=6), []

    def paint(annotated: AnnotatedFrame) -> np.ndarray:
        picture = painter.paint(annotated)
        picture[:4, : 2 * annotated.frame.index] = 255
        lanes.append((annotated.frame.index, annotated.sample.pred_names))
        return picture

    source, out = make_video(num_frames=20), tmp_path / "out.mp4"
    options = _options(threads=threads, tracking=False)
    annotate(source, FakeInferencer(), out, options=options, paint=paint)
    images = _images(out)
    bars = [(image[1, :, 2] > 180).sum() for image in images]
    assert bars == pytest.approx(2 * np.arange(20), abs=2)
    assert lanes == [(0, []), *((number, ["ego left"]) for number in range(1, 20))]
    orange, blue = images[10][10:40, 20, 0].mean(), images[10][10:40, 20, 2].mean()
    assert orange > blue + 60


def test_a_user_draws_pictures_of_another_size(make_video, tmp_path: Path) -> None:
    def paint(annotated: AnnotatedFrame) -> np.ndarray:
        return annotated.frame.image[:24, :32]

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    annotate(make_video(num_frames=3), FakeInferencer(), out, log, paint=paint)
    assert [image.shape for image in _images(out)] == 3 * [(24, 32, 3)]
    assert [(line["width"], line["height"]) for line in _lines(log)] == 3 * [(64, 48)]


def test_without_a_clip_nothing_is_drawn(make_video, tmp_path: Path) -> None:
    def paint(_annotated: AnnotatedFrame) -> np.ndarray:
        raise AssertionError

    log = tmp_path / "lanes.jsonl"
    annotate(make_video(num_frames=3), FakeInferencer(), log=log, paint=paint)
    assert len(_lines(log)) == 3


@pytest.mark.parametrize(
    ("picture", "got"),
    [
        (None, "NoneType"),
        (np.zeros((48, 64), np.uint8), r"\(48, 64\) uint8"),
        (np.zeros((48, 64, 3)), r"\(48, 64, 3\) float64"),
    ],
)
@THREADS
def test_what_a_user_draws_must_be_a_picture(
    make_video, tmp_path: Path, threads: bool, picture: Any, got: str
) -> None:
    def paint(annotated: AnnotatedFrame) -> Any:
        return annotated.frame.image if annotated.frame.index < 5 else picture

    out, log = tmp_path / "out.mp4", tmp_path / "lanes.jsonl"
    options = _options(threads=threads)
    with pytest.raises(ValueError, match=rf"must return a picture .*, got {got}\."):
        annotate(make_video(), FakeInferencer(), out, log, options, paint=paint)
    assert len(_images(out)) == len(_lines(log)) == 5


def test_the_view_from_above_is_up_to_who_draws(make_video, tmp_path: Path) -> None:
    camera = Calibration((48, 64), np.eye(3))
    options = _options(birds_eye=True, calibration=camera)
    out = tmp_path / "out.mp4"
    with pytest.raises(ValueError, match="birds_eye must be left out where paint"):
        annotate(
            make_video(),
            FakeInferencer(),
            out,
            options=options,
            paint=lambda annotated: annotated.frame.image,
        )
    assert not out.exists()
