from typing import Any

import numpy as np
import pytest

from lanedet.inference import HostParts
from lanedet.models import build_model
from lanedet.ops import ComponentLaneDecoder, LaneDecoder, LetterboxView, LineDecoder

HEAD = {"type": "LaneSegmentationHead", "num_lanes": 4}
VIEW = {"type": "LetterboxView", "input_shape": [64, 96]}


def _parts(head: dict[str, Any], view: dict[str, Any] = VIEW) -> HostParts:
    return HostParts.from_description({"head": head, "view": view})


def test_the_parts_of_a_segmentation_head() -> None:
    decoder = {"type": "LaneDecoder", "row_step": 2, "stiffness": 0.15}
    parts = _parts({**HEAD, "decoder": decoder})
    assert isinstance(parts.view, LetterboxView)
    assert parts.view.input_shape == (64, 96)
    assert isinstance(parts.decoder, LaneDecoder)
    assert (parts.decoder.row_step, parts.decoder.stiffness) == (2, 0.15)
    assert parts.num_slots == 4


def test_a_head_without_a_decoder_has_the_default_one() -> None:
    assert vars(_parts(HEAD).decoder) == vars(LaneDecoder())


def test_a_map_of_one_class_has_as_many_slots_as_lanes() -> None:
    decoder = {"type": "ComponentLaneDecoder", "max_lanes": 7}
    parts = _parts({**HEAD, "num_lanes": 1, "decoder": decoder})
    assert isinstance(parts.decoder, ComponentLaneDecoder)
    assert parts.num_slots == 7


def test_the_parts_of_a_line_head() -> None:
    parts = _parts({"type": "LineHead", "num_slots": 5, "min_score": 0.6})
    assert isinstance(parts.decoder, LineDecoder)
    assert vars(parts.decoder) == vars(LineDecoder(num_slots=5, min_score=0.6))
    assert parts.num_slots == 5


@pytest.mark.parametrize(
    "head",
    [
        pytest.param({"min_score": 0.55, "min_distance": 0.03}, id="given"),
        pytest.param({}, id="defaults"),
    ],
)
def test_they_are_those_that_the_model_itself_has(head: dict[str, Any]) -> None:
    description = {
        "type": "LaneDetector",
        "backbone": {"type": "ENet", "decoder": False},
        "head": {
            "type": "LineHead",
            "num_slots": 5,
            "num_rows": 36,
            "stages": {"E4": {"stride": 8, "offset": 3.5}},
            **head,
        },
        "view": {"type": "StretchView", "input_shape": [64, 96], "crop_top": 0.25},
    }
    model = build_model(description)
    parts = HostParts.from_description(description)
    assert vars(parts.decoder) == vars(model.head.decode)
    assert vars(parts.view) == vars(model.view)
    assert parts.num_slots == model.head.num_slots


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({}, "does not fit: KeyError"),
        ({"head": HEAD, "view": {"type": "os.system"}}, "does not fit: KeyError"),
        ({"head": HEAD, "view": None}, "does not fit"),
        ({"head": [], "view": VIEW}, "does not fit"),
        ({"head": {**HEAD, "decoder": {"type": "LineHead"}}, "view": VIEW}, "not fit"),
        ({"head": HEAD, "view": {**VIEW, "input_shape": [64]}}, r"must be \(H, W\)"),
        ({"head": HEAD, "view": {**VIEW, "input_shape": [1 << 20, 8]}}, "at most 8192"),
        ({"head": HEAD, "view": {**VIEW, "colour": 1}}, "does not fit: TypeError"),
    ],
)
def test_descriptions_that_do_not_fit(description: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HostParts.from_description(description)


def test_maps_and_lines_are_decoded_as_they_are() -> None:
    view = LetterboxView((64, 96))((640, 960))
    lines = {
        "scores": np.array([0.9], dtype=np.float32),
        "lines": np.array([[0.0, 2.0, 40.0, 40.0, 40.0]], dtype=np.float32),
    }
    [lane] = _parts({"type": "LineHead", "num_slots": 2}).lanes("lines", lines, view)
    np.testing.assert_allclose(lane.points[:, 0], 404.5)
    probs = np.zeros((1, 64, 96), dtype=np.float32)
    probs[0, :, 39:42] = 1
    maps = {"lane_probs": probs, "existence": np.ones(1, dtype=np.float32)}
    [lane] = _parts({**HEAD, "num_lanes": 1}).lanes("maps", maps, view)
    np.testing.assert_allclose(lane.points[:, 0], 404.5)


@pytest.mark.parametrize(
    ("head", "read", "other"),
    [
        ({**HEAD}, ("rows", "maps"), "lines"),
        ({**HEAD, "decoder": {"type": "ComponentLaneDecoder"}}, ("maps",), "rows"),
        ({"type": "LineHead", "num_slots": 5}, ("lines",), "rows"),
    ],
)
def test_readings_of_another_decoder(
    head: dict[str, Any], read: tuple[str, ...], other: str
) -> None:
    parts = _parts(head)
    for kind in read:
        parts.check_kind(kind)
    message = f"reads {' or '.join(read)}, got a network that gives {other}"
    with pytest.raises(ValueError, match=message):
        parts.check_kind(other)
