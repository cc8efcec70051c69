"""The page's server."""

import os
import shutil
import socket
import time
import webbrowser
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from threading import Event

from lanedet.app.listener import listen
from lanedet.app.request_guard import EVERYWHERE, RequestGuard, page_names
from lanedet.app.weights import find_weights
from lanedet.inference import choose_runtime
from lanedet.models import usable_device
from lanedet.runtime import hold_interrupts

_RUNS = Path("work_dirs")
_MAX_FILE_SIZE = "1gb"
_PATIENCE_S = 30  # for what the network is at work on
_ATTEMPTS = 20  # to remove the folder


def serve(
    *,
    weights: Path | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    allowed_hosts: Iterable[str] = (),
    opens_browser: bool = True,
) -> None:
    """Serve the page until Ctrl-C. All files it makes are gone then.

    Args:
        weights: The weights, or what ``lanedet export`` wrote, to begin with. If not
            given, those of the package. All such files under ``work_dirs`` can be
            chosen too.
        device: Such as ``cpu`` or ``cuda:0``, or what the runtime of an exported file
            calls it. If not given, a GPU where there is one.
        host: Address to listen at. Whoever can reach it can use the page.
        port: Where to listen. If not given, the first free one from 7860 on.
        allowed_hosts: Names that the page is served under beside those of ``host``, as
            of a proxy in front of it.
        opens_browser: Whether to show the page in the browser.

    Raises:
        FileNotFoundError: If there are no such weights.
        OSError: If the address cannot be listened at.
        ValueError: If Gradio is not installed, there is no such device, or a host is no
            name.
    """
    choices = find_weights(weights, _RUNS)
    if choose_runtime(next(iter(choices.values())), None, device) == "torch":
        usable_device(device)  # now, not when the first picture comes
    names = page_names(host, allowed_hosts)
    with listen(host, port) as listening, _temporary_folder() as folder:
        # Gradio reads these when it is imported.
        os.environ["GRADIO_TEMP_DIR"] = str(folder / "gradio")
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        try:
            from lanedet.app.checked_blocks import ROUTES
            from lanedet.app.page import LanePage
            from lanedet.app.server_thread import ServerThread
        except ModuleNotFoundError as error:
            raise ValueError(
                "The page needs Gradio, which is not installed: "
                "pip install 'lanedet[app]'."
            ) from error
        page = LanePage(choices, device, folder / "examples", folder / "gradio")
        guarded = RequestGuard(page.app(_MAX_FILE_SIZE), names, ROUTES)
        with ServerThread(guarded, listening):
            try:
                _announce(_url(host, listening), opens_browser)
                with suppress(KeyboardInterrupt):
                    Event().wait()
            finally:
                page.end(_PATIENCE_S)


def _announce(url: str, opens_browser: bool) -> None:
    if opens_browser:
        webbrowser.open(url)
    print(f"The page is at {url} until Ctrl-C.", flush=True)


def _url(host: str, listening: socket.socket) -> str:
    name = "localhost" if host in EVERYWHERE else host
    if ":" in name and not name.startswith("["):
        name = f"[{name}]"
    return f"http://{name}:{listening.getsockname()[1]}/"


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """Give a folder that is gone in the end, also when one presses Ctrl-C twice."""
    folder = Path(mkdtemp(prefix="lanedet-app-"))
    try:
        yield folder
    finally:
        with hold_interrupts():
            for _ in range(_ATTEMPTS):  # something may still be written to it
                shutil.rmtree(folder, ignore_errors=True)
                if not folder.exists():
                    break
                time.sleep(0.1)
