"""A web server beside the main thread, which waits for Ctrl-C."""

import logging
import socket
import threading
from types import TracebackType
from typing import Self

import uvicorn

from lanedet.app.request_guard import App

_CLOSING_S = 1  # for answers that are on their way


class ServerThread:
    """A web server in a thread of its own. Use it as a context manager.

    Args:
        app: An ASGI application.
        listening: The socket. It is closed with the server.
    """

    def __init__(self, app: App, listening: socket.socket) -> None:
        config = uvicorn.Config(
            app, log_level="warning", timeout_graceful_shutdown=_CLOSING_S
        )
        self._server = uvicorn.Server(config)
        self._listening = listening
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Start the server, which answers from now on."""
        self._thread.start()
        while not self._server.started and not self._has_ended.wait(0.01):
            pass
        if self._has_ended.is_set():
            raise OSError("The web server could not start.")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the server; what takes longer than a second is cut off."""
        # What is cut off are pages that wait for news, and no fault to report.
        logging.getLogger("uvicorn.error").disabled = True
        self._server.should_exit = True
        self._thread.join(5 * _CLOSING_S)
        self._listening.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._listening])
        finally:
            self._has_ended.set()
