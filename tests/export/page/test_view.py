import base64

import numpy as np
import pytest
from playwright.sync_api import Page

from lanedet.ops import LetterboxView, StretchView

VIEWS = {
    "LetterboxView": LetterboxView((192, 336)),
    "StretchView": StretchView((288, 800), crop_top=0.3),
}
WARP = """async ([description, height, width, bytes]) => {
    const { makeView, toOriginal, warp } = await import("/view.js");
    const view = makeView(description, height, width);
    const pixels = Uint8ClampedArray.from(atob(bytes), (c) => c.charCodeAt(0));
    const input = warp(view, pixels);
    return {
        place: view.place, crop: view.crop, point: toOriginal(view, [10, 20]),
        input: btoa(Array.from(input, (byte) => String.fromCharCode(byte)).join("")),
    };
}"""


def description(name: str) -> dict[str, object]:
    view = VIEWS[name]
    own = {"crop_top": view.crop_top} if isinstance(view, StretchView) else {}
    return {"type": name, "input_shape": list(view.input_shape), **own}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(
    ("height", "width"),
    [
        *((720, 1280), (590, 1640), (180, 320), (1081, 1921), (96, 168)),
        *((641, 361), (50, 900), (192, 336), (7, 5)),
    ],
)
def test_pictures_and_points_go_through_the_view_as_in_python(
    modules: Page, name: str, height: int, width: int
) -> None:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (height // 9 + 1, width // 9 + 1, 3), dtype=np.uint8)
    image = coarse.repeat(9, axis=0).repeat(9, axis=1)[:height, :width]
    opaque = np.full((height, width, 1), 255, np.uint8)
    pixels = np.concatenate([image, opaque], axis=2)
    text = base64.b64encode(pixels.tobytes()).decode()
    answer = modules.evaluate(WARP, [description(name), height, width, text])
    view = VIEWS[name]((height, width))
    assert tuple(answer["place"]) == view.place
    assert tuple(answer["crop"]) == view.crop
    assert answer["point"] == pytest.approx(view.to_original(np.array([10.0, 20.0])))
    found = np.frombuffer(base64.b64decode(answer["input"]), np.uint8)
    wanted = view.warp(np.ascontiguousarray(image))
    error = np.abs(found.reshape(wanted.shape).astype(int) - wanted)
    # OpenCV rounds otherwise in what its vectors leave over at the end of a row.
    assert error.max() <= 1
    assert (error > 0).mean() < 0.03


def test_a_view_that_the_page_does_not_know(modules: Page) -> None:
    with pytest.raises(Exception, match="MirrorView, unknown to this page"):
        modules.evaluate(
            WARP, [{"type": "MirrorView", "input_shape": [8, 8]}, 8, 8, ""]
        )
