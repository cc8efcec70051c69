"""The page as a user sees it: the tool, and a browser without a window."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from lanedet.images import read_image, write_image
from lanedet.simulation import Drive
from lanedet.video import VideoReader, VideoWriter

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NO_NETWORK = (
    # Root may not have a sandbox; the rest keeps the browser's own services quiet.
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
)
PATIENCE_MS = 120_000

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium here.")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            args=list(NO_NETWORK),
            viewport={"width": 1280, "height": 1000},
        )
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield context
        context.close()


@pytest.fixture
def page(served: Any, browser: BrowserContext) -> Iterator[Page]:
    """The page, which may speak with nobody but its server."""
    hosts = set()
    opened = browser.new_page()
    opened.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
    opened.goto(served.url)
    yield opened
    opened.close()
    assert hosts <= {"127.0.0.1", None}  # None is what the page holds itself


def _download(page: Page, button: str, folder: Path) -> Path:
    with page.expect_download() as download:
        page.get_by_role("button", name=button).filter(visible=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def _drop(page: Page, kind: str, file: Path) -> None:
    page.set_input_files(f"input[type=file][accept*='{kind}']", file)


def _check_picture(page: Page, picture: Path, folder: Path) -> None:
    _drop(page, "image", picture)
    shown = page.locator("#picture img")
    expect(page.get_by_text("Lanes found: ")).to_be_visible()
    expect(page.locator("#attention img")).to_have_count(4)
    assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)")
    log = _download(page, "Download the lanes", folder)
    assert log.name == "road_lanes.jsonl"
    lanes = json.loads(log.read_text())["lanes"]
    assert {"ego left", "ego right"} <= {lane["name"] for lane in lanes}
    page.screenshot(path=folder / "picture.png", full_page=True)


def _check_clip(page: Page, clip: Path, folder: Path) -> None:
    page.get_by_role("tab", name="Clip").click()
    _drop(page, "video", clip)
    video = page.locator("video").first
    expect(video).to_be_visible()
    # It would load a program from the network.
    expect(page.get_by_label("Trim video to selection")).to_be_hidden()
    page.get_by_role("button", name="Find the lanes").click()
    expect(page.get_by_text("6 frames, 0.6 s long")).to_be_visible()
    played = page.locator("#clip video").evaluate(
        "video => video.play().then(() => [video.videoWidth, video.duration])"
    )
    assert played == [640, pytest.approx(0.6, abs=0.05)]
    with VideoReader(_download(page, "Download the clip", folder)) as reader:
        assert len(list(reader)) == 6
    log = _download(page, "Download the lanes", folder)
    frames = [json.loads(line) for line in log.read_text().splitlines()]
    assert [frame["frame"] for frame in frames] == list(range(6))
    assert all(frame["lanes"] for frame in frames)
    page.screenshot(path=folder / "clip.png", full_page=True)


def test_a_picture_and_a_clip(page: Page, tmp_path: Path) -> None:
    images = [image for image, _ in Drive(3, 6, 10.0, (360, 640))]
    picture, clip = tmp_path / "road.jpg", tmp_path / "drive.mp4"
    write_image(picture, images[0])
    with VideoWriter(clip, 10) as writer:
        for image in images:
            writer.write(image)
    expect(page.get_by_text("Not a safety device.")).to_be_visible()
    _check_picture(page, picture, tmp_path)
    _check_clip(page, clip, tmp_path)
    for name in ("picture.png", "clip.png"):
        screen = read_image(tmp_path / name)
        assert screen.shape[1] == 1280
        # The lanes that were drawn are in sight: orange, left of the driver.
        assert (np.abs(screen.astype(int) - (230, 159, 0)).max(axis=2) < 40).sum() > 50


def test_errors_are_readable(page: Page, tmp_path: Path) -> None:
    files = [tmp_path / f"broken.{end}" for end in ("safetensors", "jpg", "mp4")]
    for file in files:
        file.write_text("Nothing of the kind.\n" * 99)
    _drop(page, "safetensors", files[0])
    expect(page.get_by_text("'broken.safetensors' is no whole weights")).to_be_visible()
    _drop(page, "image", files[1])
    expect(page.get_by_text("'broken.jpg' cannot be read as an image.")).to_be_visible()
    page.locator("button.gallery-item").first.click()  # an example, which is whole
    expect(page.get_by_text("Lanes found: ")).to_be_visible()
    page.get_by_role("tab", name="Clip").click()
    find = page.get_by_role("button", name="Find the lanes")
    find.click()
    expect(page.get_by_text("Drop a clip first.")).to_be_visible()
    _drop(page, "video", files[2])
    expect(page.get_by_text("Video not playable")).to_be_visible()
    find.click()
    expect(page.get_by_text("'broken.mp4' is no video that")).to_be_visible()
