"""What the page looks like, in Gradio."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from threading import Event, Lock
from typing import Any

import fastapi
import gradio as gr

from lanedet.app.annotate import StoppableStart, annotate_clip, annotate_picture
from lanedet.app.checked_blocks import HANDLERS, CheckedBlocks
from lanedet.app.examples import write_drive, write_pictures
from lanedet.app.page_style import STYLE, page_theme
from lanedet.inference import LaneInferencer
from lanedet.video import VideoOptions

_TITLE = "Lanes in your pictures and clips"
_INTRODUCTION = f"""# {_TITLE}
A network trained with Self Attention Distillation finds the lanes of a road seen from
the windscreen, and shows where it looks. It runs on this machine, and nothing you drop
here leaves it. **Not a safety device.**"""
_ATTENTION = """### Where the network looks
Stage by stage, from black, where it looks least, to yellow, where it looks most."""
_ONE_AT_A_TIME = {"concurrency_limit": 1, "concurrency_id": "network"}
_KEEP_S = 24 * 3600  # of files that were made, while the page is on
_POLL_S = 0.02


class LanePage:
    """The page and what its parts do.

    Args:
        weights: Files to choose from, by what to call them; the first one is chosen.
        device: Such as ``cpu`` or ``cuda:0``. If None, a GPU where there is one.
        examples: Folder for the pictures to try.
        uploads: Folder where Gradio puts what is uploaded, and where results go, from
            which it need not copy them.
    """

    def __init__(
        self,
        weights: Mapping[str, Path],
        device: str | None,
        examples: Path,
        uploads: Path,
    ) -> None:
        self._choices = [(name, str(path)) for name, path in weights.items()]
        self._device = device
        self._examples = examples
        self._uploads = uploads
        # Held while the network is at work: programs may call past Gradio's queue.
        self._work = Lock()
        self._stops: dict[str | None, Event] = {}  # of clips being made, by session
        self._has_ended = False
        self._page: gr.Blocks | None = None

    def app(self, max_file_size: str) -> fastapi.FastAPI:
        """Return what serves the page.

        Args:
            max_file_size: Size of an upload, such as ``1gb``.
        """
        page = self._page = self.build()
        app = gr.mount_gradio_app(
            fastapi.FastAPI(openapi_url=None),
            page,
            path="/",
            ssr_mode=False,
            run_history=False,
            footer_links=[],
            max_file_size=max_file_size,
            show_error=True,
            theme=page_theme(),
            css=STYLE,
            app_kwargs={"exception_handlers": HANDLERS},
        )
        page.app = app.routes[-1].app  # what ``close`` ends
        # Else Gradio looks for work every millisecond, for 3 % of a core for ever.
        page._queue.sleep_when_free = _POLL_S
        return app

    def build(self) -> gr.Blocks:
        """Return the page."""
        with CheckedBlocks(
            uploads=self._uploads,
            title=_TITLE,
            analytics_enabled=False,
            delete_cache=(_KEEP_S, _KEEP_S),
        ) as page:
            gr.Markdown(_INTRODUCTION)
            with gr.Row(equal_height=True):
                weights = gr.Dropdown(
                    self._choices, label="Weights", scale=3, min_width=320
                )
                upload = gr.UploadButton(
                    "Use a weights file",
                    file_types=[".safetensors", ".onnx"],
                    min_width=240,
                )
            upload.upload(
                self._add_weights,
                upload,
                weights,
                show_progress="hidden",
                **_ONE_AT_A_TIME,
            )
            with gr.Tab("Picture"):
                self._build_picture_tab(weights)
            with gr.Tab("Clip"):
                self._build_clip_tab(weights)
        return page

    def end(self, patience_s: float) -> None:
        """Begin nothing new, and wait for what is at work, which is cut short.

        Args:
            patience_s: How long to wait at most, in seconds.
        """
        self._has_ended = True
        for stop in list(self._stops.values()):
            stop.set()
        self._work.acquire(timeout=patience_s)
        if self._page is not None:
            self._page.close(verbose=False)

    def _build_picture_tab(self, weights: gr.Dropdown) -> None:
        with gr.Row():
            with gr.Column():
                source = gr.Image(label="Picture", sources=["upload", "clipboard"])
                gr.Examples(
                    [str(path) for path in write_pictures(self._examples)],
                    source,
                    label="None at hand? These are generated.",
                )
            with gr.Column():
                # Without a label, which would lie on what is drawn there.
                picture = gr.Image(
                    show_label=False,
                    interactive=False,
                    buttons=["download", "fullscreen"],
                    elem_id="picture",
                )
                text = gr.Markdown()
                log = gr.DownloadButton("Download the lanes", interactive=False)
        gr.Markdown(_ATTENTION)
        maps = gr.Gallery(
            show_label=False, object_fit="contain", height="auto", elem_id="attention"
        )
        gr.on(
            [source.change, weights.change],
            self._annotate_picture,
            [source, weights],
            [picture, text, log, maps],
            # Which would decode the picture before we have looked at its header.
            preprocess=False,
            show_progress_on=picture,
            **_ONE_AT_A_TIME,
        )

    def _build_clip_tab(self, weights: gr.Dropdown) -> None:
        with gr.Row():
            with gr.Column():
                source = gr.Video(label="Clip", sources=["upload"])
                drive = gr.Button("None at hand? Make one")
                seconds = gr.Slider(
                    5, 600, 30, step=5, label="Seconds to look at, from its start"
                )
                tracking = gr.Checkbox(True, label="Follow lanes from frame to frame")
                attention = gr.Checkbox(
                    label="Show where the network looks, beside the road"
                )
                with gr.Row():
                    start = gr.Button("Find the lanes", variant="primary")
                    stop = gr.Button("Stop")
            with gr.Column():
                clip = gr.Video(
                    show_label=False,
                    interactive=False,
                    buttons=["download"],
                    elem_id="clip",
                )
                text = gr.Markdown()
                with gr.Row():
                    clip_file = gr.DownloadButton(
                        "Download the clip", interactive=False
                    )
                    log = gr.DownloadButton("Download the lanes", interactive=False)

        # Made here and not where modules are loaded: it changes tqdm itself, whose bars
        # are shown in the page from then on.
        progress = gr.Progress(track_tqdm=True)

        def make_drive(_progress: gr.Progress = progress) -> Path:
            with self._at_work() as folder:
                write_drive(folder / "drive.mp4")
            return folder / "drive.mp4"

        def annotate(
            source: str | None,
            weights: str,
            seconds: float,
            tracking: bool,
            attention: bool,
            request: gr.Request,
            _progress: gr.Progress = progress,
        ) -> tuple[Any, ...]:
            options = VideoOptions(tracking=tracking, attention=attention)
            return self._annotate_clip(
                source, weights, seconds, options, request.session_hash
            )

        drive.click(make_drive, None, source, **_ONE_AT_A_TIME)
        start.click(
            annotate,
            [source, weights, seconds, tracking, attention],
            [clip, text, clip_file, log],
            show_progress_on=clip,
            **_ONE_AT_A_TIME,
        )
        stop.click(self._stop_clip, queue=False)

    def _stop_clip(self, request: gr.Request) -> None:
        """End the clip that is being made for whoever asks."""
        if stop := self._stops.get(request.session_hash):
            stop.set()

    def _add_weights(self, file: str | None) -> gr.Dropdown:
        """Offer a weights file too, and choose it."""
        if file is None:
            raise gr.Error("Choose a weights file first.", print_exception=False)
        with self._work, _reported_in_page(file):
            LaneInferencer(file, device=self._device)  # raises unless it can be used
        choices = [*self._choices, (Path(file).name, file)]
        return gr.Dropdown(choices, value=file)

    def _annotate_picture(
        self, source: dict[str, Any] | None, weights: str
    ) -> tuple[Any, ...]:
        """Return the picture, the text, the log and the maps."""
        if source is None:
            return None, "", gr.DownloadButton(interactive=False), None
        path = source["path"]
        with self._at_work() as folder, _reported_in_page(path):
            result = annotate_picture(
                Path(path), LaneInferencer(weights, device=self._device), folder
            )
        return (
            result.picture,
            _listed(result.lines),
            gr.DownloadButton(value=result.log, interactive=True),
            [(path, stage) for stage, path in result.attention.items()],
        )

    def _annotate_clip(
        self,
        source: str | None,
        weights: str,
        seconds: float,
        options: VideoOptions,
        session: str | None,
    ) -> tuple[Any, ...]:
        """Return the clip, the text and the two files."""
        if source is None:
            raise gr.Error("Drop a clip first.", print_exception=False)
        with self._at_work() as folder, _reported_in_page(source):
            stop = self._stops[session] = Event()
            try:
                result = annotate_clip(
                    Path(source),
                    LaneInferencer(weights, device=self._device),
                    folder,
                    selection=StoppableStart(end_s=seconds, stop=stop),
                    options=options,
                )
            finally:
                del self._stops[session]
        return (
            result.clip,
            _listed(result.lines),
            gr.DownloadButton(value=result.clip, interactive=True),
            gr.DownloadButton(value=result.log, interactive=True),
        )

    @contextmanager
    def _at_work(self) -> Iterator[Path]:
        """Give a new folder to what works with the network, one after another."""
        with self._work:
            if self._has_ended:
                raise gr.Error("The page has been closed.", print_exception=False)
            folder = Path(mkdtemp(prefix="results-", dir=self._uploads))
            try:
                yield folder
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise


def _listed(lines: list[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


@contextmanager
def _reported_in_page(upload: str) -> Iterator[None]:
    """Show what a user can mend as a message, in which a file has its own name."""
    try:
        yield
    except (OSError, ValueError) as error:
        message = str(error).replace(str(Path(upload).parent) + os.sep, "")
        raise gr.Error(message, duration=None, print_exception=False) from error
