import base64
from typing import Any

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page

from lanedet.ops import LaneDecoder, LetterboxView, StretchView, ViewTransform
from lanedet.ops.strokes import highest_runs

DECODE = """async ([cases, decoder, description, height, width]) => {
    const { decodeRows } = await import("/decode_rows.js");
    const { makeView, toOriginal } = await import("/view.js");
    const view = makeView(description, height, width);
    const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    return cases.map(({ rows, lane_bits, existence }) =>
        decodeRows({
            rows: new Float32Array(bytes(rows).buffer),
            lane_bits: bytes(lane_bits),
            existence: new Float32Array(bytes(existence).buffer),
        }, decoder, view).map((lane) => ({
            ...lane, points: lane.points.map((point) => toOriginal(view, point)),
        })));
}"""


def text(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


def outputs_of_network(
    maps: np.ndarray, existence: np.ndarray, decoder: LaneDecoder, view: ViewTransform
) -> dict[str, str]:
    """Return what an exported network says of maps (K, H, W)."""
    top, bottom, left, right = view.place
    num_lanes, height, _ = maps.shape
    rows = np.zeros((num_lanes, -(-height // decoder.row_step), 3), np.float32)
    numbers = np.arange(bottom - top - 1, -1, -decoder.row_step)
    for slot, lane_map in enumerate(maps[:, top:bottom, left:right]):
        if decoder.smoothing is not None:
            window = (decoder.smoothing, decoder.smoothing)
            lane_map = cv2.blur(lane_map, window, borderType=cv2.BORDER_REPLICATE)
        runs = highest_runs(lane_map[numbers], threshold=1e-6)
        rows[slot, runs.rows] = np.stack(
            [runs.left + left, runs.right + left, runs.peak], axis=1
        )
    bits = np.packbits(maps >= decoder.threshold, axis=2)
    return {
        "rows": text(rows),
        "lane_bits": text(bits),
        "existence": text(existence.astype(np.float32)),
    }


def random_maps(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Return maps (4, H, W) of strokes, some dashed or broken, and of noise."""
    height, width = shape
    ys, xs = np.mgrid[:height, :width].astype(np.float64)
    maps = np.zeros((4, height, width))
    for slot in range(4):
        for _ in range(rng.integers(1, 3)):
            bend, slope = rng.normal(0, 2e-3), rng.uniform(-4, 4)
            away = ys - rng.uniform(0, height)
            centre = rng.uniform(0, width) + slope * away + bend * away**2
            thick = rng.uniform(1, 9) * np.hypot(1, slope + 2 * bend * away)
            stroke = np.clip((thick / 2 - np.abs(xs - centre)) / 2 + 0.5, 0, 1)
            stroke[: rng.integers(0, height // 2)] = 0
            if rng.random() < 0.3:
                stroke[(ys[:, 0] // rng.integers(3, 30)) % 2 == 0] = 0
            maps[slot] = np.maximum(maps[slot], stroke * rng.uniform(0.4, 1))
    return np.clip(maps + rng.uniform(0, 0.1, maps.shape), 0, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("view", "picture", "numbers"),
    [
        (LetterboxView((96, 168)), (720, 1280), {"row_step": 2, "stiffness": 0.15}),
        (LetterboxView((96, 168)), (720, 900), {"row_step": 3}),
        (StretchView((72, 200), crop_top=0.4), (590, 1640), {"max_turn_deg": 20.0}),
        (LetterboxView((96, 168)), (720, 1280), {"smoothing": 5}),
    ],
)
def test_lanes_are_those_of_python(
    modules: Page,
    view: LetterboxView | StretchView,
    picture: tuple[int, int],
    numbers: dict[str, Any],
) -> None:
    decoder, seen = LaneDecoder(**numbers), view(picture)
    rng = np.random.default_rng(0)
    cases = [
        (random_maps(rng, view.input_shape), rng.choice([0.2, 0.9], 4, p=[0.2, 0.8]))
        for _ in range(100)
    ]
    description = {"type": type(view).__name__, **vars(view)}
    answers = modules.evaluate(
        DECODE,
        [
            [outputs_of_network(*case, decoder, seen) for case in cases],
            vars(decoder),
            description,
            *picture,
        ],
    )
    num_lanes = num_ends = 0
    for (maps, existence), found in zip(cases, answers, strict=True):
        wanted = decoder(maps, existence.astype(np.float32), seen)
        assert [lane["slot"] for lane in found] == [lane.slot for lane in wanted]
        for lane, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(lane["points"], other.points, atol=1e-3)
            assert lane["score"] == pytest.approx(other.score, abs=1e-6)
            num_lanes += 1
            rows = seen.to_input(other.points)[:, 1]
            num_ends += bool(rows[0] - rows[1] < decoder.row_step - 0.5)
    assert num_lanes > 150
    # Some end between two sampled rows, but by the paper's rule.
    assert (num_ends > 20) == (decoder.smoothing is None)
