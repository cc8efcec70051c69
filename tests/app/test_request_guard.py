import asyncio
import re
import socket
from typing import Any

import pytest

from lanedet.app.request_guard import RequestGuard, page_names

ROUTES = re.compile("/(?:$|upload$)")


async def _page(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})


def _answer(names: frozenset[str], **scope: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("Nothing more is to be read.")

    guard = RequestGuard(_page, names, ROUTES)
    request = {"type": "http", "path": "/", "headers": [], "server": None, **scope}
    asyncio.run(guard(request, receive, send))
    return sent


def _status(
    host: str | None,
    origin: str | None = None,
    names: frozenset[str] | None = None,
    server: tuple[str, int] | None = None,
    path: str = "/",
) -> int:
    pairs = [(b"host", host), (b"origin", origin)]
    headers = [(key, text.encode("latin-1")) for key, text in pairs if text is not None]
    served = page_names("127.0.0.1") if names is None else names
    return int(_answer(served, headers=headers, server=server, path=path)[0]["status"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost:7860",
        "127.0.0.1:7860",
        "LocalHost",
        "[::1]:7860",
        "[0:0:0:0:0:0:0:1]:80",
        "localhost:9999",  # as through a tunnel
        "localhost.",
        "LOCALHOST.:7860",
        "127.0.0.1.:7860",
    ],
)
def test_the_pages_own_names_are_served(host: str) -> None:
    assert _status(host) == 200
    assert _status(host, f"http://{host}") == 200
    assert _status(host, f"https://{host}") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "localhost.evil.example",
        "evil.example@localhost",
        "localhost:7860, evil.example",
        "127.0.0.1.nip.io:7860",
        "localhost..",
        "localhost.evil.example.",
        ".",
        "localhost:65536",
        "localhost:",
        "192.168.1.5",
        "0.0.0.0:7860",
        "[::1",
        "",
        "ev\xefl.example",
        None,
    ],
)
def test_other_names_are_refused(host: str | None) -> None:
    assert _status(host) == 403
    assert _status(host, f"http://{host}") == 403


def test_every_host_header_counts() -> None:
    headers = [(b"host", b"localhost"), (b"host", b"evil.example")]
    for order in (headers, headers[::-1]):
        [start, _] = _answer(page_names("127.0.0.1"), headers=order)
        assert start["status"] == 403


def test_a_forwarded_host_counts_too() -> None:
    headers = [(b"host", b"localhost"), (b"x-forwarded-host", b"evil.example")]
    [start, _] = _answer(page_names("127.0.0.1"), headers=headers)
    assert start["status"] == 403


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://localhost:7860.evil.example",
        "http://127.0.0.1:7860",  # another origin, to a browser
        "file://localhost:7860",
        "http://[localhost:7860",
        "null",
        "",
    ],
)
def test_requests_of_other_pages_are_refused(origin: str) -> None:
    assert _status("localhost:7860", origin) == 403


def test_more_names_can_be_allowed() -> None:
    names = page_names("lanes.example", ["proxy.example.", "192.168.1.5", "[fe80::1]"])
    for host in (
        "lanes.example.:80",
        "proxy.example.",
        "lanes.example",
        "proxy.example:80",
        "192.168.1.5",
        "[FE80::1]:7860",
    ):
        assert _status(host, names=names) == 200
    assert _status("other.example", names=names) == 403


@pytest.mark.parametrize("host", ["0.0.0.0", "::", ""])
def test_everywhere_means_this_machines_names_and_addresses(host: str) -> None:
    names = page_names(host)
    assert _status(socket.gethostname(), names=names) == 200
    here = ("192.168.1.5", 7860)  # where the request came in
    assert _status("192.168.1.5:7860", names=names, server=here) == 200
    assert _status("[::ffff:192.168.1.5]", names=names, server=here) == 200
    assert _status("192.168.1.6:7860", names=names, server=here) == 403
    assert _status("evil.example", names=names, server=here) == 403


@pytest.mark.parametrize("name", ["http://lanes.example", "lanes.example:80", "a b"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="without scheme and port"):
        page_names("127.0.0.1", [name])


def test_other_paths_are_not_there() -> None:
    assert _status("localhost", path="/upload") == 200
    assert _status("localhost", path="/upload/more") == 404
    assert _status("localhost", path="//upload") == 404


def test_a_refusal_says_what_to_do_and_grants_nothing() -> None:
    headers = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]
    [start, body] = _answer(page_names("127.0.0.1"), headers=headers)
    assert b"under 'evil.example', but under 127.0.0.1, ::1, localhost" in body["body"]
    assert b"--allow-host" in body["body"]
    assert not any(key.startswith(b"access-control") for key, _ in start["headers"])


def test_websockets_are_refused_likewise() -> None:
    headers = [(b"host", b"localhost"), (b"origin", b"http://evil.example")]
    [message] = _answer(page_names("127.0.0.1"), type="websocket", headers=headers)
    assert message["type"] == "websocket.close"
