"""The page's server."""

import os
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from lanedet.app.weights import find_weights
from lanedet.models import usable_device

_RUNS = Path("work_dirs")
_MAX_FILE_SIZE = "1gb"


def serve(
    *,
    weights: Path | None = None,
    device: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    opens_browser: bool = True,
) -> None:
    """Serve the page until Ctrl-C. All files it makes are gone then.

    Args:
        weights: The weights to begin with. If not given, those of the package. All
            files under ``work_dirs`` can be chosen too.
        device: Such as ``cpu`` or ``cuda:0``. If not given, a GPU where there is one.
        host: Address to listen at. Whoever can reach it can use the page.
        port: Where to listen. If not given, the first free one from 7860 on.
        opens_browser: Whether to show the page in the browser.

    Raises:
        FileNotFoundError: If there are no such weights.
        OSError: If the address cannot be listened at.
        ValueError: If Gradio is not installed or there is no such device.
    """
    usable_device(device)  # now, not when the first picture comes
    choices = find_weights(weights, _RUNS)
    with TemporaryDirectory(prefix="lanedet-app-") as folder:
        # Gradio reads these when it is imported.
        os.environ["GRADIO_TEMP_DIR"] = str(Path(folder, "gradio"))
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        try:
            from lanedet.app.page import STYLE, LanePage, page_theme
        except ModuleNotFoundError as error:
            raise ValueError(
                "The page needs Gradio, which is not installed: "
                "pip install 'lanedet[app]'."
            ) from error
        stop = Event()
        page = LanePage(choices, device, Path(folder), stop).build()
        try:
            _, url, _ = page.launch(
                server_name=host,
                server_port=port,
                inbrowser=opens_browser,
                prevent_thread_lock=True,
                quiet=True,
                share=False,
                ssr_mode=False,
                run_history=False,
                footer_links=[],
                max_file_size=_MAX_FILE_SIZE,
                show_error=True,
                theme=page_theme(),
                css=STYLE,
            )
            print(f"The page is at {url} until Ctrl-C.", flush=True)
            with suppress(KeyboardInterrupt):
                Event().wait()
        finally:
            stop.set()  # a clip that is being made
            page.close(verbose=False)
