"""The page's modules, served to a browser without a window."""

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

PAGE = Path(__file__).resolve().parents[3] / "lanedet" / "export" / "page"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = (
    # Root may not have a sandbox; the rest keeps the browser's own services quiet.
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
)


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *args: Any) -> None:
        pass


class IsolatingHandler(QuietHandler):
    """Says what browsers want before they let a page share memory with threads."""

    def end_headers(self) -> None:
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        super().end_headers()


def _serve(folder: Path, *, isolated: bool = False) -> Iterator[str]:
    """Serve a folder as ``python -m http.server`` does; yield its address."""
    kind = IsolatingHandler if isolated else QuietHandler
    handler = partial(kind, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="session")
def serve() -> Callable[..., Iterator[str]]:
    return _serve


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("There is no Chromium here.")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=CHROMIUM,
            args=list(ARGUMENTS),
            viewport={"width": 1280, "height": 900},
        )
        context.set_default_timeout(120_000)
        yield context
        context.close()


@pytest.fixture(scope="session")
def modules(browser: Any) -> Iterator[Page]:
    """A page that may import the modules, as in ``import('/view.js')``."""
    for url in _serve(PAGE):
        opened = browser.new_page()
        opened.goto(url + "style.css")
        yield opened
        opened.close()
