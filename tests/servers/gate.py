"""A gate on loopback: shut, its port refuses every connection, as if nothing were there; open, it leads to another server."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Self


class Gate:
    """`host` is where it stands, from the beginning on; `open` lets through to `upstream`, which is a `host:port`."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # bound and not listening: refused, and nobody else gets the port
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        (self._server or self._socket).close()

    async def open(self, upstream: str) -> None:
        where, port = upstream.split(":")

        async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            onward, back = await asyncio.open_connection(where, int(port))
            await asyncio.gather(_pour(reader, back), _pour(onward, writer))

        self._server = await asyncio.start_server(through, sock=self._socket)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    writer.close()
