"""A pooler before a real PostgreSQL server that lends one of its connections for one transaction at a time, as that of many hosts does.

with Pooler(server.folder, server.port) as pooler:
    psycopg.connect(pooler.url(server.url("shop")))

What is said is passed on as it is (postgresql.org/docs/18/protocol-message-formats.html); only a client's start is answered with a process
number that no server gave. `stays` keeps for each client the connection that it began with; `most` is how many it has; `in_turn` lends the
one that was not lent for longest.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

_KEYS, _READY, _IDLE, _BYE = b"K", b"Z", b"I", b"X"
_ENDS = (b"Q", b"S")  # a whole question, or the end of one in parts: now the server answers
_NOBODYS = 1_000_000_000


class Pooler:
    """The pooler; it listens on loopback at `port` for as long as the context lasts."""

    def __init__(self, folder: Path, port: int, *, stays: bool = False, most: int = 100, in_turn: bool = False) -> None:
        self._server = f"{folder}/.s.PGSQL.{port}"
        self._stays = stays
        self._free = most
        self._next = 0 if in_turn else -1
        self._idle: list[socket.socket] = []
        self._open: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._let_in, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for one in (self._door, *self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def url(self, url: str) -> str:
        """Return the address of a database of the server, by way of this pooler."""
        return f"postgresql://postgres@127.0.0.1:{self.port}{urlsplit(url).path}?sslmode=disable&gssencmode=disable"

    def _let_in(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError, EOFError), client:
            head = _exactly(client, 4)
            server = self._connect(head + _exactly(client, struct.unpack("!I", head)[0] - 4))
            for kind, whole in _messages(server):
                changed = _KEYS + struct.pack("!III", 12, _NOBODYS, 0) if kind == _KEYS else whole
                client.sendall(changed)
                if kind == _READY:
                    break
            if not self._stays and self._free > 0:
                self._free -= 1
                self._idle.append(server)
            self._talk(client, server)

    def _connect(self, start: bytes) -> socket.socket:
        server = socket.socket(socket.AF_UNIX)
        server.connect(self._server)
        self._open.append(server)
        server.sendall(start)
        return server

    def _talk(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on one transaction after the other, each over the connection that was given back last."""
        held = self._stays
        for kind, whole in _messages(client):
            if kind == _BYE:
                return
            if not held:
                server, held = self._idle.pop(self._next), True
            server.sendall(whole)
            if kind in _ENDS:
                ready = _answered(server, client)
                if ready.endswith(_IDLE) and not self._stays:
                    self._idle.append(server)  # before its client hears of it, who may ask again at once
                    held = False
                client.sendall(ready)


def _answered(server: socket.socket, client: socket.socket) -> bytes:
    """Pass on what the server says, but for its last word, which tells whether it is in a transaction now; return that."""
    for kind, whole in _messages(server):
        if kind == _READY:
            return whole
        client.sendall(whole)
    raise EOFError


def _messages(where: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while True:
        head = _exactly(where, 5)
        yield head[:1], head + _exactly(where, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(where: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        more = where.recv(size - len(found))
        if not more:
            raise EOFError
        found += more
    return found
