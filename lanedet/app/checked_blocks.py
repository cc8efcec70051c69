"""What may come into the page, before Gradio itself opens or fetches anything.

The parts of a page are also functions that programs can call. Gradio takes what they
send for what its own page would send: it fetches files from the network where a path
is a URL, and fails with a traceback where a value is of another type.
"""

import math
import os
import re
from pathlib import Path
from reprlib import Repr
from typing import Any

import fastapi
import gradio as gr
from gradio.route_utils import FnIndexInferError

ROUTES = re.compile(
    r"/(?:$|(?:config|favicon\.ico|manifest\.json|robots\.txt|theme\.css)/?$"
    r"|(?:assets|static|svelte|pwa_icon)(?:/|$)"
    r"|gradio_api/(?:"
    r"(?:app_id|cancel|info|login_check|openapi\.json|reset|startup-events|theme\.css"
    r"|token|upload|upload_progress|user)/?$"
    r"|(?:api|call|heartbeat|queue|run)/"
    r"|file=(?!\w{2,}:/)"  # what is made and uploaded here, no other address
    r"))"
)
"""Gradio's paths that the page uses. The others change recordings with FFmpeg, pass
requests on to other machines, or are for people who write pages."""

_SHORT = Repr()
_SHORT.maxstring = _SHORT.maxother = 80


class CheckedBlocks(gr.Blocks):
    """A page that checks each value that is sent to it.

    Args:
        uploads: Folder that files are uploaded to. There are no others for the page.
        options: Those of ``gradio.Blocks``.
    """

    def __init__(self, *, uploads: Path, **options: Any) -> None:
        super().__init__(**options)
        self._uploads = Path(os.path.realpath(uploads))

    async def preprocess_data(
        self, block_fn: Any, inputs: list[Any], state: Any, *args: Any, **options: Any
    ) -> Any:
        """Return what a function of the page is to get, as Gradio does.

        Raises:
            gradio.Error: If a value is not of its part of the page.
        """
        if len(inputs) != len(block_fn.inputs):
            raise _error(
                f"{len(block_fn.inputs)} values are wanted, got {len(inputs)}."
            )
        checked = []
        for block, value in zip(block_fn.inputs, inputs, strict=True):
            # A session may have other choices than the page had first.
            current = state[block._id] if state and block._id in state else block
            checked.append(_checked(current, value, self._uploads))
        return await super().preprocess_data(block_fn, checked, state, *args, **options)


async def no_such_function(
    _request: fastapi.Request, _error: Exception
) -> fastapi.responses.JSONResponse:
    """Answer a call of a function that the page does not have."""
    return fastapi.responses.JSONResponse(
        {"detail": "The page has no such function."}, status_code=404
    )


HANDLERS = {KeyError: no_such_function, FnIndexInferError: no_such_function}
"""What Gradio raises for functions that there are not, and what answers."""


def _checked(block: Any, value: Any, uploads: Path) -> Any:
    """Return a value that a part of the page can have."""
    if isinstance(block, gr.Slider):
        low, high = block.minimum, block.maximum
        wanted = f"a number from {low} to {high}"
        is_right = _is_number(value) and low <= value <= high
    elif isinstance(block, gr.Checkbox):
        wanted, is_right = "true or false", isinstance(value, bool)
    elif isinstance(block, gr.Dropdown):
        wanted = "one of the choices on the page"
        is_right = value in [choice for _, choice in block.choices]
    elif isinstance(block, gr.Dataset):
        wanted = f"a number from 0 to {len(block.samples) - 1}"
        is_right = type(value) is int and 0 <= value < len(block.samples)
    else:
        wanted = "a file that was uploaded to the page"
        is_right = value is None or _is_upload(value, uploads)
    if not is_right:
        raise _error(f"{block.label!r} must be {wanted}, got {_SHORT.repr(value)}.")
    return _file_data(value) if isinstance(value, dict) else value


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _is_upload(value: Any, uploads: Path) -> bool:
    path = value.get("path") if isinstance(value, dict) else None
    if not isinstance(path, str):
        return False
    try:
        real = Path(os.path.realpath(path))
        return real.is_relative_to(uploads) and real.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


def _file_data(value: dict[str, Any]) -> dict[str, Any]:
    """Return what tells where a file is and what it is called, and nothing else."""
    name = value.get("orig_name")
    return {
        "path": value["path"],
        "orig_name": name if isinstance(name, str) else Path(value["path"]).name,
        "meta": {"_type": "gradio.FileData"},
    }


def _error(message: str) -> gr.Error:
    return gr.Error(message, print_exception=False)
