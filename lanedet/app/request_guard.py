"""Who may use the page: requests for its own names, from its own pages.

A browser lets any web site send requests to this machine. Two rules keep such sites
out: a page is served under its own names only, so that a site which makes *its* name
point here (DNS rebinding) is refused; and what a browser says to come from another page
is refused too (https://owasp.org/www-community/attacks/csrf).

The port of a Host is not compared with the one that is listened at: through a tunnel or
out of a container they differ, and a site that points its name here keeps its name.
"""

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI application (https://asgi.readthedocs.io/en/latest/specs/main.html)."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
EVERYWHERE = ("", "0.0.0.0", "::")
"""What to listen at for all addresses of this machine."""

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?", re.ASCII)
_MAX_PORT = 65535


def page_names(host: str, others: Iterable[str] = ()) -> frozenset[str]:
    """Return the names and addresses that a page is served under.

    Args:
        host: What it listens at. If that is everywhere, this machine's names belong to
            it; the address that a request comes in at always does.
        others: More names, as of a proxy in front of it.

    Raises:
        ValueError: If one of them is no name and no address.
    """
    names = [*_LOOPBACK, *others]
    if host in EVERYWHERE:
        name = socket.gethostname().lower()
        names += [name, f"{name.partition('.')[0]}.local"]
    else:
        names.append(host)
    return frozenset(map(_checked_name, names))


class RequestGuard:
    """Hand requests for the page's own names, from its own pages, on to it.

    Others get status 403, and one sentence that says why.

    Args:
        app: What serves the page.
        names: What it is served under, of :func:`page_names`.
        routes: Matches the beginning of each path that it has; others get status 404.
    """

    def __init__(
        self, app: App, names: frozenset[str], routes: re.Pattern[str]
    ) -> None:
        self._app = app
        self._names = names
        self._routes = routes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer a request."""
        refusal = None if scope["type"] == "lifespan" else self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
        else:
            await _answer(send, *refusal)

    def _refusal(self, scope: Message) -> tuple[int, str] | None:
        """Return status and reason; None where there is nothing against a request."""
        hosts = _headers(scope, b"host")
        # Gradio makes the addresses of files of the second, if it is there.
        named = [*hosts, *_headers(scope, b"x-forwarded-host")]
        if not hosts or not all(self._is_own(host, scope) for host in named):
            return 403, _not_served(named, self._names)
        for origin in _headers(scope, b"origin"):
            if not _is_origin(origin, hosts[0]):
                return 403, (
                    "The page answers itself only, and this request comes from "
                    f"{origin[:200]!r}. Open the page itself."
                )
        if not self._routes.match(scope["path"]):
            return 404, "There is nothing here. Open the page itself."
        return None

    def _is_own(self, host: str, scope: Message) -> bool:
        match = _HOST.fullmatch(host.lower())
        if match is None or int(match[3] or 0) > _MAX_PORT:
            return False
        name = _plain(match[1] or match[2])
        local = scope.get("server")  # the address that the request came in at
        return name in self._names or bool(local and _plain(local[0]) == name)


def _checked_name(name: str) -> str:
    """Return a name as it is compared."""
    plain = _plain(name)
    if _HOST.fullmatch(f"[{plain}]" if ":" in plain else plain) is None:
        raise ValueError(
            "A host must be a name or an address without scheme and port, such as "
            f"lanes.example or 192.168.1.5, got {name!r}."
        )
    return plain


def _plain(name: str) -> str:
    """Return a name in small letters, and an address in its shortest form.

    A dot at the end says that a name is whole (RFC 1034, 3.1); it means the same.
    """
    name = name.lower().removeprefix("[").removesuffix("]").removesuffix(".")
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return name
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _headers(scope: Message, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def _is_origin(origin: str, host: str) -> bool:
    """Tell whether a page of an origin (RFC 6454) is one of a host and port."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def _not_served(hosts: list[str], names: frozenset[str]) -> str:
    asked = f"under {hosts[-1][:200]!r}" if hosts else "to requests without a Host"
    served = ", ".join(sorted(names, key=lambda name: (name not in _LOOPBACK, name)))
    return (
        f"The page is not served {asked}, but under {served}. Open it there, or start "
        "it with --allow-host and the name that it is to have."
    )


async def _answer(send: Send, status: int, text: str) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"{text}\n".encode()})
