import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from exports import exported_file

from lanedet.app import StoppableStart, annotate_clip, annotate_picture
from lanedet.images import ImageError, read_image, write_image
from lanedet.inference import LaneInferencer
from lanedet.simulation import Drive
from lanedet.video import VideoOptions, VideoReader, VideoWriter

MakeClip = Callable[..., Path]


@pytest.fixture(scope="module")
def inferencer(
    small_weights: bytes, tmp_path_factory: pytest.TempPathFactory
) -> LaneInferencer:
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    path.write_bytes(small_weights)
    return LaneInferencer(path, device="cpu")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    return folder


@pytest.fixture
def make_clip(tmp_path: Path) -> MakeClip:
    """Write a clip of 48x64 noise, 10 frames a second."""

    def make(num_frames: int = 6, name: str = "drive.mp4") -> Path:
        image = _noise(48, 64)
        with VideoWriter(tmp_path / name, 10) as writer:
            for number in range(num_frames):
                writer.write(np.roll(image, number, axis=1))
        return tmp_path / name

    return make


def _noise(height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def _frames(log: Path) -> list[int]:
    return [json.loads(line)["frame"] for line in log.read_text().splitlines()]


def _num_frames(clip: Path) -> int:
    with VideoReader(clip) as reader:
        return len(list(reader))


def test_a_picture(results: Path, tmp_path: Path) -> None:
    inferencer = LaneInferencer(runtime="torch", device="cpu")
    source = tmp_path / "road.jpg"
    [(image, _)] = Drive(3, 1, 25.0, (180, 320))
    write_image(source, image)
    result = annotate_picture(source, inferencer, results)
    assert read_image(result.picture).shape == (180, 320, 3)
    assert list(result.attention) == ["E1", "E2", "E3", "E4"]
    maps = [read_image(path) for path in result.attention.values()]
    assert {each.shape for each in maps} == {(180, 320, 3)}
    assert len({each.tobytes() for each in maps}) == 4
    [line] = result.log.read_text().splitlines()
    [sample] = inferencer.predict(source)
    lanes = json.loads(line)["lanes"]
    assert [lane["slot"] for lane in lanes] == sample.pred_slots
    for lane, points in zip(lanes, sample.pred_lanes, strict=True):
        np.testing.assert_allclose(lane["points"], points, atol=0.051)
    assert "ego left" in sample.pred_names
    assert result.lines == [f"Lanes found: {', '.join(sample.pred_names)}."]


def test_maps_of_a_large_picture_are_smaller(
    inferencer: LaneInferencer, results: Path, tmp_path: Path
) -> None:
    source = tmp_path / "road.jpg"
    write_image(source, np.full((2001, 4201, 3), 90, np.uint8))
    result = annotate_picture(source, inferencer, results)
    assert read_image(result.picture).shape == (2001, 4201, 3)
    maps = [read_image(path) for path in result.attention.values()]
    assert {each.shape for each in maps} == {(1000, 2100, 3)}


def test_a_portrait_without_lanes_is_said(
    inferencer: LaneInferencer, results: Path, tmp_path: Path
) -> None:
    source = tmp_path / "road.png"
    write_image(source, _noise(128, 32))
    lines = annotate_picture(source, inferencer, results).lines
    assert "An image of 32x128 is far from the shape" in lines[0]
    assert lines[1:] == ["No lane was found."]


def test_no_whole_picture(
    inferencer: LaneInferencer, results: Path, tmp_path: Path
) -> None:
    source = tmp_path / "road.jpg"
    write_image(source, _noise(48, 96))
    source.write_bytes(source.read_bytes()[:-40])
    with pytest.raises(ImageError, match=r"road\.jpg.* is cut off"):
        annotate_picture(source, inferencer, results)
    assert not list(results.iterdir())


def test_a_clip(inferencer: LaneInferencer, results: Path, make_clip: MakeClip) -> None:
    result = annotate_clip(make_clip(), inferencer, results)
    assert _num_frames(result.clip) == 6
    assert _frames(result.log) == list(range(6))
    assert result.lines[0].startswith("6 frames, 0.6 s long")


def test_options_of_a_clip(
    inferencer: LaneInferencer, results: Path, make_clip: MakeClip
) -> None:
    options = VideoOptions(attention=True)
    selection = StoppableStart(end_s=0.3)
    result = annotate_clip(
        make_clip(), inferencer, results, selection=selection, options=options
    )
    assert _frames(result.log) == [0, 1, 2]
    with VideoReader(result.clip) as reader:
        assert reader.width > 64  # the maps stand beside the road


def test_a_stop_keeps_what_there_is(
    inferencer: LaneInferencer, results: Path, make_clip: MakeClip
) -> None:
    stop = Event()
    stop.set()
    result = annotate_clip(
        make_clip(), inferencer, results, selection=StoppableStart(stop=stop)
    )
    assert _frames(result.log) == [0]
    assert _num_frames(result.clip) == 1


def test_a_clip_that_breaks_off_is_kept_and_said(
    inferencer: LaneInferencer, results: Path, make_clip: MakeClip, tmp_path: Path
) -> None:
    source = make_clip(num_frames=12)
    content = source.read_bytes()
    source.write_bytes(content[: int(len(content) * 0.8)])
    result = annotate_clip(source, inferencer, results)
    assert 0 < _num_frames(result.clip) == len(_frames(result.log)) < 12
    assert "breaks off after" in result.lines[0]
    assert result.lines[1].startswith(f"{_num_frames(result.clip)} frames, ")
    assert any(line.startswith("lanes in ") for line in result.lines)
    assert not any(str(tmp_path) in line for line in result.lines[1:])


def test_no_clip(inferencer: LaneInferencer, results: Path, tmp_path: Path) -> None:
    source = tmp_path / "notes.mp4"
    source.write_text("Not a film.\n" * 99)
    with pytest.raises(ValueError, match=r"notes\.mp4' is no video"):
        annotate_clip(source, inferencer, results)


@pytest.fixture
def exported() -> LaneInferencer:
    pytest.importorskip("onnx", reason="needs the extra export")
    pytest.importorskip("onnxruntime", reason="needs the extra onnx")
    path = exported_file("rows", "onnx")
    return LaneInferencer(path, runtime="onnxruntime", device="cpu")


def test_an_exported_network_finds_lanes_and_shows_no_attention(
    exported: LaneInferencer, results: Path, tmp_path: Path, make_clip: MakeClip
) -> None:
    picture = tmp_path / "road.png"
    write_image(picture, _noise(96, 128))
    result = annotate_picture(picture, exported, results)
    assert result.attention == {}
    [sample] = exported.predict([read_image(picture)])
    assert len(json.loads(result.log.read_text())["lanes"]) == len(sample.pred_lanes)
    clip = annotate_clip(make_clip(), exported, results)
    assert len(clip.log.read_text().splitlines()) == 6
    with pytest.raises(ValueError, match="cannot say where a network looks"):
        annotate_clip(
            make_clip(), exported, results, options=VideoOptions(attention=True)
        )
