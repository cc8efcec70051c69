"""Where no cluster is, that is said at once, and not by Ray after minutes."""

import socket
import threading

import pytest
from processes import free_port

from lanedet.archive.cluster import check_address


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_something_must_answer(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_address(f"{scheme}127.0.0.1:{server.getsockname()[1]}")
    address = f"{scheme}127.0.0.1:{free_port()}"
    with pytest.raises(ConnectionError, match=f"cluster at '{address}', and none"):
        check_address(address, patience_s=0.1)


@pytest.mark.parametrize("address", ["nobody", "nobody:", ":6379", "host:port", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=f"must be HOST:PORT, .* got '{address}'"):
        check_address(address)


def test_a_port_that_there_is_not_answers_nobody() -> None:
    with pytest.raises(ConnectionError, match="none answers"):
        check_address("127.0.0.1:99999", patience_s=0.1)


def test_what_is_about_to_start_is_waited_for() -> None:
    port = free_port()
    servers: list[socket.socket] = []
    start = threading.Timer(
        0.5, lambda: servers.append(socket.create_server(("127.0.0.1", port)))
    )
    start.start()
    check_address(f"127.0.0.1:{port}")
    start.join()
    [server] = servers
    server.close()


def test_the_cluster_of_this_computer_is_left_to_ray() -> None:
    check_address("auto")
