"""Where the page listens."""

import errno
import socket
from typing import Any

_FIRST_PORT, _NUM_PORTS = 7860, 100
_MAX_PORT = 65535


def listen(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens.

    Args:
        host: Name or address, of this machine.
        port: 0 for any that is free. If None, the first free one from 7860 on.

    Raises:
        OSError: If it cannot be listened at.
        ValueError: If there is no such port.
    """
    if port is not None and not 0 <= port <= _MAX_PORT:
        raise ValueError(f"A port must be from 0 to {_MAX_PORT}, got {port}.")
    ports = range(_FIRST_PORT, _FIRST_PORT + _NUM_PORTS) if port is None else [port]
    for each in ports:
        try:
            return _bound(host, each)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
    if port is None:
        taken = f"Ports {ports[0]} to {ports[-1]} of {host!r} are"
    else:
        taken = f"Port {port} of {host!r} is"
    raise OSError(f"{taken} taken by other programs. Name a free one with --port.")


def _bound(host: str, port: int) -> socket.socket:
    address = host.removeprefix("[").removesuffix("]")
    try:
        found = socket.getaddrinfo(
            address or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError) as error:
        raise _no_address(host) from error
    family, *_, place = found[0]
    try:
        return _listening(family, place)
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            raise _no_address(host) from error
        if error.errno == errno.EACCES:
            raise OSError(
                f"This user may not listen at port {port}. Name one from 1024 on with "
                "--port."
            ) from error
        raise


def _listening(family: int, place: tuple[Any, ...]) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen()
    except OSError:
        listening.close()
        raise
    return listening


def _no_address(host: str) -> OSError:
    return OSError(
        f"The page can only listen at an address of this machine, got {host!r}. Use "
        "127.0.0.1 for this machine only, 0.0.0.0 for all of its networks."
    )
