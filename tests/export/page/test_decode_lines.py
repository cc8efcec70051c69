import numpy as np
from playwright.sync_api import Page

from lanedet.ops import LetterboxView, LineDecoder

DECODE = """async ([cases, decoder, description, height, width]) => {
    const { decodeLines } = await import("/decode_lines.js");
    const { makeView, toOriginal } = await import("/view.js");
    const view = makeView(description, height, width);
    return cases.map(({ scores, lines }) =>
        decodeLines({
            scores: new Float32Array(scores), lines: new Float32Array(lines.flat()),
        }, decoder, view).map((lane) => ({
            ...lane, points: lane.points.map((point) => toOriginal(view, point)),
        })));
}"""


def random_lines(rng: np.random.Generator, num_rows: int) -> np.ndarray:
    """Return lines (A, R + 2), some twice, some that leave the picture."""
    starts = rng.uniform(-2, num_rows / 2, 12)
    ends = starts + rng.uniform(-1, num_rows, 12)
    rows = np.arange(num_rows)
    bends = (
        rng.normal(0, 0.1, (12, 1)) * (rows - rng.uniform(0, num_rows, (12, 1))) ** 2
    )
    xs = rng.uniform(0, 168, (12, 1)) + rng.uniform(-6, 6, (12, 1)) * rows + bends
    lines = np.concatenate([starts[:, None], ends[:, None], xs], axis=1)
    twins = lines[:4] + rng.normal(0, 4, (4, num_rows + 2))
    return np.concatenate([lines, twins]).astype(np.float32)


def test_lanes_are_those_of_python(modules: Page) -> None:
    view, picture = LetterboxView((96, 168)), (720, 1000)
    decoder = LineDecoder(num_slots=6)
    rng = np.random.default_rng(0)
    cases = [
        (rng.uniform(0.3, 1, 16).astype(np.float32), random_lines(rng, 24))
        for _ in range(100)
    ]
    cases[0][1][0, 5] = np.nan
    answers = modules.evaluate(
        DECODE,
        [
            [
                {"scores": scores.tolist(), "lines": lines.tolist()}
                for scores, lines in cases
            ],
            vars(decoder),
            {"type": "LetterboxView", "input_shape": [96, 168]},
            *picture,
        ],
    )
    num_lanes = num_cut = 0
    for (scores, lines), found in zip(cases, answers, strict=True):
        wanted = decoder(scores, lines, view(picture))
        assert [lane["score"] for lane in found] == [lane.score for lane in wanted]
        assert [lane["slot"] for lane in found] == [lane.slot for lane in wanted]
        for lane, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(lane["points"], other.points, atol=1e-6)
            sides = other.points[[0, -1], 0]
            num_cut += bool((np.abs(sides - np.clip(sides, 0, 999)) > 0.4).any())
            num_lanes += 1
    assert num_lanes > 300
    assert num_cut > 30
