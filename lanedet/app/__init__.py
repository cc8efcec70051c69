"""A page in the browser to try a detector on pictures and clips.

Gradio, which draws the page, is an extra: ``pip install 'lanedet[app]'``. Only
:mod:`lanedet.app.page`, :mod:`lanedet.app.page_style` and
:mod:`lanedet.app.checked_blocks` know it.

What comes in is checked three times: :mod:`lanedet.app.request_guard` looks at who
asks, :mod:`lanedet.app.checked_blocks` at the values, and the readers of pictures and
clips at what the files hold.
"""

from lanedet.app.annotate import (
    ClipResult,
    PictureResult,
    StoppableStart,
    annotate_clip,
    annotate_picture,
)
from lanedet.app.examples import write_drive, write_pictures
from lanedet.app.server import serve
from lanedet.app.weights import find_weights

__all__ = [
    "ClipResult",
    "PictureResult",
    "StoppableStart",
    "annotate_clip",
    "annotate_picture",
    "find_weights",
    "serve",
    "write_drive",
    "write_pictures",
]
