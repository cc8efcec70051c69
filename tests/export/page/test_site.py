"""The page as ``lanedet export --format web`` writes it, in a browser."""

import base64
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from exports import weights_file
from extras import needs
from playwright.sync_api import Page, expect

from lanedet import LaneInferencer
from lanedet.export import export_page
from lanedet.images import write_image
from lanedet.inference import default_weights
from lanedet.runtime import num_usable_cores
from lanedet.simulation import Drive
from lanedet.video import VideoWriter
from lanedet.visualization.draw import slot_color

pytestmark = [
    pytest.mark.slow,  # it fetches 33 MB
    needs("onnx", "onnxscript", extra="export"),
]

PATIENCE_MS = 120_000
WEIGHTS = default_weights()
REAL = Path(__file__).resolve().parents[4] / "shared" / "real" / "tusimple"
FIND = """async (pictures) => {
    const { LaneFinder } = await import("/finder.js");
    const finder = await LaneFinder.open(new URL("/", location));
    const found = [];
    for (const text of pictures) {
        const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
        const picture = await createImageBitmap(new Blob([bytes]));
        const { height, width } = picture;
        const context = new OffscreenCanvas(width, height).getContext("2d");
        context.drawImage(picture, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        found.push(await finder.find(data, height, width));
    }
    return found;
}"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the package's model."""
    folder = tmp_path_factory.mktemp("site") / "lanes"
    try:
        export_page(WEIGHTS, folder)
    except OSError as error:
        pytest.skip(f"No ONNX Runtime Web: {error}")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path, serve: Any) -> Iterator[str]:
    """The page, served."""
    yield from serve(folder)


@pytest.fixture
def page(site: str, browser: Any) -> Iterator[Page]:
    """The page, started; it may speak with nobody but its server, and must not fail."""
    hosts, faults = set(), []
    opened = browser.new_page()
    opened.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    opened.on("pageerror", lambda error: faults.append(error))
    opened.goto(site)
    expect(opened.locator("#file")).to_be_enabled(timeout=PATIENCE_MS)
    yield opened
    opened.close()
    assert hosts <= {"127.0.0.1", None}  # None is what the page holds itself
    assert not faults


@pytest.fixture(scope="module")
def road(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("road") / "road.png"
    [(image, _)] = Drive(3, 1, 25.0, (720, 1280))
    write_image(path, image)
    return path


def check_lanes(page: Page, pictures: list[Path], weights: Path = WEIGHTS) -> None:
    texts = [base64.b64encode(path.read_bytes()).decode() for path in pictures]
    samples = LaneInferencer(weights, device="cpu")(pictures, progress=False)
    num_lanes = 0
    for found, sample in zip(page.evaluate(FIND, texts), samples, strict=True):
        assert [lane["slot"] for lane in found] == sample.pred_slots
        assert [lane["name"] for lane in found] == sample.pred_names
        for lane, points in zip(found, sample.pred_lanes, strict=True):
            np.testing.assert_allclose(lane["points"], points, atol=1.0)
        scores = [lane["score"] for lane in found]
        np.testing.assert_allclose(scores, sample.pred_scores, atol=1e-3)
        num_lanes += len(found)
    assert num_lanes >= 2 * len(pictures)


def test_lanes_are_those_of_lane_inferencer(page: Page, road: Path) -> None:
    check_lanes(page, [road])


def test_a_page_that_may_share_memory_computes_on_several_threads(
    folder: Path, serve: Any, browser: Any, road: Path
) -> None:
    for url in serve(folder, isolated=True):
        opened = browser.new_page()
        opened.goto(url)
        assert opened.evaluate("crossOriginIsolated")
        check_lanes(opened, [road])
        runtime = opened.evaluate(
            """async () => {
                const { LaneFinder } = await import("/finder.js");
                return (await LaneFinder.open(new URL("/", location))).runtime;
            }"""
        )
        opened.close()
    cores = min(num_usable_cores(), 4)
    assert runtime == f"WebAssembly, {cores} thread{'s' * (cores > 1)}"


@pytest.mark.skipif(not REAL.is_dir(), reason="There are no real frames here.")
def test_lanes_of_real_frames_are_those_of_lane_inferencer(page: Page) -> None:
    frames = sorted(REAL.rglob("20.jpg"))
    assert len(frames) > 50
    check_lanes(page, frames[::4])


def test_a_picture_is_shown_with_its_lanes(page: Page, road: Path) -> None:
    page.set_input_files("#file", road)
    [sample] = LaneInferencer(WEIGHTS, device="cpu")(road)
    expect(page.locator("#lanes li")).to_have_count(len(sample.pred_lanes))
    for name in sample.pred_names:
        expect(page.locator("#lanes")).to_contain_text(name)
    expect(page.locator("#speed")).to_contain_text(re.compile(r"\d+ ms a frame"))
    for points, slot in zip(sample.pred_lanes, sample.pred_slots, strict=True):
        x, y = points[len(points) // 2].round().astype(int).tolist()
        pixel = page.evaluate(
            """([x, y]) => Array.from(document.getElementById("picture")
                .getContext("2d").getImageData(x, y, 1, 1).data)""",
            [x, y],
        )
        assert pixel == [*slot_color(slot, 6), 255]
    expect(page.locator("#play")).to_be_hidden()


def test_a_clip_plays_and_pauses(page: Page, tmp_path: Path) -> None:
    clip = tmp_path / "drive.mp4"
    with VideoWriter(clip, 10) as writer:
        for image, _ in Drive(3, 20, 10.0, (360, 640)):
            writer.write(image)
    page.set_input_files("#file", clip)
    expect(page.locator("#lanes li").first).to_be_visible(timeout=PATIENCE_MS)
    seek = page.locator("#seek")
    begin = float(seek.input_value())
    expect(seek).not_to_have_value(str(begin), timeout=PATIENCE_MS)
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_a_camera_is_opened(page: Page) -> None:
    page.get_by_role("button", name="Use the camera").click()
    expect(page.locator("#picture")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#speed")).to_contain_text("ms a frame")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_file_that_is_no_picture(page: Page, tmp_path: Path, road: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    page.set_input_files("#file", tmp_path / "notes.txt")
    expect(page.locator("#notice")).to_contain_text("cannot read notes.txt")
    page.set_input_files("#file", road)  # and all goes on
    expect(page.locator("#lanes li").first).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("#notice")).to_be_hidden()


def test_an_upright_picture_is_warned_of(page: Page, tmp_path: Path) -> None:
    write_image(tmp_path / "upright.png", np.zeros((640, 200, 3), np.uint8))
    page.set_input_files("#file", tmp_path / "upright.png")
    expect(page.locator("#notice")).to_contain_text("Hold the camera sideways")


def test_a_folder_without_its_model_says_so(
    browser: Any, tmp_path: Path, serve: Any
) -> None:
    source = Path(__file__).resolve().parents[3] / "lanedet" / "export" / "page"
    for path in source.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    for url in serve(tmp_path):
        opened = browser.new_page()
        opened.goto(url)
        notice = opened.locator("#notice")
        expect(notice).to_contain_text("is missing. Serve the whole folder")
        opened.close()


def test_lines_of_a_line_head_are_those_of_lane_inferencer(
    browser: Any, tmp_path: Path, serve: Any, road: Path
) -> None:
    weights = weights_file("lines")
    try:
        export_page(weights, tmp_path / "page")
    except OSError as error:
        pytest.skip(f"No ONNX Runtime Web: {error}")
    for url in serve(tmp_path / "page"):
        opened = browser.new_page()
        opened.goto(url)
        check_lanes(opened, [road], weights)
        opened.close()
