import socket

import pytest

from lanedet.app.listener import listen


def test_a_port_that_is_free() -> None:
    with listen("127.0.0.1", 0) as listening:
        address = listening.getsockname()
        assert address[0] == "127.0.0.1"
        with socket.create_connection(address, timeout=5):
            pass


def test_the_next_port_where_one_is_taken() -> None:
    with listen("127.0.0.1", None) as first, listen("127.0.0.1", None) as second:
        assert 7860 <= first.getsockname()[1] < second.getsockname()[1] < 7960


def test_a_port_that_is_named_and_taken() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OSError, match=rf"Port {port} of '127\.0\.0\.1' is taken"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a..b", "::9"])
@pytest.mark.parametrize("port", [None, 0])
def test_addresses_of_other_machines(host: str, port: int | None) -> None:
    with pytest.raises(OSError, match=r"an address of this machine, got"):
        listen(host, port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_no_port(port: int) -> None:
    with pytest.raises(ValueError, match=f"from 0 to 65535, got {port}"):
        listen("127.0.0.1", port)
