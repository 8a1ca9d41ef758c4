"""A write asks once more whether it may begin, when its connection stands: making that may have taken its time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator

import pytest

from listener.errors import NetworkError, NotConnected
from listener.http import Http, ask_first

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@pytest.fixture
def door() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening


@pytest.fixture
async def http(door: socket.socket, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Http]:
    place = f"127.0.0.1:{door.getsockname()[1]}"
    monkeypatch.setenv("EARNEST_ALLOW_HOSTS", place)
    made = Http(f"http://{place}")
    yield made
    await made.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_a_write_that_may_not_begin_any_more_sends_no_byte_on_its_connection(http: Http, door: socket.socket, method: str) -> None:
    connected: list[socket.socket] = []

    def stopped_meanwhile() -> bool:
        connected.append(door.accept()[0])  # the connection stands already, or this raises
        return False

    with ask_first(stopped_meanwhile), pytest.raises(NotConnected, match="may not begin any more"):
        await http.call(method, "/status", json={"status": "hello"})
    (connection,) = connected
    with connection:
        connection.setblocking(False)
        async with asyncio.timeout(10):
            assert await asyncio.get_running_loop().sock_recv(connection, 1) == b"", "closed without a byte"


async def test_a_write_that_may_begin_goes_out_once(http: Http, door: socket.socket) -> None:
    asked: list[socket.socket] = []

    def fine() -> bool:
        connection = door.accept()[0]
        connection.sendall(ANSWER)
        asked.append(connection)
        return True

    with ask_first(fine):
        assert (await http.call("POST", "/status", json={"status": "hello"})).status == 200
    assert len(asked) == 1
    assert asked[0].recv(100).startswith(b"POST /status")
    asked[0].close()


async def test_reads_and_what_comes_after_are_not_asked(http: Http, door: socket.socket) -> None:
    def never() -> bool:
        raise AssertionError

    with ask_first(never), pytest.raises(NetworkError):
        await http.call("GET", "/status", timeout=0.2)  # nobody answers at this door
    with ask_first(never):
        pass
    with pytest.raises(NetworkError):
        await http.call("POST", "/status", timeout=0.2)
    for _ in range(2):
        door.accept()[0].close()
