"""A wire between a machine and a server, which can be cut in silence: nothing is reset, and nobody is told.

A cut wire swallows what is sent over it, and takes new connections that lead nowhere, as a network without a way does. A connection of
before the cut is dead for good: when the wire is whole again, it ends.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

_CHUNK = 65_536


@dataclass
class Wire:
    """From a port of its own to `port`; `cut` and `mend` as often as wanted. One that `holds` passes on late what was sent meanwhile."""

    port: int
    here: int = 0
    holds: bool = False
    swallowed: int = 0
    """How many pieces were sent over it, and how many connections made, while it was cut."""
    _whole: asyncio.Event = field(default_factory=asyncio.Event)
    _cuts: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._whole.set()
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        self.here = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """From now on nothing passes."""
        self._cuts += 1
        self._whole.clear()

    def mend(self) -> None:
        """From now on all passes again."""
        self._whole.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._tasks.add(task)
        try:
            lost = not self._whole.is_set() and not self.holds  # else what is sent over it now would arrive long after its sender gave up
            self.swallowed += lost
            await self._whole.wait()
            if lost:
                return
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            ways = [asyncio.create_task(self._pass(reader, back)), asyncio.create_task(self._pass(there, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes. What comes over a cut wire is swallowed, and with it the connection; or it is held until the mending."""
        cuts = self._cuts
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                self.swallowed += not self._whole.is_set()
                await self._whole.wait()
                if cuts != self._cuts and not self.holds:
                    return
                writer.write(data)
                await writer.drain()
            await self._whole.wait()  # that it ended is not heard either
